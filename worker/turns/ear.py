"""Our own ear at the caller's microphone: sooner than the provider's, and it knows who is near. No clock: frames count."""

from collections import deque

from worker.room.loudness import Loudness
from worker.voice_detection import WINDOW_MS, VoiceDetector

_VOICE = 0.5  # Silero's probability
_NEAR_DB = 12.0  # so much softer than the caller was, somebody is behind them
_RECENT_MS = 800
_BEFORE_MS = 200  # that the detector hears of what came before the sound
_HANG_MS = 300  # that it goes on after the sound
_JUST_MS = 150  # somebody who was heard to speak so lately still does


class Ear:
    """PCM16 mono at `sample_rate` Hz, in frames of any one length. Voices are looked for only while that may matter: it
    costs.

    `voice_ms`: how much voice was heard since it began to look for it.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._detector: VoiceDetector | None = None
        self._loudness = Loudness(sample_rate)
        self._length = self._frame_ms = 0  # of a frame, the length in bytes
        self._levels = deque[float]([self._loudness.dbfs])
        self._before = deque[bytes]()
        self.all_near = False  # several people have microphones of their own: who is softer is not behind another
        self._caller_dbfs: float | None = None  # their loudest moment, as a rule
        self._spoken = list[float]()  # levels of what is being said to nobody who speaks
        self._look_ms = 0
        self._voiceless_ms = 0  # since a voice was heard last
        self.voice_ms = self._loud_ms = 0
        self.began = self.voice_began = False  # with this frame: something loud, a voice

    def learn_voices(self) -> None:
        """Until then, it knows none. It may be called in a thread, while frames are heard."""
        self._detector = VoiceDetector(self._sample_rate)

    @property
    def knows_voices(self) -> bool:
        return self._detector is not None

    @property
    def loud(self) -> bool:
        """Something near the microphone is."""
        return self._loudness.loud and not self._is_far(self._levels[-1])

    @property
    def speaks(self) -> bool:
        """Something is loud, or there was a voice just now."""
        return self.loud or (self.voice_ms > 0 and self._voiceless_ms < _JUST_MS)

    @property
    def sound_ms(self) -> int:
        """How long what may be speech was, since it began."""
        return max(self.voice_ms, self._loud_ms)

    @property
    def far(self) -> bool:
        """Whatever was heard of late came from behind the caller."""
        return self._is_far(max(self._levels))

    def complaint(self) -> tuple[str, str] | None:
        """What is wrong with the microphone, told once: a code, and what the caller can do."""
        return self._loudness.complaint()

    def hear(self, pcm: bytes) -> None:
        """How loud a frame is; `look_for_voices` in the same one follows."""
        if len(pcm) != self._length:
            self._fit(len(pcm))
        was_loud = self.loud
        self._loudness.take(pcm)
        self._levels.append(self._loudness.dbfs)
        self.began = self.loud and not was_loud

    def look_for_voices(self, pcm: bytes, *, matters: bool, speech: bool) -> None:
        """Takes milliseconds, so whoever begins is answered first.

        `matters`: somebody is being heard, whom the caller may interrupt. `speech`: the provider hears the caller.
        """
        had_voice = self.voice_ms > 0
        if speech and not matters:
            self._spoken.append(self._levels[-1])
        if matters and (self.loud or speech):
            if not self._look_ms:
                self.voice_ms = self._loud_ms = 0
                had_voice = False
                if self._detector:
                    self._detector.reset()
                    self._listen(self._detector, b"".join(self._before))
            self._look_ms = _HANG_MS
        if self._look_ms:
            self._look_ms = max(0, self._look_ms - self._frame_ms)
            self._loud_ms += self._frame_ms * self.loud
            if self._detector:
                self._listen(self._detector, pcm)
        self.voice_began = self.voice_ms > 0 and not had_voice
        self._before.append(pcm)

    def learn_level(self) -> None:
        """What was just said was the caller's: that is how loud they are."""
        if self._spoken:
            level, known = max(self._spoken), self._caller_dbfs
            # slowly down: it may have been somebody behind them
            self._caller_dbfs = level if known is None else known + (level - known) * (0.5 if level > known else 0.1)
        self._spoken.clear()

    def _fit(self, length: int) -> None:
        """From now on, frames have so many bytes."""
        self._length, self._frame_ms = length, max(1, length * 500 // self._sample_rate)
        self._levels = deque(self._levels, max(1, _RECENT_MS // self._frame_ms))
        self._before = deque(self._before, max(1, _BEFORE_MS // self._frame_ms))

    def _listen(self, detector: VoiceDetector, pcm: bytes) -> None:
        self._voiceless_ms += len(pcm) * 500 // self._sample_rate
        for probability in detector.feed(pcm):
            if probability >= _VOICE:
                self.voice_ms += WINDOW_MS
                self._voiceless_ms = 0

    def _is_far(self, dbfs: float) -> bool:
        return not self.all_near and self._caller_dbfs is not None and dbfs < self._caller_dbfs - _NEAR_DB
