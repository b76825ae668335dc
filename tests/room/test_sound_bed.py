"""A sound in the pauses of a voice: by the real gate, on virtual time."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from agents.background import BackgroundSpec
from agents.spec import SpecError
from tests.fakes import FakeSpeaker
from tests.virtual_time import virtual_time
from worker.background import background
from worker.gate.audio_gate import AudioGate
from worker.room.sound_bed import SoundBed
from worker.room.sounds import of_spec

RATE = 24_000
SOUND = np.full(RATE, 0.1, np.float32)  # positive samples; those of the voice are negative, and tell the message


class Stage:
    """The gate, the sound bed and the speaker, as they are in a call."""

    def __init__(self) -> None:
        self.speaker = FakeSpeaker(RATE)
        self.bed = SoundBed(self.speaker, SOUND, RATE, 0.8)
        self.gate = AudioGate(self.bed, RATE, lambda _: self.follow())
        self.tool = self.caller = False
        self.messages = 0

    def follow(self) -> None:
        now = asyncio.get_running_loop().time()
        self.bed.follow(now, waiting=self.tool, speech=self.gate.audible or self.caller)

    def say(self, ms: int) -> None:
        self.messages += 1
        item = str(self.messages)
        self.gate.open(item, "alfa", 0)
        self.gate.feed(item, np.full(RATE * ms // 1000, -self.messages, np.int16).tobytes())
        self.gate.end(item)

    async def tick(self, seconds: float) -> None:
        """Time passes; as in a call, frames of the microphone come meanwhile."""
        for _ in range(max(1, round(seconds / 0.05))):
            await asyncio.sleep(0.05)
            self.follow()

    @property
    def heard(self) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
        return np.frombuffer(self.speaker.heard, np.int16)


@virtual_time
async def test_given_a_wait_then_the_sound_begins_late_and_fades_out_within_100_ms() -> None:
    stage = Stage()
    async with background(stage.gate.run(), stage.bed.run()):
        stage.tool = True
        await stage.tick(3.0)
        before = stage.heard
        stage.tool = False
        stage.follow()
        await stage.tick(2.0)
        after = stage.heard[len(before) :]
    assert 1.9 <= np.count_nonzero(before) / RATE <= 2.25
    assert 0 < np.count_nonzero(after) <= 0.1 * RATE
    assert np.all(np.diff(after.astype(int)) <= 0)
    assert len(np.unique(after)) > 100, "it fades"
    assert np.abs(np.diff(np.concatenate([before, after]).astype(int))).max() < 200, "nothing clicks"


@virtual_time
async def test_given_a_voice_that_begins_in_the_middle_then_the_sound_is_over_with_its_first_sample() -> None:
    stage = Stage()
    async with background(stage.gate.run(), stage.bed.run()):
        stage.tool = True
        await stage.tick(2.0)
        stage.say(1000)
        await stage.tick(1.5)
    heard = stage.heard
    voice = np.flatnonzero(heard == -1)
    assert len(voice) == RATE
    assert np.all(np.diff(voice) == 1)
    assert heard[voice[0] - 1] > 0
    assert np.all(heard[voice[-1] + 1 :] <= 0), "it waits anew"


@virtual_time
async def test_given_a_voice_in_the_speaker_then_the_sound_waits_whatever_it_is_told() -> None:
    stage = Stage()
    async with background(stage.bed.run()):
        stage.bed.put(np.full(RATE, -1, np.int16).tobytes())
        for _ in range(40):
            stage.bed.follow(asyncio.get_running_loop().time(), waiting=True, speech=False)
            if np.all(stage.heard < 0):
                assert stage.bed.queued == stage.speaker.queued, "what is left of the voice counts"
            await asyncio.sleep(0.05)
    assert np.count_nonzero(stage.heard < 0) == RATE
    assert np.all(stage.heard[RATE:] >= 0)
    assert len(stage.heard) > RATE


@virtual_time
async def random_call(doings: list[tuple[str, float]]) -> None:
    stage = Stage()
    async with background(stage.gate.run(), stage.bed.run()):
        for what, seconds in doings:
            match what:
                case "tool":
                    stage.tool = not stage.tool
                case "caller":
                    stage.caller = not stage.caller
                case "say":
                    stage.say(round(seconds * 700))
                case "pause":
                    stage.gate.pause()
                case "resume":
                    stage.gate.resume()
                case "cut":
                    stage.gate.cut()
            stage.follow()
            await stage.tick(seconds)
        stage.gate.cut()
        heard = stage.heard
    for message in range(1, stage.messages + 1):
        places = np.flatnonzero(heard == -message)
        if len(places):
            assert not np.any(heard[places[0] : places[-1]] > 0), "the sound is under speech"
            assert np.array_equal(heard[places], np.full(len(places), -message))


DOINGS = st.sampled_from(["tool", "tool", "caller", "say", "say", "pause", "resume", "cut"])


@given(st.lists(st.tuples(DOINGS, st.floats(0.05, 2.5)), min_size=3, max_size=25))
def test_whatever_happens_no_sound_is_under_speech(doings: list[tuple[str, float]]) -> None:
    random_call([("tool", 1.2), *doings])


@pytest.mark.parametrize("name", ["typing", "hold"])
def test_our_sounds_are_soft_and_can_be_played_in_a_loop(name: str) -> None:
    sound = of_spec(BackgroundSpec(while_tools_run=name), Path(), RATE)
    assert sound is not None
    assert 0.01 < np.abs(sound).max() < 0.2
    assert abs(sound[0] - sound[-1]) < 0.01
    softer = of_spec(BackgroundSpec(while_tools_run=name, volume_db=-20), Path(), RATE)
    assert softer is not None
    assert np.abs(softer).max() == pytest.approx(np.abs(sound).max() / 10, rel=0.01)


def test_given_a_file_then_it_is_read_at_our_rate_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "rain.wav", np.full((44_100, 2), 0.25), 44_100)
    sound = of_spec(BackgroundSpec(while_tools_run="rain.wav"), tmp_path, RATE)
    assert sound is not None
    assert len(sound) == RATE
    assert sound[RATE // 2] == pytest.approx(0.25, abs=0.01)
    (tmp_path / "text.wav").write_text("no sound")
    for name in ("text.wav", "none.wav"):
        with pytest.raises(SpecError, match=name):
            of_spec(BackgroundSpec(while_tools_run=name), tmp_path, RATE)
    soundfile.write(tmp_path / "long.wav", np.zeros(8000 * 121), 8000)
    with pytest.raises(SpecError, match="121 s long"):
        of_spec(BackgroundSpec(while_tools_run="long.wav"), tmp_path, RATE)


def test_given_no_wish_then_there_is_no_sound() -> None:
    assert of_spec(BackgroundSpec(), Path(), RATE) is None
