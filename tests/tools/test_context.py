"""What a tool sees of its call, and what it does not."""

from typing import Any

import pytest
from livekit.agents import RunContext
from pydantic import ValidationError

from tools.card import Card, Link
from tools.context import CallContext, Caller, ProgressMade, Told
from tools.database import Database


def context(told: list[Told]) -> CallContext:
    return CallContext(
        call="call-1",
        agent="desk",
        decision="call_7",
        database=Database("sqlite+aiosqlite://"),
        facts={"number": 7},
        caller=Caller("browser-1", "Anna", "+4930123456"),
        tell=told.append,
    )


def test_given_a_context_then_a_tool_sees_the_call_and_tells_of_itself() -> None:
    told = list[Told]()
    seen, card = context(told), Card(title="Order 7", fields={"Arrives": "Friday"})
    seen.progress("  Asking the carrier. ")
    seen.progress(" ")
    seen.show(card)
    assert told == [ProgressMade("Asking the carrier."), card]
    assert (seen.call, seen.agent, seen.idempotency_key, seen.facts) == (
        "call-1",
        "desk",
        "call-1:call_7",
        {"number": 7},
    )
    assert (seen.caller.name, seen.caller.phone) == ("Anna", "+4930123456")


@pytest.mark.parametrize(
    "name", [name for name in vars(RunContext) if not name.startswith("__")] + ["_session", "_function_call", "orders"]
)
def test_given_a_name_that_is_not_for_tools_then_the_error_says_what_is(name: str) -> None:
    seen: Any = context([])
    with pytest.raises(AttributeError, match=f"CallContext has no {name!r}. A tool sees call, agent, caller"):
        getattr(seen, name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"title": "x", "lines": ["y"] * 13},
        {"title": "x", "link": {"label": "y", "url": "javascript:alert(1)"}},
        {"title": "x", "colour": "red"},
    ],
)
def test_given_what_is_no_card_then_it_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Card.model_validate(wrong)


def test_given_a_card_then_it_outlives_the_way_to_the_page() -> None:
    card = Card(title="x", fields={"b": "1", "a": "2"}, link=Link(label="y", url="https://z"), choices=("Yes",))
    assert Card.model_validate_json(card.model_dump_json()) == card
