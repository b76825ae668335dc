"""What the model shall remember: what the caller said, what they heard, and what tools did, in order.

A provider's own record holds sentences nobody heard, and is gone with its session; a new session is filled from this.
"""

from dataclasses import dataclass, replace

SUMMARY = "summary_"  # how the items begin that stand for hidden ones


@dataclass(frozen=True, slots=True)
class Said:
    """`role` is `user`, `assistant` or `system` (a note of ours); an empty text is not known yet, or nothing."""

    item: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    item: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Returned:
    item: str
    call_id: str
    name: str
    output: str


Entry = Said | Called | Returned


class Memory:
    """Entries in the order they came. Some may be hidden from the agent who has the call; none is lost."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._hidden: frozenset[str] = frozenset()

    def add(self, entry: Entry) -> None:
        self._entries.setdefault(entry.item, entry)

    def word(self, item: str, text: str) -> None:
        """Sets the text of something said; of an unknown item nothing is known."""
        if isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=text)

    def more(self, item: str, text: str) -> None:
        if isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=said.text + text)

    def text(self, item: str) -> str:
        said = self._entries.get(item)
        return said.text if isinstance(said, Said) else ""

    def forget(self, item: str) -> None:
        self._entries.pop(item, None)

    @property
    def hidden(self) -> frozenset[str]:
        return self._hidden

    def hide(self, items: frozenset[str]) -> None:
        """From now on these, and only these, are hidden."""
        self._hidden = items

    def shared(self, share: str) -> frozenset[str]:
        """What to hide from the next agent: `all`, `summary`, `none`, or `last: N` turns of the caller.

        What the caller said last is always shared: it is the next agent who answers it.
        """
        if share == "all":
            return frozenset(entry.item for entry in self._entries.values() if _is_summary(entry))
        turns = int(share.removeprefix("last:")) if share.startswith("last:") else 1
        items = list(self._entries.values())
        begins = [
            place
            for place, entry in enumerate(items)
            if _by(entry, "user") and not (place and _by(items[place - 1], "user"))
        ]
        start = begins[-turns] if len(begins) >= turns else 0
        return frozenset(entry.item for entry in items[:start])

    def put_first(self, entry: Said) -> None:
        """Adds what comes before all that is shared."""
        self._entries = {entry.item: entry, **self._entries}

    def turns(self) -> tuple[tuple[str, str], ...]:
        """All that was said, as (role, text), hidden or not."""
        return tuple(
            (entry.role, entry.text)
            for entry in self._entries.values()
            if isinstance(entry, Said) and not _is_summary(entry)
        )

    def entries(self) -> tuple[Entry, ...]:
        """What the model shall know, in order.

        Without what has no words, and without calls that have no result yet (a provider refuses those).
        """
        answered = {entry.call_id for entry in self._entries.values() if isinstance(entry, Returned)}
        return tuple(
            entry
            for entry in self._entries.values()
            if entry.item not in self._hidden
            and not (isinstance(entry, Said) and not entry.text.strip())
            and not (isinstance(entry, Called) and entry.call_id not in answered)
        )


def _by(entry: Entry, role: str) -> bool:
    return isinstance(entry, Said) and entry.role == role


def _is_summary(entry: Entry) -> bool:
    return entry.item.startswith(SUMMARY)
