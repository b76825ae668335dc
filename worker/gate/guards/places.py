"""A passage with what came before it, and the places found in both."""

from collections.abc import Iterable, Sequence

from worker.gate.guard import Passage

_BEFORE = 400  # characters; nothing that is looked for is longer


class Within:
    """`whole` is the end of what came before, and the passage."""

    def __init__(self, passage: Passage) -> None:
        before = passage.before[-_BEFORE:]
        if before and not before[-1].isspace() and not passage.text[:1].isspace():
            before += " "
        self.whole = before + passage.text
        self._start = len(before)

    def touches(self, start: int, end: int) -> bool:
        """Whether a place in `whole` is in the passage, or goes on there."""
        return end > self._start

    def without(self, spans: Iterable[tuple[int, int]], mark: str) -> str:
        """The passage with `mark` in place of these."""
        text, kept_to = "", self._start
        for start, end in sorted(spans):
            text += self.whole[kept_to : max(kept_to, start)] + (mark if end > kept_to else "")
            kept_to = max(kept_to, end)
        return text + self.whole[kept_to:]

    def text_of(self, spans: Sequence[tuple[int, int]]) -> str:
        """What was found."""
        return "; ".join(self.whole[start:end] for start, end in sorted(spans))
