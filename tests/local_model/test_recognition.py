"""Recognitions cannot be stopped once begun: they must not pile up, and nobody may wait for a noisy neighbour."""

import asyncio
import functools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local_model.fakes import RATE, Ears
from tests.virtual_time import virtual_time
from worker.local_model import input_audio
from worker.local_model.configuration import Configuration
from worker.local_model.input_audio import InputAudio, Recognition
from worker.local_model.round_robin import RoundRobin
from worker.local_model.turn_detection import LONGEST_MS, WINDOW_MS
from worker.voice_detection import HEARD_RATE, WINDOW

SECOND = RATE * 2


class Detector:
    """Hears speech in whatever is not silent, window by window."""

    def __init__(self, rate: int) -> None:
        self._rest = b""
        self._size = rate * WINDOW_MS // 1000 * 2

    def reset(self) -> None:
        self._rest = b""

    def feed(self, pcm: bytes) -> Iterator[float]:
        self._rest += pcm
        while len(self._rest) >= self._size:
            window, self._rest = self._rest[: self._size], self._rest[self._size :]
            yield float(any(window))


class Line:
    """A session's input buffer, and the turns it found."""

    def __init__(self, ears: Any) -> None:
        self.turns: list[tuple[bytes, Recognition]] = []
        self.audio = InputAudio(
            ears,
            Configuration("any"),
            on_started=lambda _: None,
            on_stopped=lambda _, pcm, recognition: self.turns.append((pcm, recognition)),
        )

    def speak(self, ms: int) -> None:
        self.audio.append(b"\1" * (RATE * ms // 1000 * 2))

    def pause(self, ms: int) -> None:
        self.audio.append(bytes(RATE * ms // 1000 * 2))


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert WINDOW * 1000 == WINDOW_MS * HEARD_RATE
    monkeypatch.setattr(input_audio, "VoiceDetector", Detector)


@virtual_time
async def test_given_a_burst_of_pauses_then_one_recognition_runs_and_one_waits() -> None:
    ears = Ears()
    line = Line(ears)
    for _ in range(20):  # speech, and a pause that may be its end
        line.speak(320)
        line.pause(224)
        await asyncio.sleep(0.01)
    line.pause(600)
    assert len(ears.given) == 1, "one runs"
    await line.turns[0][1]
    assert len(ears.given) == 2, "one waited: that of the whole turn"
    assert list(ears.most.values()) == [1]
    await asyncio.sleep(10)
    assert len(ears.given) == 2


@virtual_time
async def test_given_a_noisy_neighbour_then_nobody_is_starved() -> None:
    ears = Ears(places=1)
    noisy, quiet = Line(ears), Line(ears)
    for _ in range(20):
        noisy.speak(320)
        noisy.pause(700)
    assert len(noisy.turns) == 20
    await asyncio.sleep(0.5)
    quiet.speak(320)
    quiet.pause(700)
    began = asyncio.get_running_loop().time()
    await quiet.turns[0][1]
    assert asyncio.get_running_loop().time() - began == pytest.approx(1.5), "what ran already, and its own"
    await asyncio.gather(*(recognition for _, recognition in noisy.turns))
    assert len(ears.given) == 21, "every turn is recognised in the end"


@virtual_time
async def test_owners_take_turns_and_keep_their_own_order() -> None:
    turns = RoundRobin(1)
    done: list[str] = []

    async def work(name: str) -> str:
        await asyncio.sleep(1)
        done.append(name)
        return name

    names = ["a1", "a2", "a3", "b1", "b2", "c1"]
    results = await asyncio.gather(*(turns.run(name[0], functools.partial(work, name)) for name in names))
    assert results == names
    assert done == ["a1", "b1", "c1", "a2", "b2", "a3"]


@virtual_time
async def test_work_that_fails_or_that_nobody_waits_for_gives_its_place_back() -> None:
    turns = RoundRobin(1)

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("no")

    async def work() -> float:
        await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    first = asyncio.ensure_future(turns.run("a", fail))
    gone = asyncio.ensure_future(turns.run("a", fail))
    await asyncio.sleep(0.5)
    gone.cancel()
    with pytest.raises(ValueError, match="no"):
        await first
    left = asyncio.ensure_future(turns.run("a", work))
    await asyncio.sleep(0.5)
    left.cancel()
    assert await turns.run("b", work) == pytest.approx(3.0), "the one that nobody waits for has ended by itself"


@virtual_time
async def test_noise_that_counts_as_speech_is_cut_into_turns_and_never_kept_for_longer() -> None:
    line = Line(Ears())
    most = 0
    for _ in range(5 * 60):
        line.speak(1000)
        most = max(most, len(line.audio._pcm))
    assert [len(pcm) // SECOND for pcm, _ in line.turns] == [LONGEST_MS // 1000] * 2
    assert most <= (LONGEST_MS / 1000 + 3) * SECOND
    assert sum(len(pcm) for pcm, _ in line.turns) + len(line.audio._pcm) >= 300 * SECOND - SECOND // 10, (
        "nothing is lost"
    )
    await asyncio.gather(*(recognition for _, recognition in line.turns))


@virtual_time
async def test_without_turn_detection_the_last_ten_minutes_are_kept() -> None:
    line = Line(Ears())
    line.audio._configuration.update({"audio": {"input": {"turn_detection": None}}})
    for _ in range(11 * 60):
        line.speak(1000)
    assert len(line.audio._pcm) == 600 * SECOND
