"""When there is to be a sound because the caller waits."""


class BackgroundSound:
    """A pure state machine. Times are seconds on one clock; ask again at `deadline`, and whenever something happens."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._since: float | None = None  # the caller waits, and nobody speaks
        self.deadline: float | None = None

    def wanted(self, now: float, *, waiting: bool, speech: bool) -> bool:
        """`waiting`: for a tool. `speech`: somebody speaks, is about to, or was interrupted and may go on."""
        if not waiting or speech:
            self._since = self.deadline = None
            return False
        if self._since is None:
            self._since = now
        due = now >= self._since + self._after_s
        self.deadline = None if due else self._since + self._after_s
        return due
