"""Calls at random: turns at any moment of handoffs, tools, replies and lost sockets. No turn is lost, one voice speaks."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest

from bench.caller import Caller
from bench.tones import ALFA
from tests.core.conftest import PITCHES, Stage, agent_of
from tests.core.test_core import TONES, only, speech
from tests.simulators.openai_realtime.script import Asked, CallTool, Fault, Step
from tests.simulators.openai_realtime.server import Connection, text

pytestmark = [pytest.mark.system, pytest.mark.soak]  # tests/conformance has faults at random on virtual time
RUNS, AT_ONCE = 100, 4
TURNS = 5
WORDS = ("chat", "second", "third", "move", "charlie", "tool", "long")
APART_S = 0.65  # closer together, the provider hears one turn


@dataclass
class Run:
    seed: int
    room: str
    said: list[str]
    voices: list[int] = field(default_factory=list)  # the agents' pitches as they were heard, without repeats


def play(asked: Asked) -> Sequence[Step]:
    """An agent who is asked for another hands over, with an announcement or without; one who is not may be slow."""
    agent = agent_of(asked)
    if asked.last.get("role") == "user":
        match asked.said:
            case "move" if agent != "BRAVO":
                to = "bravo" if agent == "ALFA" else "alfa"
                return [speech(asked, 700), CallTool(f"transfer_to_{to}")]
            case "charlie" if agent == "ALFA":
                return [CallTool("slow"), CallTool("transfer_to_charlie")]
            case "charlie" if agent == "BRAVO":
                return [CallTool("transfer_to_alfa")]
            case "tool" if agent != "CHARLIE":
                return [CallTool("quick", '{"number": 4}'), CallTool("slow")]
            case "long":
                return [speech(asked, 4000)]
    return [speech(asked, 700)]


async def hold(stage: Stage, seed: int) -> Run:
    chance = random.Random(seed)
    words = [chance.choice(WORDS) for _ in range(TURNS)]
    async with stage.caller() as caller:
        run = Run(seed, caller.room, words)
        await stage.greeted(caller)
        for word in words:
            await asyncio.sleep(APART_S + chance.choice([0.0, 0.05, 0.15, 0.3, 0.6, 1.0, 1.6, 2.5]))
            await caller.say(PITCHES[word], 400)
        await _quiet(caller)
        heard = [sound.hz for sound in caller.heard if sound.hz in TONES.values()]
    run.voices = [hz for hz, _ in groupby(heard) if hz is not None]
    return run


async def _quiet(caller: Caller) -> None:
    """Until nobody has spoken for three seconds: longer than a slow tool takes, and a socket to come back."""
    while True:
        await asyncio.sleep(0.5)
        recent = caller.heard[-150:]
        if len(recent) == 150 and not any(sound.hz for sound in recent):
            return


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("broken", [False, True], ids=["sound", "sockets cut"])
async def test_given_calls_at_random_then_no_turn_is_lost_and_one_voice_speaks(stage: Stage, broken: bool) -> None:
    stage.provider.play = play
    seeds = range(1000 * broken, 1000 * broken + RUNS // 2)
    if broken:  # a socket is cut now and then, in whatever its session is doing
        chance = random.Random(7)
        stage.provider.faults = [
            Fault("response.output_audio.delta", "abort", nth=chance.randrange(60, RUNS * 100)) for _ in range(RUNS)
        ]
    free = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> Run:
        async with free:
            return await hold(stage, seed)

    async with asyncio.TaskGroup() as group:
        holding = [group.create_task(one(seed)) for seed in seeds]
    runs = [task.result() for task in holding]
    faults = [fault for run in runs for fault in judged(stage, run)]
    print(f"\n  {len(runs)} calls, {sum(len(run.said) for run in runs)} turns, {len(faults)} faults")
    assert not faults, "\n".join(faults)


def judged(stage: Stage, run: Run) -> list[str]:
    events = stage.journal(run.room)
    faults = []
    said = only(events, "user.said")
    if [event["text"] for event in said] != run.said:
        faults.append(f"the journal has {[event['text'] for event in said]}, not {run.said}")
    last = only(events, "agent.said")[-1]
    if last["interrupted"] or last["at"] < said[-1]["at"]:
        faults.append(f"the last turn was not answered to its end: {last}")
    holders = [ALFA, *(TONES[event["target"].upper()] for event in only(events, "handoff.done"))]
    memory = [text(item) for item in _session(stage, said).items() if item.get("role") == "user"]
    knows_all = holders[-1] != TONES["CHARLIE"]  # who is handed the caller with `share: none`
    if knows_all and [word for word in memory if word in PITCHES] != run.said:
        faults.append(f"the model remembers {memory}, not {run.said}")
    if not _in_order(run.voices, holders):
        faults.append(f"voices {run.voices}, but the call was held by {holders}")
    return [f"seed {run.seed}: {fault}" for fault in faults]


def _session(stage: Stage, said: list[dict[str, Any]]) -> Connection:
    """The newest session that knows what the caller said last."""
    item = said[-1]["item"]
    return next(one for one in reversed(stage.provider.connections) if any(i["id"] == item for i in one.items()))


def _in_order(heard: Sequence[int], held: Sequence[int]) -> bool:
    """Whether the voices came in the order of those who held the call; some may not have said a word."""
    left = iter(held)
    return all(any(hz == holder for holder in left) for hz in heard)
