"""Where in a call its caller spoke, and which of it is in no transcript yet: that is said again to a new session."""


class Speech:
    """Positions count samples of the caller's audio since the call began, `sample_rate` of them a second."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._unwritten: dict[str, int] = {}  # item -> where it began
        self._stopped: dict[str, int] = {}  # of these, where it ended
        self._ahead: dict[str, int] = {}  # written before what was said before it: item -> where it ended
        self._written = 0  # up to there, all speech is in transcripts

    def started(self, item: str, position: int) -> None:
        self._unwritten[item] = position

    def stopped(self, item: str, position: int) -> None:
        self._stopped[item] = position

    def written(self, item: str) -> None:
        """Its words have come, or there are none. They may come before those of what was said before."""
        self._unwritten.pop(item, None)
        self._ahead[item] = self._stopped.pop(item, 0)
        waits = min(self._unwritten.values(), default=None)
        for other, end in list(self._ahead.items()):
            if waits is None or end <= waits:
                self._written = max(self._written, end)
                del self._ahead[other]

    @property
    def unwritten(self) -> frozenset[str]:
        """Items whose words have not come."""
        return frozenset(self._unwritten)

    @property
    def awaited(self) -> bool:
        """Whether words of something that has ended are still to come."""
        return bool(self._stopped)

    def needed(self, alive: int, onset_s: float) -> int:
        """Where the audio of a new session would begin, if it had to take the place of this one now."""
        return max(self._written, min([*self._unwritten.values(), max(0, alive - round(onset_s * self._sample_rate))]))

    def replay(self, alive: int, onset_s: float) -> tuple[int, tuple[str, ...]]:
        """A new session takes the place of one that gave a sign of life at `alive`, and tells of speech so late at most.

        Returns where its audio shall begin, and the items that it will hear again, which are none any more.
        """
        start = self.needed(alive, onset_s)
        again = (*self._unwritten, *self._ahead)
        self._unwritten.clear()
        self._stopped.clear()
        self._ahead.clear()
        return start, again
