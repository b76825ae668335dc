"""A service's hearing that is the embedded model's: live, and as it was written down for each clip."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.simulators.openai_realtime.hearing import Edge, Hearing
from tests.simulators.openai_realtime.script import SAMPLE_RATE
from worker.local_model.turn_detection import WINDOW_MS, Started, Stopped, TurnDetector
from worker.local_model.words import Words
from worker.voice_detection import VoiceDetector

HEARD = Path(__file__).with_name("heard.yaml")
SILENCE_MS = 500
_THRESHOLD = 0.5
_PADDING_MS = 300


@dataclass(frozen=True, slots=True)
class Heard:
    """Speech in a clip, as the embedded ears have it. In ms from its beginning; each edge was told a little later."""

    start_ms: int
    start_told_ms: int
    stop_ms: int
    stop_told_ms: int
    text: str
    sure: float

    @property
    def words(self) -> Words:
        return Words.of(self.text, self.sure)


@cache
def written_down() -> dict[str, list[Heard]]:
    """By the names of clips."""
    told: dict[str, list[list[Any]]] = yaml.safe_load(HEARD.read_text())
    return {name: [Heard(*speech) for speech in heard] for name, heard in told.items()}


class EmbeddedHearing(Hearing):
    """Silero, as the embedded model uses it."""

    def __init__(self) -> None:
        super().__init__()
        self._detector, self._detected, self._windows = VoiceDetector(SAMPLE_RATE), TurnDetector(), 0

    def take(self, pcm: bytes, vad: dict[str, Any] | None) -> Iterator[Edge]:
        self._pcm += pcm
        for probability in self._detector.feed(pcm):
            self._windows += 1
            silence_ms = (vad or {}).get("silence_duration_ms") or SILENCE_MS
            now_ms = self._windows * WINDOW_MS
            match self._detected.take(probability, now_ms, threshold=_THRESHOLD, silence_ms=silence_ms):
                case Started(at_ms):
                    keep = (now_ms - at_ms + _PADDING_MS) * SAMPLE_RATE // 1000 * 2
                    del self._pcm[:-keep]
                    yield Edge(True, max(0, at_ms - _PADDING_MS))
                case Stopped(at_ms):
                    yield Edge(False, at_ms)
                case _:
                    pass


class WrittenHearing(Hearing):
    """Hears nothing in sound; it is told which clip begins, and then tells of it what was written down."""

    def __init__(self) -> None:
        super().__init__()
        self._position_bytes = 0
        self._due = list[tuple[int, Edge, Words]]()  # at which position
        self.words = Words()  # of the speech that has ended last

    def begins(self, heard: list[Heard]) -> None:
        """A clip does now."""
        now = self._position_bytes * 1000 // (SAMPLE_RATE * 2)
        for speech in heard:
            self._due.append((now + speech.start_told_ms, Edge(True, now + speech.start_ms), Words()))
            self._due.append((now + speech.stop_told_ms, Edge(False, now + speech.stop_ms), speech.words))

    def take(self, pcm: bytes, vad: dict[str, Any] | None) -> Iterator[Edge]:
        self._pcm += pcm
        self._position_bytes += len(pcm)
        while self._due and self._due[0][0] <= self._position_bytes * 1000 // (SAMPLE_RATE * 2):
            _, edge, self.words = self._due.pop(0)
            yield edge
