"""What `baton bench gate` measures, on virtual time: guards cost what reading a whole sentence first must."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.gate_script import DAYS, answer, delay_s, floor_ms
from bench.recital import Timing
from tests.guarded_call import Held, Words, held, recite
from tests.simulators.openai_realtime.script import Asked, Pace, Step
from tests.virtual_time import virtual_time
from worker.gate.guard import Finding, Guard, Passage
from worker.journal.events import AgentSaid

pytestmark = pytest.mark.parts

HELLO = "Good day."
TIMINGS: Sequence[Timing] = ("ahead", "step", "after")
SPEED = 3.0


class Slow(Words):
    """Lets all pass, after as long as the words say."""

    async def judge(self, passage: Passage) -> Finding | None:
        await asyncio.sleep(delay_s(passage.before + passage.text))
        return None


def play(asked: Asked) -> Sequence[Step]:
    return [answer(asked.said) or recite(HELLO)]


@asynccontextmanager
async def greeted(folder: Path, *guards: Guard) -> AsyncIterator[Held]:
    async with held(folder, play, *guards, pace=Pace(think_ms=0)) as at:
        await at.until(lambda: at.said)
        yield at


async def first_sound_ms(at: Held, order: str) -> int:
    """From the order to the first sound of the reply; it is heard to its end."""
    before = len(at.said)
    at.write(order)
    await at.until(lambda: len(at.said) > before)
    said: AgentSaid = at.of(AgentSaid)[-1]
    assert said.latency_ms is not None
    return said.latency_ms


@pytest.mark.parametrize("timing", TIMINGS)
@virtual_time
async def test_a_guarded_reply_is_heard_as_soon_as_its_first_sentence_is_over_and_judged(
    tmp_path_factory: pytest.TempPathFactory, timing: Timing
) -> None:
    async with greeted(tmp_path_factory.mktemp("off")) as at:
        off = await first_sound_ms(at, f"reply {timing} {SPEED:g} 0")
    async with greeted(tmp_path_factory.mktemp("on"), Slow([])) as at:
        for delay in DAYS:
            added = await first_sound_ms(at, f"reply {timing} {SPEED:g} {delay}") - off
            floor = floor_ms(timing, SPEED, delay)
            print(f"words {timing}, {SPEED:g}x, guard {delay} ms: {added} ms later, floor {floor:.0f}")
            assert added == pytest.approx(floor, abs=2)
