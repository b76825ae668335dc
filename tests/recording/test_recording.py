"""A recording on virtual time: the real gate, tape and file; a decoder that is not the encoder's judges."""

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from agents.recording import CONSENT, RecordingSpec
from bench.tones import ALFA, BRAVO, FRAME_MS, frames, tone
from tests.fakes import FakeSpeaker
from tests.virtual_time import virtual_time
from worker.background import background
from worker.gate.audio_gate import AudioGate
from worker.journal import events as journal
from worker.journal.files import Files, FilesError, Folder, Writer
from worker.recording.recording import Recording
from worker.recording.tape import Tape

RATE = 24_000
CALL = "call-1"


class Memory:
    """A file that is kept in memory."""

    def __init__(self) -> None:
        self.data = b""

    def create(self, call: str, name: str) -> Writer:
        return self

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def close(self) -> None:
        pass


class Desk:
    """A call's recording, its gate and its speaker; `said` is what the journal gets."""

    def __init__(self, files: Files, spec: RecordingSpec, *, redacts: bool = False) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.said = list[journal.JournalEvent]()
        self.recording = Recording(
            spec,
            files,
            CALL,
            sample_rate=RATE,
            now_s=lambda: loop.time() - began,
            record=self.said.append,
            redacts=redacts,
        )
        self.speaker = FakeSpeaker(RATE)
        self.gate = AudioGate(self.recording.tap(self.speaker), RATE, lambda _: None)

    def speak(self, item: str, hz: int, ms: int) -> None:
        self.gate.open(item, "alfa", 0)
        self.gate.feed(item, tone(hz, ms, RATE).tobytes())
        self.gate.end(item)

    async def hears(self, pcm: NDArray[np.int16]) -> None:
        """The microphone gives these, a frame each 50 ms."""
        for start in range(0, len(pcm), RATE // 20):
            await asyncio.sleep(0.05)
            self.recording.hear(pcm[start : start + RATE // 20].tobytes())


def decoded(path: Path) -> NDArray[np.int16]:
    """By FFmpeg's own decoder, shape (n, 2), at 24 kHz."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        blocks = [out.to_ndarray() for frame in file.decode(audio=0) for out in resampler.resample(frame)]
        blocks += [out.to_ndarray() for out in resampler.resample(None)]
    return np.concatenate(blocks, axis=1).astype(np.int16).reshape(-1, 2)


def sounds(pcm: NDArray[np.int16]) -> list[tuple[int, int, int]]:
    """What is heard: (pitch, from ms, to ms)."""
    found = list[tuple[int, int, int]]()
    for number, hz in enumerate(frames(np.ascontiguousarray(pcm), RATE)):
        at = number * FRAME_MS
        if hz is None:
            continue
        if found and found[-1][0] == hz and at - found[-1][2] <= FRAME_MS:
            found[-1] = (hz, found[-1][1], at + FRAME_MS)
        else:
            found.append((hz, at, at + FRAME_MS))
    return [sound for sound in found if sound[2] - sound[1] > 2 * FRAME_MS]


def is_near(found: list[tuple[int, int, int]], wanted: list[tuple[int, int, int]]) -> bool:
    """The same sounds, their edges within 20 ms, and a frame of the measure."""
    edges = [abs(a - b) for one, other in zip(found, wanted, strict=False) for a, b in zip(one, other, strict=True)]
    return len(found) == len(wanted) and max(edges, default=0) <= 20 + FRAME_MS


@virtual_time
async def run_a_minute(folder: Path) -> None:
    desk = Desk(Folder(folder), RecordingSpec(when="on"))
    async with background(desk.gate.run(), desk.recording.run()):
        desk.recording.begin()
        speech = np.zeros(RATE * 60, np.int16)
        for second in range(0, 60, 5):
            speech[second * RATE : second * RATE + RATE] = tone(300, 1000, RATE)
        listening = asyncio.ensure_future(desk.hears(speech))
        await asyncio.sleep(2)
        desk.speak("one", ALFA, 5000)
        await asyncio.sleep(1.31)
        desk.gate.pause()  # a back-channel at 3.31
        await asyncio.sleep(0.4)
        desk.gate.resume()
        await asyncio.sleep(1.0)
        desk.gate.cut()  # a turn at 4.71
        await asyncio.sleep(50.29)
        desk.speak("two", BRAVO, 3000)  # at 55
        await listening
    await desk.recording.close()
    heard = np.frombuffer(desk.speaker.heard, np.int16)
    assert sum(heard != 0) > 0
    assert [event.type for event in desk.said] == ["recording.started", "recording.stopped"]


def test_given_a_call_of_a_minute_then_both_sides_are_where_they_were_heard(tmp_path: Path) -> None:
    run_a_minute(tmp_path)
    pcm = decoded(tmp_path / CALL / "recording.ogg")
    assert abs(len(pcm) / RATE - 60) < 0.02
    assert is_near(sounds(pcm[:, 0]), [(300, s * 1000, s * 1000 + 1000) for s in range(0, 60, 5)])
    assert is_near(sounds(pcm[:, 1]), [(ALFA, 2000, 3310), (ALFA, 3710, 4710), (BRAVO, 55_000, 58_000)])


@virtual_time
async def test_given_cuts_and_pauses_then_the_agents_side_is_what_the_speaker_played_to_the_sample() -> None:
    loop, tape, speaker = asyncio.get_running_loop(), Tape(RATE, 0, 0), FakeSpeaker(RATE)

    class Sink:
        @property
        def queued(self) -> float:
            return speaker.queued

        def put(self, pcm: bytes) -> None:
            tape.play(np.frombuffer(pcm, np.int16), round(loop.time() * RATE), speaker.queued)
            speaker.put(pcm)

        def clear(self) -> None:
            speaker.clear()
            tape.take_back(round(loop.time() * RATE))

    gate = AudioGate(Sink(), RATE, lambda _: None)
    async with background(gate.run()):
        gate.open("one", "alfa", 0)
        gate.feed("one", np.arange(1, 5 * RATE, dtype=np.int64).astype(np.int16).tobytes())
        for _ in range(6):
            await asyncio.sleep(0.217)
            gate.pause()
            await asyncio.sleep(0.113)
            gate.resume()
        gate.cut()
        heard = np.frombuffer(speaker.heard, np.int16)
        pcm = tape.take(round(loop.time() * RATE), all_of_it=True)[:, 1]
    assert abs(len(heard) - np.count_nonzero(pcm)) <= 6
    assert np.all(np.diff(pcm[pcm != 0].astype(int)) % 65536 <= 2), "in order, and nothing twice"


def test_given_sound_that_was_played_then_what_is_to_be_muted_is_silent_on_that_side_alone() -> None:
    tape = Tape(RATE, 0, 30)
    for number in range(40):
        tape.hear(np.full(RATE // 20, 7, np.int16), (number + 1) * RATE // 20)
        tape.play(np.full(RATE // 20, 9, np.int16), number * RATE // 20, 0.0)
    assert tape.mute(RATE // 2, RATE, "caller") == 0
    assert tape.mute(RATE * 3, RATE * 4, "agent") == 0, "it is yet to come"
    pcm = tape.take(2 * RATE, all_of_it=True)
    assert len(pcm) == 2 * RATE
    assert np.all(pcm[RATE // 2 : RATE, 0] == 0)
    assert np.all(pcm[: RATE // 2, 0] == 7)
    assert np.all(pcm[RATE:, 0] == 7)
    assert np.all(pcm[:, 1] == 9)


def test_given_a_clock_that_is_read_twice_then_frames_that_follow_closely_still_do() -> None:
    tape = Tape(RATE, 0, 0)
    for number in range(20):
        late = (number % 3) * RATE // 1000
        tape.play(np.full(RATE // 20, 9, np.int16), number * RATE // 20 + late, 0.0)
    assert np.all(tape.take(RATE, all_of_it=True)[:, 1] == 9)


def test_given_sound_that_was_written_then_the_mute_says_for_how_much_it_is_too_late() -> None:
    tape = Tape(RATE, 0, 30)
    tape.take(40 * RATE)
    assert tape.start == 10 * RATE
    assert tape.mute(8 * RATE, 12 * RATE, "caller") == 2 * RATE
    tape.hear(np.full(RATE // 20, 7, np.int16), 11 * RATE)


def test_given_a_disk_that_stalls_then_memory_is_bounded_and_the_clock_is_kept() -> None:
    tape = Tape(RATE, 0, 0)
    for number in range(20 * 60):
        tape.hear(np.full(RATE // 20, 7, np.int16), (number + 1) * RATE // 20)
    pcm = tape.take(60 * RATE)
    assert len(pcm) == round(59.4 * RATE)
    assert np.count_nonzero(pcm[:, 0]) <= 21 * RATE
    assert tape.lost == len(pcm) - round(20.6 * RATE)


@virtual_time
async def test_given_redaction_then_a_mute_within_thirty_seconds_is_in_time_and_a_later_one_is_noted() -> None:
    desk = Desk(Memory(), RecordingSpec(when="on"), redacts=True)
    async with background(desk.recording.run()):
        desk.recording.begin()
        await desk.hears(np.full(RATE * 40, 5, np.int16))
        desk.recording.mute(20 * RATE, 21 * RATE, "caller")
        desk.recording.mute(2 * RATE, 3 * RATE, "caller")
    await desk.recording.close()
    muted = [event for event in desk.said if isinstance(event, journal.RecordingMuted)]
    assert [(event.from_ms, event.late_ms) for event in muted] == [(20_000, 0), (2_000, 1000)]
    assert isinstance(stopped := desk.said[-1], journal.RecordingStopped)
    assert stopped.late_ms == 1000


@virtual_time
async def die(file: Memory) -> None:
    """After ten seconds; the file has what was there by then."""
    desk = Desk(file, RecordingSpec(when="on"))
    async with background(desk.gate.run(), desk.recording.run()):
        desk.recording.begin()
        desk.speak("one", ALFA, 9_500)
        await desk.hears(tone(300, 10_000, RATE))
        left = file.data
    await desk.recording.close()
    file.data = left


def test_given_a_worker_that_dies_then_its_file_can_be_played_up_to_the_last_seconds(tmp_path: Path) -> None:
    die(file := Memory())
    (tmp_path / "killed.ogg").write_bytes(file.data)
    pcm = decoded(tmp_path / "killed.ogg")
    assert 8.0 <= len(pcm) / RATE <= 10.0
    assert is_near([(hz, at, 8000) for hz, at, _ in sounds(pcm[:, 0])], [(300, 0, 8000)])


@virtual_time
async def agree_for_a_while(file: Memory) -> None:
    desk = Desk(file, RecordingSpec(when="consent"))
    facts = dict[str, object]()
    async with background(desk.recording.run()):
        desk.recording.begin()
        facts[CONSENT] = True
        desk.recording.follow(facts)
        assert (desk.said, facts) == ([], {}), "a model's guess: nobody has been asked"
        desk.recording.caller_spoke()  # over the greeting
        desk.recording.heard("Hello. May we record this call?", interrupted=False)
        facts[CONSENT] = True
        desk.recording.follow(facts)
        assert (desk.said, facts) == ([], {}), "nobody has answered"
        await desk.hears(tone(300, 3000, RATE))
        desk.recording.caller_spoke()
        facts[CONSENT] = True
        desk.recording.follow(facts)
        await desk.hears(tone(350, 3000, RATE))
        facts[CONSENT] = False
        desk.recording.follow(facts)
        await desk.hears(tone(400, 3000, RATE))
    await desk.recording.close()
    assert [event.type for event in desk.said] == ["recording.started", "recording.stopped"]


def test_given_consent_then_recording_begins_with_it_and_stops_when_it_is_taken_back(tmp_path: Path) -> None:
    agree_for_a_while(file := Memory())
    (tmp_path / "agreed.ogg").write_bytes(file.data)
    pcm = decoded(tmp_path / "agreed.ogg")
    assert {hz for hz, _, _ in sounds(pcm[:, 0])} == {350}


@virtual_time
async def test_given_a_disk_that_is_full_then_the_call_goes_on_and_the_journal_says_so() -> None:
    class Full(Memory):
        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    desk = Desk(Full(), RecordingSpec(when="on"))
    async with background(desk.recording.run()):
        desk.recording.begin()
        await desk.hears(tone(300, 3000, RATE))
    await desk.recording.close()
    stopped = desk.said[-1]
    assert isinstance(stopped, journal.RecordingStopped)
    assert stopped.reason == "it failed: OSError"


@virtual_time
async def run_again(folder: Path) -> None:
    """Another worker goes on with the call."""
    for _ in range(2):
        desk = Desk(Folder(folder), RecordingSpec(when="on"))
        async with background(desk.recording.run()):
            desk.recording.begin()
            await desk.hears(tone(300, 2000, RATE))
        await desk.recording.close()


def test_given_a_call_that_another_worker_goes_on_with_then_its_recording_has_two_parts(tmp_path: Path) -> None:
    run_again(tmp_path)
    assert [path.name for path in Folder(tmp_path).recordings(CALL)] == ["recording.ogg", "recording-2.ogg"]
    assert [len(decoded(path)) // RATE for path in Folder(tmp_path).recordings(CALL)] == [2, 2]


@virtual_time
async def test_given_an_announcement_that_was_talked_over_then_it_comes_again() -> None:
    desk = Desk(Folder(Path()), RecordingSpec(when="on"))
    desk.recording.heard("This call", interrupted=True)
    assert "This call is recorded." in desk.recording.caller_spoke()
    assert desk.recording.caller_spoke() == ""
    desk.recording.heard("This call is recorded. What can I", interrupted=True)
    assert desk.recording.caller_spoke() == ""


@pytest.mark.parametrize("call", ["../other", "", "a/b", "call\x00", "..", "x" * 65])
def test_given_a_call_that_is_no_name_then_there_is_no_such_file(tmp_path: Path, call: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "recording.ogg").write_bytes(b"x")
    folder = Folder(tmp_path / "files")
    assert folder.find(call, "recording.ogg") is None
    with pytest.raises(FilesError):
        folder.create(call, "recording.ogg")


def test_given_a_name_that_leads_away_then_there_is_no_such_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.create(CALL, "recording.ogg").close()
    (tmp_path / "secret.txt").write_text("x")
    assert folder.find(CALL, "recording.ogg") == tmp_path / CALL / "recording.ogg"
    assert folder.find(CALL, "../secret.txt") is None
    with pytest.raises(FilesError):
        folder.create(CALL, "recording.ogg")
