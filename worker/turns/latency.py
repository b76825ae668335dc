"""How long the caller waited for a sound, from the end of their turn. Pure."""


class Latency:
    """Times are seconds on one clock."""

    def __init__(self) -> None:
        self._turn_ended: float | None = None  # the caller's, as long as nothing is heard in answer
        self._firsts: dict[
            str, tuple[float, float]
        ] = {}  # messages that were the first sound: after what turn, and when

    def turn_ended(self, ended: float) -> None:
        """The caller's last sound was then."""
        self._turn_ended = ended

    def sounds(self, item: str, now: float) -> None:
        """The first sample of a message goes to the room."""
        if (ended := self._turn_ended) is not None:
            self._firsts[item] = (ended, now)
            self._turn_ended = None

    def of(self, item: str, *, heard: bool) -> int | None:
        """In ms, of a message that is over; None if others came before.

        Of one that was cut before it was `heard`, nothing came: the turn waits for the next.
        """
        if not (first := self._firsts.pop(item, None)):
            return None
        ended, began = first
        if not heard:
            self._turn_ended = self._turn_ended or ended
            return None
        return round((began - ended) * 1000)
