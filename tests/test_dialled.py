"""A call in virtual time whose caller dials: what the agent does, what the model is told, and what is kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.simulators.openai_realtime.script import Asked, Say, Step
from tests.simulators.openai_realtime.server import Provider, text
from tests.test_outage import HELLO, Held, team
from tests.virtual_time import virtual_time
from worker.journal import events as journal
from worker.room.events import Dialled, Left, Pressed


def play(asked: Asked) -> Sequence[Step]:
    return [Say("Thank you." if "4821" in asked.said else HELLO, ms=3000)]


@virtual_time
async def test_given_a_key_over_a_reply_then_it_is_cut_and_what_is_dialled_is_a_turn(tmp_path: Path) -> None:
    held = Held(tmp_path, Provider(play))

    async def caller() -> None:
        await asyncio.sleep(2)
        held.call.put(Pressed("caller"))
        await held.until(journal.AgentSaid)
        await asyncio.sleep(2)
        assert len(held.provider.connections[0].items()) == 1, "nothing is asked until it is complete"
        held.call.put(Dialled("caller", "4821", 2000, 4000))
        await held.until(journal.AgentSaid, 2)
        held.call.put(Left("done"))

    await held.hold(team(), caller)
    greeting, answer = held.only(journal.AgentSaid)
    assert greeting.interrupted
    assert greeting.heard_ms < 2500
    assert (answer.text, answer.interrupted) == ("Thank you.", False)
    assert answer.started_ms >= 4000
    [dialled] = held.only(journal.UserDialled)
    assert (dialled.participant, dialled.digits, dialled.started_ms, dialled.ended_ms) == ("caller", "4821", 2000, 4000)
    told = [text(item) for item in held.provider.items() if item.get("role") == "user"]
    assert told == ["On the telephone's keypad I have dialled: 4821"]
