"""Whether somebody speaks in a stretch of sound: Silero's network, which comes with faster-whisper."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

HEARD_RATE = 16000  # Hz, what the network wants
WINDOW = 512  # samples, 32 ms
WINDOW_MS = 32
_CONTEXT = 64  # samples of the window before, that it wants too

Samples = NDArray[np.float32]
_loading = threading.Lock()
THREAD = ThreadPoolExecutor(1, "voices")  # for all calls: a loop's own would keep its thread as long as the call


class VoiceDetector:
    """One stream: PCM16 mono at `rate` Hz in, a probability for each 32 ms out. The network is there once a process."""

    def __init__(self, rate: int) -> None:
        self._session, self._rate = load(), rate
        self._resampler = soxr.ResampleStream(rate, HEARD_RATE, 1, dtype="float32")
        self._rest: Samples = np.zeros(0, np.float32)
        self.reset()

    def reset(self) -> None:
        """What comes now has nothing to do with what came before."""
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


def to_float(pcm: bytes) -> Samples:
    """PCM16 to -1..1."""
    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)


def load() -> Any:
    """The network, for all streams: a stream's state is its own. It takes a third of a second, and 13 MB."""
    with _loading:  # calls that begin together would each have one
        return _loaded()


@cache
def _loaded() -> Any:
    import onnxruntime  # an idle worker does without

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 3
    package = find_spec("faster_whisper")  # not imported: its own libraries are large
    assert package
    assert package.origin
    path = Path(package.origin).parent / "assets" / "silero_vad_v6.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
