"""What the sessions of a call have heard of its caller, and what a new one is to hear again. Pure."""

from worker.line.profile import Profile
from worker.line.ring import Ring
from worker.line.speech import Speech
from worker.line.unanswered import Unanswered

NOTICED_MS = 200  # so long after the silence that ends a turn, a session that hears the caller has said so


class Hearing:
    """Positions count samples of the caller's audio since the call began; `began` is where the present session's begins.

    Audio is PCM16 mono at the profile's rate, any length.
    """

    def __init__(self, profile: Profile) -> None:
        self._sample_rate = profile.sample_rate
        self._ring = Ring(profile.sample_rate)
        self._speech = Speech(profile.sample_rate)
        self._unanswered = Unanswered(profile.sample_rate, profile.silence_ms + NOTICED_MS)
        self._alive_at = 0  # the last sign of life of the present session, or its beginning

    def keep(self, pcm: bytes, onset_s: float) -> None:
        """The caller's audio, whether a session hears it or not; the present one tells of speech so late at most."""
        self._ring.append(pcm)
        self._ring.forget(self._speech.needed(self._alive_at, onset_s))

    def release(self) -> None:
        """The call is over: nobody hears it again."""
        self._ring.release()

    def in_vain(self, pcm: bytes) -> bool:
        """The present session is given this audio. Whether it does not hear, and is to be given up."""
        return self._unanswered.hear(pcm)

    def alive(self, *, of_speech: bool) -> None:
        """The present session says something; `of_speech`: of what it hears."""
        self._alive_at = self._ring.position
        self._unanswered.said_something(of_speech=of_speech)

    def started(self, item: str, began: int, at_ms: int) -> None:
        self._speech.started(item, self._position(began, at_ms))

    def stopped(self, item: str, began: int, at_ms: int) -> None:
        self._speech.stopped(item, self._position(began, at_ms))

    def written(self, item: str) -> None:
        """Its words have come, or there are none."""
        self._speech.written(item)

    @property
    def unwritten(self) -> frozenset[str]:
        """Items whose words have not come."""
        return self._speech.unwritten

    @property
    def awaits_words(self) -> bool:
        """Words of something that has ended are still to come."""
        return self._speech.awaited

    def ago_ms(self, began: int, at_ms: int) -> int:
        """How long ago a moment of the present session's audio was heard, as far as is known."""
        return (self._ring.position - self._position(began, at_ms)) * 1000 // self._sample_rate

    def replay(self, onset_s: float, *, lost: bool) -> tuple[int, tuple[str, ...]]:
        """A new session takes the place of one that tells of speech so late at most; `lost`: there was none meanwhile.

        Returns where its audio shall begin, and the items that it will hear again, which are none any more.
        """
        alive = self._ring.position if not lost and self._unanswered.heard_nothing else self._alive_at
        start, again = self._speech.replay(alive, onset_s)
        self._alive_at = max(start, self._ring.oldest)
        self._unanswered.said_something()
        return self._alive_at, again

    def since(self, position: int) -> bytes:
        """The caller's audio from there to now."""
        return self._ring.since(position)

    def _position(self, began: int, ms: int) -> int:
        """Where a moment of a session's audio is in the call's; not before it, not after now."""
        return min(self._ring.position, began + max(0, ms) * self._sample_rate // 1000)
