"""A sound while a tool runs, in a real room: beside fillers, the agent's words and the caller's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from bench.caller import Caller
from bench.tones import ALFA, tone
from tests.core.conftest import PITCHES, ROOT, Stage, house_with, transcribe
from tests.core.test_core import only
from tests.recording.test_recording import decoded, sounds
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from worker.journal.files import Folder

pytestmark = pytest.mark.system
BED, FILLER = 1400, 1100


async def test_given_a_slow_tool_then_the_sound_is_heard_between_what_is_said_and_the_recording_has_it(
    tmp_path: Path,
) -> None:
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text())
    team |= {"background": {"while_tools_run": "bed.wav", "after_s": 0.4}, "recording": {"when": "on"}}
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(team))
    soundfile.write(tmp_path / "bed.wav", tone(BED, 5000, 16_000).astype(np.int16), 16_000)

    def play(asked: Asked) -> Sequence[Step]:
        if "waits for a tool" in asked.instructions:
            return [Say("one moment", ms=700, hz=FILLER)]
        if asked.said == "tool" and asked.result is None:
            return [CallTool("sluggish")]
        return [Say(f"alfa {asked.result or asked.said}", ms=900, hz=ALFA)]

    with house_with([1], tmp_path, BATON_TEAM=str(tmp_path / "team.yaml")) as house:
        provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
        async with provider.serve(house.provider_port):
            stage = Stage(house, provider)
            async with stage.caller() as caller:
                await stage.greeted(caller)
                ended = await caller.say(PITCHES["tool"], 500)
                await stage.said(caller.room, "alfa sluggish is done")
                await caller.silence(await caller.voice(ALFA, ended), ms=1500)
                order = heard(caller, ended)
            events = stage.journal(caller.room)
        [call] = [event["call"] for event in only(events, "call.started")]
        path = Folder(tmp_path / ".baton/files").find(call, "recording.ogg")
        assert path
    assert order == [BED, FILLER, BED, ALFA]
    recorded = [hz for hz, _, _ in sounds(decoded(path)[:, 1])]
    assert recorded == [ALFA, BED, FILLER, BED, ALFA]
    said = only(events, "agent.said")
    assert [event["text"] for event in said] == ["alfa ", "one moment", "alfa sluggish is done"]
    assert [event["interrupted"] for event in said] == [False, False, False]
    assert said[-1]["heard_ms"] == 900, "the sound counts for no speech"


def heard(caller: Caller, since: float) -> list[int]:
    """The pitches in order, each as long as it lasts once; a frame between two may have any."""
    found = list[tuple[int, int]]()
    for sound in caller.heard:
        if sound.at > since and sound.hz is not None:
            if found and found[-1][0] == sound.hz:
                found[-1] = (sound.hz, found[-1][1] + 1)
            else:
                found.append((sound.hz, 1))
    return [hz for hz, frames in found if frames > 3]
