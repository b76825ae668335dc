"""What somebody is shown who joins late: the newest of a call, within bounds."""

import json

from hypothesis import given
from hypothesis import strategies as st

from worker.journal import events as journal
from worker.room.past import BYTES, EVENTS, past

STARTED = journal.CallStarted(call="c", room="r", team="t", agent="alfa", model="openai", caller="anna")


def wrote(number: int, text: str = "") -> journal.UserWrote:
    return journal.UserWrote(participant="anna", text=f"{number}{text}")


def test_what_people_see_of_a_call_comes_in_order_and_nothing_else() -> None:
    cost = journal.CostUpdated(agent="a", provider="p", model="m", tokens={}, cost=1.0, total=1.0, currency="USD")
    called = journal.ToolCalled(agent="a", call_id="1", tool="look_up", arguments={"pin": "4711"})
    told = json.loads(past([STARTED, wrote(1), cost, called, wrote(2)]))
    assert [(event["type"], event.get("text")) for event in told] == [
        *(("call.started", None), ("user.wrote", "1"), ("user.wrote", "2"))
    ]


def test_of_a_long_call_the_newest_is_left_and_how_it_began() -> None:
    told = json.loads(past([STARTED, *map(wrote, range(5000))]))
    assert told[0]["type"] == "call.started"
    assert [event["text"] for event in told[1:]] == list(map(str, range(5000 - EVENTS, 5000)))


@given(st.lists(st.integers(0, 40_000), max_size=30))
def test_it_is_never_too_much_to_send(lengths: list[int]) -> None:
    told = past([wrote(number, "ü" * length) for number, length in enumerate(lengths)])
    assert len(told.encode()) <= BYTES + 2
    texts = [event["text"] for event in json.loads(told)]
    whole = [f"{number}{'ü' * length}" for number, length in enumerate(lengths)]
    assert texts == whole[len(whole) - len(texts) :], "without a gap"
