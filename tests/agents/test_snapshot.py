"""How a team stands, as data: another orchestrator goes on from it as the first would."""

import json

from hypothesis import given
from hypothesis import strategies as st

from agents.orchestrator import Orchestrator
from agents.roles import HandoffRules, Role, ToolRules
from agents.snapshot import Snapshot
from agents.spec import FactSpec
from agents.tasks import Task

FACTS = {"number": FactSpec(type="integer", description="a number"), "name": FactSpec(description="a name")}
ROLES = {
    "alfa": Role(
        tools={"look": ToolRules(), "pay": ToolRules(writes=True, confirm=True), "send": ToolRules(writes=True)},
        handoffs={"bravo": HandoffRules(announce=True)},
        tasks=(Task("identify", collect=("number",)), Task("pay", after=("identify",), tool="pay")),
    ),
    "bravo": Role(tools={"look": ToolRules()}, handoffs={"alfa": HandoffRules()}),
}
PLAN = json.dumps({"steps": [{"wish": "one", "agent": "alfa"}, {"wish": "two", "agent": "bravo", "after": [1]}]})
CALLS = st.sampled_from(
    [
        ("look", "{}"),
        ("look", '{"number": 3}'),
        ("pay", '{"number": 3}'),
        ("send", '{"name": "Anna"}'),
        ("note_facts", '{"number": 3}'),
        ("note_facts", '{"number": "many"}'),
        ("make_plan", PLAN),
        ("step_done", "{}"),
        ("transfer_to_bravo", "{}"),
        ("transfer_to_alfa", "{}"),
    ]
)
STEPS = st.one_of(
    st.tuples(st.just("call"), CALLS),
    st.tuples(st.just("finish"), st.booleans()),
    st.tuples(st.sampled_from(["spoke", "prepared", "failed", "idle", "slow"]), st.none()),
)


def orchestrator() -> Orchestrator:
    return Orchestrator(ROLES, "alfa", FACTS)


def step(one: Orchestrator, number: int, what: tuple[str, object]) -> object:
    """Does it; returns all that is told of it."""
    running = [run.call_id for run in one.snapshot().running]
    match what:
        case "call", (str(tool), str(arguments)):
            return one.tool_requested(one.epoch, f"c{number}", tool, arguments)
        case "finish", bool(failed) if running:
            return one.tool_finished(running[0], f"result {number}", failed=failed)
        case "slow", _ if running:
            one.tool_is_slow(running[0])
        case "spoke", _:
            one.caller_spoke()
        case "prepared", _:
            return one.prepared(one.epoch)
        case "failed", _:
            return one.failed(one.epoch, "out of reach")
        case "idle", _:
            return one.idle()
    return None


@given(before=st.lists(STEPS, max_size=12), after=st.lists(STEPS, max_size=8))
def test_given_any_call_then_who_goes_on_with_it_does_as_the_first_would(
    before: list[tuple[str, object]], after: list[tuple[str, object]]
) -> None:
    first, second = orchestrator(), orchestrator()
    for number, what in enumerate(before):
        step(first, number, what)
    second.restore(Snapshot.model_validate_json(json.dumps(first.snapshot().as_json())))
    assert second.snapshot() == first.snapshot()
    for number, what in enumerate(after, len(before)):
        assert step(second, number, what) == step(first, number, what)
        assert second.offered == first.offered
        assert second.snapshot() == first.snapshot()


def test_given_facts_that_no_json_holds_then_they_are_told_in_words() -> None:
    first = orchestrator()
    first.facts["when"] = object
    assert isinstance(first.snapshot().as_json()["facts"]["when"], str)


def test_given_a_write_of_which_nobody_knows_what_came_then_it_is_not_run_again_before_the_caller_has_spoken() -> None:
    one = orchestrator()
    [run] = one.tool_requested(0, "c1", "send", '{"name": "Anna"}')
    one.unknown("c1", "nobody knows")
    one.tool_finished("c1", "nobody knows", failed=True)
    [again] = one.tool_requested(0, "c2", "send", '{"name":  "Anna"}')
    assert (again.tool, again.message) == ("send", "nobody knows")  # type: ignore[union-attr]
    one.caller_spoke()
    [anew] = one.tool_requested(0, "c3", "send", '{"name": "Anna"}')
    assert type(anew) is type(run)
