"""A sub-agent who thinks with the embedded model, as a process of its own, and works in the shop's database."""

import json
from typing import Any

import pytest
from livekit.agents import llm

from agents.spec import TeamSpec
from tests.system.conftest import House
from tools.context import CallContext
from tools.database import Database
from worker.journal import events as journal
from worker.team.sub_agents import SubAgents
from worker.team.text_models import TextModel
from worker.team.toolbox import Outcome, Toolbox

pytestmark = [pytest.mark.system, pytest.mark.needs("flite", "espeak-ng")]
TEAM: dict[str, Any] = {
    "team": "t",
    "start": "desk",
    "agents": {
        "desk": {"name": "desk", "instructions": "Be kind.", "agents": ["clerk"]},
        "clerk": {
            "name": "clerk",
            "instructions": "You look orders up.",
            "description": "Looks orders up.",
            "tools": ["tools.orders.find_order", "tools.products.product_details"],
            "model": "local",
        },
    },
}


async def ask(house: House, request: str, facts: dict[str, Any]) -> tuple[Outcome, list[Any]]:
    team, events = TeamSpec.model_validate(TEAM), list[Any]()
    port = house.environment["BATON_LOCAL_MODEL_PORT"]
    model = TextModel("local", f"http://127.0.0.1:{port}/v1", "baton-local")
    sub_agents = SubAgents(team, {"clerk": model}, "Monday 23 November 2026", events.append)
    desk = team.agents["desk"]
    toolbox = Toolbox(desk, asked=sub_agents.asked_by(desk))
    arguments = json.dumps({"request": request})
    call = llm.FunctionToolCall(name="ask_clerk", arguments=arguments, call_id="call_1")
    database = Database(f"sqlite+aiosqlite:///{house.folder}/.baton/baton.db")
    context = CallContext(call="call-x", agent="desk", decision="call_1", database=database, facts=facts)
    try:
        return await toolbox.run(call, context), events
    finally:
        await sub_agents.aclose()


async def test_given_the_embedded_model_when_it_is_asked_for_an_order_then_it_finds_it_in_the_database(
    house: House,
) -> None:
    outcome, events = await ask(house, "What did the caller order? The order number is 1017.", {})
    [(product,)] = house.read("SELECT name FROM products JOIN orders ON product_id = products.id WHERE number = 1017")
    assert not outcome.failed
    assert f"Order 1017 is one {product}" in outcome.output
    called, finished = events
    assert isinstance(called, journal.ToolCalled)
    assert (called.agent, called.tool, called.arguments) == ("clerk", "find_order", {"order_number": 1017})
    assert isinstance(finished, journal.ToolFinished)
    assert not finished.failed


async def test_given_an_order_that_is_not_there_then_the_answer_says_so(house: House) -> None:
    outcome, events = await ask(house, "Please look up order 9999.", {})
    assert "no order 9999" in outcome.output
    assert events[1].failed


async def test_given_a_request_without_a_number_then_the_answer_asks_for_it_and_nothing_is_made_up(
    house: House,
) -> None:
    outcome, events = await ask(house, "Please look up the caller's order.", {})
    assert "order number" in outcome.output
    assert not events
