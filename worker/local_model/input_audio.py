"""A session's input audio buffer, and what its voice detection makes of it."""

import asyncio
from collections.abc import Callable

from worker.local_model.audio_format import SAMPLE_RATE, Decoder
from worker.local_model.configuration import Configuration
from worker.local_model.ears import Ears
from worker.local_model.errors import ProtocolError
from worker.local_model.turn_detection import WINDOW_MS, Hushed, Started, Stopped, TurnDetector, WentOn
from worker.local_model.words import Words
from worker.voice_detection import VoiceDetector

_KEPT_MS = 10 * 60_000  # of a buffer that nobody commits
_QUIET_KEPT_MS = 2_000  # before speech, when voice detection is on
_AT_LEAST_MS = 100
_BYTES_PER_MS = SAMPLE_RATE * 2 // 1000

Recognition = asyncio.Task[Words]


class InputAudio:
    """Audio in the session's format, kept as PCM16 mono at 24 kHz: two minutes of a turn, ten without turn detection.

    Times are ms of audio since the session began, which do not go back when it is cleared.

    `on_started(at_ms)` and `on_stopped(at_ms, pcm, recognition)` are called while audio is appended.
    """

    def __init__(
        self,
        ears: Ears,
        configuration: Configuration,
        *,
        on_started: Callable[[int], None],
        on_stopped: Callable[[int, bytes, Recognition], None],
    ) -> None:
        self._ears, self._configuration = ears, configuration
        self._on_started, self._on_stopped = on_started, on_stopped
        self._decoder = Decoder(configuration.input_format)
        self._pcm = bytearray()
        self._begins_ms = 0  # of what is kept
        self._detector = VoiceDetector(SAMPLE_RATE)
        self._turns = TurnDetector()
        self._windows = 0
        self._speech_ms = 0
        self._early: Recognition | None = None

    @property
    def now_ms(self) -> int:
        return self._begins_ms + len(self._pcm) // _BYTES_PER_MS

    @property
    def speaking(self) -> bool:
        """Whether the caller is in the middle of a turn, as far as turn detection knows."""
        return self._turns.speaking

    def append(self, data: bytes) -> None:
        if self._decoder.form != self._configuration.input_format:
            self._take(self._decoder.flush())
            self._decoder = Decoder(self._configuration.input_format)
        self._take(self._decoder.decode(data))

    def _take(self, pcm: bytes) -> None:
        self._pcm += pcm
        turns = self._configuration.turn_detection
        for probability in self._detector.feed(pcm):
            self._windows += 1  # counted always: detection may be switched on later
            if turns:
                self._detect(probability, float(turns.get("threshold") or 0.5))
        if turns:
            if not self._turns.speaking:
                self._forget_before(self.now_ms - _QUIET_KEPT_MS)
        else:
            self._forget_before(self.now_ms - _KEPT_MS)

    def commit(self) -> tuple[bytes, Recognition]:
        """Takes what is there. Raises ProtocolError when that is under 100 ms."""
        self._take(self._decoder.flush())
        if len(self._pcm) < _AT_LEAST_MS * _BYTES_PER_MS:
            length = len(self._pcm) / _BYTES_PER_MS
            raise ProtocolError(
                f"Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {length:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        pcm = bytes(self._pcm)
        self.clear()
        return pcm, self._recognise(pcm)

    def take_silence(self, start_ms: int) -> tuple[bytes, Recognition]:
        """What came since `start_ms`, in which nobody was found to speak: it may be that somebody did, very softly."""
        pcm = self._between(start_ms, self.now_ms)
        return pcm, self._recognise(pcm)

    def clear(self) -> None:
        self._decoder.flush()
        self._begins_ms = self.now_ms
        self._pcm.clear()
        self._turns.reset()
        self._detector.reset()
        self._drop_early()

    def close(self) -> None:
        self._drop_early()

    def _detect(self, probability: float, threshold: float) -> None:
        at_ms = self._windows * WINDOW_MS
        edge = self._turns.take(probability, at_ms, threshold=threshold, silence_ms=self._configuration.silence_ms)
        match edge:
            case Started(began_ms):
                padding = int((self._configuration.turn_detection or {}).get("prefix_padding_ms") or 0)
                self._speech_ms = max(self._begins_ms, began_ms - padding)
                self._on_started(self._speech_ms)
            case Hushed():
                self._early = self._recognise(self._between(self._speech_ms, at_ms))
            case WentOn():
                self._drop_early()
            case Stopped():
                pcm = self._between(self._speech_ms, at_ms)
                early, self._early = self._early, None
                self._forget_before(at_ms)
                self._on_stopped(at_ms, pcm, early or self._recognise(pcm))
            case None:
                pass

    def _recognise(self, pcm: bytes) -> Recognition:
        return asyncio.ensure_future(self._ears.recognise(pcm, SAMPLE_RATE, owner=self._configuration))

    def _drop_early(self) -> None:
        if self._early:
            self._early.cancel()
            self._early = None

    def _between(self, start_ms: int, end_ms: int) -> bytes:
        start = max(0, start_ms - self._begins_ms) * _BYTES_PER_MS
        return bytes(self._pcm[start : max(0, end_ms - self._begins_ms) * _BYTES_PER_MS])

    def _forget_before(self, at_ms: int) -> None:
        if (surplus := at_ms - self._begins_ms) > 0:
            dropped = min(len(self._pcm), surplus * _BYTES_PER_MS)
            del self._pcm[:dropped]
            self._begins_ms += dropped // _BYTES_PER_MS
