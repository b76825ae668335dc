"""Recordings of calls in a real room: what the file holds, against what the caller sent and heard."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import yaml
from livekit import rtc
from numpy.typing import NDArray

from bench.tones import ALFA, tone
from tests.core.conftest import PITCHES, ROOT, House, Stage, house_with, transcribe
from tests.core.test_core import kinds, only, script, speech
from tests.recording.test_recording import decoded, sounds
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from worker.caller import SAMPLE_RATE, Caller
from worker.journal.files import Folder
from worker.talk import join

pytestmark = [pytest.mark.system, pytest.mark.soak]  # tests/recording does it on virtual time
TOKEN = "for-the-test"
NEAR_S = 0.15  # what a busy machine brings late in a room; how near it is by the clock, tests/recording asserts


@contextmanager
def recorded(folder: Path, when: str, workers: Sequence[int] = (1,)) -> Iterator[House]:
    """Nothing is redacted, so that sound does not wait for its words before it is written."""
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text())
    team |= {"recording": {"when": when}, "redact": []}
    (folder / "team.yaml").write_text(yaml.safe_dump(team))
    with house_with(workers, folder, BATON_TEAM=str(folder / "team.yaml"), BATON_ADMIN_TOKEN=TOKEN) as house:
        yield house


@asynccontextmanager
async def caller_of(house: House) -> AsyncIterator[tuple[Caller, dict[str, str]]]:
    joined = await join(desk(house))
    async with Caller(joined["url"], joined["token"]) as caller:
        yield caller, joined


def desk(house: House) -> str:
    return f"http://127.0.0.1:{house.environment['BATON_HTTP_PORT']}"


def edges(pcm: NDArray[np.int16]) -> list[float]:
    """When a sound begins, in seconds: each that has 0.3 s of silence before it."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 2000)
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-SAMPLE_RATE) > 0.3 * SAMPLE_RATE)]
    return [float(at) / SAMPLE_RATE for at in begins]


async def fetched(house: House, call: str, to: Path, token: str = TOKEN) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{desk(house)}/api/calls/{call}/recording", headers=headers) as answer,
    ):
        if answer.status == 200:
            await asyncio.to_thread(to.write_bytes, await answer.read())
        return answer.status


async def test_given_a_minute_in_a_room_then_the_file_has_both_sides_as_they_were_sent_and_heard(
    tmp_path: Path,
) -> None:
    told = list[str]()
    usual = script({"long": lambda asked: [speech(asked, 6000)]})

    def play(asked: Asked) -> Sequence[Step]:
        told.append(asked.instructions)
        return usual(asked)

    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    with recorded(tmp_path, "on") as house:
        async with provider.serve(house.provider_port), caller_of(house) as (caller, joined):
            began = asyncio.get_running_loop().time()
            await caller.answered(0.0)
            for number in range(9):
                narrow = number % 3 == 2  # as from a telephone
                rate = 8000 if narrow else SAMPLE_RATE
                ended = await caller.say(tone(PITCHES["long" if number == 4 else "chat"], 500, rate), rate)
                if number == 4:
                    await speaking(caller, ended)
                    await asyncio.sleep(2.0)
                    ended = await caller.say(tone(PITCHES["second"], 1000, SAMPLE_RATE))
                await caller.answered(ended)
                if number == 6:
                    mute(caller, True)
                    await asyncio.sleep(4.0)
                    mute(caller, False)
                await asyncio.sleep(1.0)
            there = caller.recording(began)
        events = await Stage(house, provider).ended(joined["room"])
        assert await fetched(house, joined["call"], tmp_path / "copy.ogg", "wrong") == 401
        assert await fetched(house, "..%2f..%2fteam", tmp_path / "copy.ogg") == 404
        assert await fetched(house, "call-0", tmp_path / "copy.ogg") == 404
        assert await fetched(house, joined["call"], tmp_path / "copy.ogg") == 200
    pcm = decoded(tmp_path / "copy.ogg")
    left, right = edges(pcm[:, 0]), edges(pcm[:, 1])
    assert len(pcm) > 45 * SAMPLE_RATE
    assert len(left) == 10
    apart = [np.array(here) - edges(pcm) for here, pcm in ((left, there[:, 0]), (right, there[:, 1]))]
    for side, seconds in zip(("caller", "agent"), apart, strict=True):
        off = np.abs(seconds - np.median(seconds)) * 1000
        print(
            f"\n{len(pcm) / SAMPLE_RATE:.1f} s, {side}: half within {np.median(off):.1f} ms, all {off.max():.1f} ms",
            end="",
        )
        assert off.max() < NEAR_S * 1000
    said = only(events, "agent.said")
    assert [event["interrupted"] for event in said].count(True) == 1
    lengths = [until - since for _, since, until in sounds(pcm[:, 1])]
    assert [abs(length - event["heard_ms"]) <= 40 for length, event in zip(lengths, said, strict=True)] == [True] * 11
    assert kinds(events).index("recording.started") < kinds(events).index("agent.said")
    assert kinds(events)[-2:] == ["recording.stopped", "call.ended"]
    assert "This call is recorded." in told[0]


async def speaking(caller: Caller, since: float) -> None:
    await caller.until(lambda: caller.first_sound(since) is not None, 20, "speech")


def mute(caller: Caller, muted: bool) -> None:
    [publication] = caller.room.local_participant.track_publications.values()
    track = publication.track
    assert isinstance(track, rtc.LocalAudioTrack)
    if muted:
        track.mute()
    else:
        track.unmute()


async def test_given_consent_in_mid_call_then_nothing_before_it_and_nothing_after_its_end_is_in_the_file(
    tmp_path: Path,
) -> None:
    told = list[str]()

    def play(asked: Asked) -> Sequence[Step]:
        told.append(asked.instructions)
        if asked.last.get("role") == "user" and asked.said in ("okay", "charlie"):
            agrees = "true" if asked.said == "okay" else "false"
            return [CallTool("note_facts", f'{{"recording_consent": {agrees}}}')]
        return [Say("alfa", ms=900, hz=ALFA)]

    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    with recorded(tmp_path, "consent") as house:
        async with provider.serve(house.provider_port):
            stage = Stage(house, provider)
            async with stage.caller() as caller:
                await stage.greeted(caller)
                for word in ("chat", "okay", "third", "charlie", "second"):
                    await stage.turn(caller, word)
            events = await stage.ended(caller.room)
        [call] = [event["call"] for event in only(events, "call.started")]
        path = Folder(tmp_path / ".baton/files").find(call, "recording.ogg")
        assert path
        assert path.stat().st_mode & 0o077 == 0
        assert {hz for hz, _, _ in sounds(decoded(path)[:, 0])} == {PITCHES["third"], PITCHES["charlie"]}
    assert "May we record this call?" in told[0]
    [started], [stopped] = only(events, "recording.started"), only(events, "recording.stopped")
    assert stopped["reason"] == "the caller wishes so"
    done = [event["at"] for event in only(events, "task.done")]
    assert started["at"] - done[0] < 1000


async def test_given_a_caller_who_talks_over_the_announcement_then_the_answer_begins_with_it(tmp_path: Path) -> None:
    told = list[str]()

    def play(asked: Asked) -> Sequence[Step]:
        told.append(asked.instructions)
        return [Say("one two three four five six seven eight nine ten", ms=4000, hz=ALFA)]

    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    with recorded(tmp_path, "on") as house:
        async with provider.serve(house.provider_port):
            stage = Stage(house, provider)
            async with stage.caller() as caller:
                await caller.voice(ALFA, 0.0)
                for word in ("chat", "second"):
                    await stage.turn(caller, word)
    assert [instructions.count("This call is recorded.") for instructions in told] == [1, 1, 0]


async def test_given_a_worker_that_is_killed_then_what_was_said_before_can_be_played(tmp_path: Path) -> None:
    provider = Provider(script({}), pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    with recorded(tmp_path, "on", workers=()) as house:
        worker = house.start("worker", BATON_MAX_CALLS="1")
        async with provider.serve(house.provider_port), caller_of(house) as (caller, joined):
            await caller.answered(0.0)
            ended = await caller.say(tone(PITCHES["chat"], 500, SAMPLE_RATE))
            await caller.answered(ended)
            await asyncio.sleep(3.0)  # what was said before is written by then
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        path = Folder(tmp_path / ".baton/files").find(joined["call"], "recording.ogg")
        assert path
    pcm = decoded(path)
    assert [hz for hz, _, _ in sounds(pcm[:, 0])] == [PITCHES["chat"]]
    assert {hz for hz, _, _ in sounds(pcm[:, 1])} == {ALFA}
    assert len(edges(pcm[:, 1])) == 2
