"""What callers do while an agent speaks, clip by clip: the real call on virtual time, with what the embedded ears heard.

Rates are tau-voice's, see `bench.turn_rates`; `baton bench turns` finds them in a real room, with the ears at work.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from bench.turn_rates import FRAME_MS, Outcome, share
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step, tone
from tests.turns.clips import OPENER, RATE, Clip, clips, in_a_room
from tests.turns.clips.hearing import WrittenHearing, written_down
from tests.turns.clips.sets import SETS
from tests.turns.stage import Stage, staged, team
from tests.virtual_time import virtual_time
from worker.journal.events import AgentSaid

pytestmark = pytest.mark.needs("flite", "espeak-ng", "pocketsphinx-testdata")
REPLY_MS, REPLY_HZ, OTHER_HZ = 4000, 440, 660
SPOKEN_OVER_AT_S, WINDOW_S = 2.2, 2.5
TELLS = "It is on its way to you. It left our house on Monday in the morning, and the van has it since then."
ASKS = "It is late. Shall I book another day for you? It can come on Thursday, or on Friday if you like."


@dataclass
class Service:
    """Tells of the clip that is played what was written down, and speaks at length when the caller opens with OPENER."""

    text: str = TELLS
    hearings: list[WrittenHearing] = field(default_factory=list)

    def hearing(self) -> WrittenHearing:
        self.hearings.append(WrittenHearing())
        return self.hearings[-1]

    def transcribe(self, _: bytes) -> str:
        return self.hearings[-1].words

    def play(self, given: Asked) -> Sequence[Step]:
        if given.said == written_down()[OPENER.name][0].text:
            return [Say(self.text, ms=REPLY_MS, hz=REPLY_HZ, words="before")]
        return [Say("As you wish.", ms=600, hz=OTHER_HZ)]

    def begins(self, clip: Clip) -> None:
        self.hearings[-1].begins(written_down()[clip.name])


async def try_out(stage: Stage, service: Service, clip: Clip) -> Outcome:
    service.text = ASKS if clip.after_question else TELLS
    await stage.quiet(1.5)
    asks, began = len(stage.asked), stage.speaker.position
    service.begins(OPENER)
    stage.play(in_a_room(OPENER.pcm()).tobytes())
    await stage.speaking()
    await asyncio.sleep(SPOKEN_OVER_AT_S)
    service.begins(clip)
    stage.play(in_a_room(clip.pcm()).tobytes())
    positions = list[int]()
    for _ in range(round((len(clip.pcm()) / RATE + WINDOW_S) * 1000 / FRAME_MS)):
        positions.append(stage.speaker.position)
        await asyncio.sleep(FRAME_MS / 1000)
    await stage.quiet(1.5)
    heard = stage.speaker.heard[began:]
    cut = any(said.interrupted for said in stage.of(AgentSaid)[-2:])
    return Outcome(
        clip.name,
        clip.kind,
        silent=[here == there for here, there in itertools.pairwise(positions)],
        answered=cut and len(stage.asked) > asks + 1,
        shift_ms=0.0 if heard.startswith(tone(REPLY_HZ) * (REPLY_MS // 1000)) else None,
    )


async def try_all(folder: Path, played: Sequence[Clip]) -> list[Outcome]:
    service, pace = Service(), Pace(think_ms=400, speed=3.0, transcript_ms=250)
    async with staged(folder, team(), service.play, service.transcribe, pace=pace, hearing=service.hearing) as stage:
        outcomes = [await try_out(stage, service, clip) for clip in played]
    for one in outcomes:
        print(
            f"{one.kind:13} {one.name:45} {'right' if one.right else 'WRONG':6} onset {one.onset_ms} shift {one.shift_ms}"
        )
    turns = [one for one in outcomes if one.is_turn]
    others = [one for one in outcomes if not one.is_turn]
    for kind in dict.fromkeys(one.kind for one in others):
        of = [one for one in others if one.kind == kind]
        told = share([one.talked_through for one in of]), share([one.right for one in of])
        print(f"{kind}: {len(of)}, talked through {told[0]:.0f} %, resumed {told[1]:.0f} %")
    onsets = [one.onset_ms for one in turns if one.onset_ms is not None]
    print(f"turns: {len(turns)}, yielded {share([one.yielded for one in turns]):.0f} %, ", end="")
    print(f"answered {share([one.answered for one in turns]):.0f} %, silent after {median(onsets):.0f} ms")
    return outcomes


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.soak)])
@virtual_time
async def test_callers_who_want_the_floor_get_it_and_those_who_listen_do_not_lose_the_thread(
    tmp_path: Path, every: int
) -> None:
    outcomes = await try_all(tmp_path, clips()[::every])
    turns, others = [one for one in outcomes if one.is_turn], [one for one in outcomes if not one.is_turn]
    onsets = [one.onset_ms for one in turns if one.onset_ms is not None]
    assert len(outcomes) * every >= 60
    assert share([one.yielded for one in turns]) >= 95
    assert share([one.answered for one in turns]) >= 95
    assert share([one.right for one in others]) >= 90
    assert share([one.right for one in others if one.kind == "back_channel"]) >= 90
    assert median(onsets) <= 100, "what the way to the caller takes comes on top of it"


@pytest.mark.soak
@pytest.mark.parametrize("name", ["unseen", "fresh", "practice", "held out"])
@virtual_time
async def test_other_callers_fare_nearly_as_well(tmp_path: Path, name: str) -> None:
    outcomes = await try_all(tmp_path, SETS[name]())
    turns, others = [one for one in outcomes if one.is_turn], [one for one in outcomes if not one.is_turn]
    assert share([one.yielded for one in turns]) >= 95
    assert share([one.answered for one in turns]) >= 90
    assert share([one.right for one in others]) >= 85
