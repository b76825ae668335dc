"""Whether a session still hears: a socket that is open, and answers pings, may be all that is left of it. Pure."""

from worker.line.pauses import Pauses

_PATIENCE_MS = 9000  # the most patient of OpenAI's turn detections waits for 8 s whether the caller goes on
_LONGEST_MS = 80_000
_SPOKE_MS = 300  # a door is shorter


class Unanswered:
    """Hears with the session, and counts the pauses since it last said something, if the caller spoke meanwhile.

    `pause_ms`: shorter pauses are within what the caller says, and a session that hears them has nothing to say of them.
    What is loud may be no speech, and a session then rightly says nothing: each time one is given up for it, the next has
    twice the time, until one is heard to listen. PCM16 mono, any length.
    """

    def __init__(self, sample_rate: int, pause_ms: int) -> None:
        self._pauses = Pauses(sample_rate, pause_ms)
        self._patience_ms = _PATIENCE_MS
        self._loud_from = self._quiet_from = 0

    def hear(self, pcm: bytes) -> bool:
        """Whether the session is to be given up."""
        self._pauses.hear(pcm)
        if self._pauses.loud_ms - self._loud_from < _SPOKE_MS:
            self._quiet_from = self._pauses.quiet_ms
        if self._pauses.quiet_ms - self._quiet_from < self._patience_ms:
            return False
        self._patience_ms = min(2 * self._patience_ms, _LONGEST_MS)
        self.said_something()
        return True

    @property
    def heard_nothing(self) -> bool:
        """Nothing was loud since the session said something."""
        return self._pauses.loud_ms == self._loud_from

    def said_something(self, *, of_speech: bool = False) -> None:
        """The session did, or another has taken its place."""
        self._loud_from, self._quiet_from = self._pauses.loud_ms, self._pauses.quiet_ms
        if of_speech:
            self._patience_ms = _PATIENCE_MS
