import json
import os
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.commands import Answer, Begin, Cancel, Delegate, Entered, RollBack, Run, Switch, TaskDone
from agents.orchestrator import HANDOFF_LIMIT, NOTE, STOP, Orchestrator
from agents.plan import MAKE, SETTLE
from agents.roles import HandoffRules, Role, ToolRules
from agents.spec import FactSpec
from agents.tasks import Task

FACTS = {"number": FactSpec(type="integer", description="the order's number", minimum=1, maximum=99)}
ROLES = {
    "a": Role(
        {"look": ToolRules(stoppable=True), "pay": ToolRules(writes=True)},
        {"b": HandoffRules(share="last: 2"), "c": HandoffRules(announce=True)},
    ),
    "b": Role(
        {"send": ToolRules(writes=True, confirm=True)},
        {"a": HandoffRules(unless=lambda facts: "Not with 13." if facts.get("number") == 13 else None)},
        (Task("identify", collect=("number",)), Task("post", after=("identify",), tool="send")),
    ),
    "c": Role({}, {"a": HandoffRules()}),
}


def team(start: str = "a") -> Orchestrator:
    return Orchestrator(ROLES, start, FACTS)


def refused(commands: tuple[object, ...]) -> str:
    [answer] = commands
    assert isinstance(answer, Answer)
    assert answer.failed
    return answer.message


def test_given_a_handoff_when_it_is_prepared_then_the_next_agent_has_the_call() -> None:
    call = team()
    switch = Switch("c1", "a", "b", 1, announce=False, share="last: 2", returning=False)
    assert call.tool_requested(0, "c1", "transfer_to_b", "{}") == (switch,)
    assert call.switching
    assert call.prepared(1) == Entered("a", "b")
    assert (call.agent, call.epoch, call.switching) == ("b", 1, False)
    [back] = call.tool_requested(1, "c2", "transfer_to_a", "{}")
    assert isinstance(back, Switch)
    assert back.returning


def test_given_a_handoff_that_fails_then_the_former_agent_keeps_the_call() -> None:
    call = team()
    call.tool_requested(0, "c1", "transfer_to_b", "{}")
    assert call.failed(1, "refused") == RollBack("a", "b", 2, "refused")
    assert (call.agent, call.switching) == ("a", False)
    assert call.prepared(1) is None, "what the failed attempt still brings is stale"


def test_given_a_tool_of_another_agent_or_none_then_it_is_refused_in_words() -> None:
    call = team()
    assert call.tool_requested(0, "c1", "look", "{}") == (Run("c1", "look", "{}"),)
    assert "look" in refused(call.tool_requested(0, "c2", "send", "{}"))


def test_given_agents_who_pass_the_caller_round_then_they_are_stopped_until_the_caller_speaks() -> None:
    call = team()
    for _ in range(HANDOFF_LIMIT):
        target = "c" if call.agent == "a" else "a"
        call.tool_requested(call.epoch, "c", f"transfer_to_{target}", "{}")
        call.prepared(call.epoch)
    target = "c" if call.agent == "a" else "a"
    assert "passed round" in refused(call.tool_requested(call.epoch, "c", f"transfer_to_{target}", "{}"))
    call.caller_spoke()
    assert isinstance(call.tool_requested(call.epoch, "c", f"transfer_to_{target}", "{}")[0], Switch)


def test_given_a_rule_against_a_handoff_then_it_is_refused_with_its_words() -> None:
    call = team("b")
    call.facts["number"] = 13
    assert refused(call.tool_requested(0, "c1", "transfer_to_a", "{}")) == "Not with 13."
    call.facts["number"] = 14
    assert isinstance(call.tool_requested(0, "c2", "transfer_to_a", "{}")[0], Switch)


def test_given_a_step_that_is_not_open_then_its_tool_is_neither_offered_nor_run() -> None:
    call = team("b")
    assert "send" not in call.offered
    assert "identify (number)" in refused(call.tool_requested(0, "c1", "send", "{}"))
    done, answer = call.tool_requested(0, "c2", NOTE, '{"number": "7"}')
    assert done == TaskDone("b", "identify")
    assert isinstance(answer, Answer)
    assert "send" in call.offered
    call.caller_spoke()
    call.tool_requested(0, "c3", "send", "{}")
    call.caller_spoke()
    assert call.tool_requested(0, "c4", "send", "{}") == (Run("c4", "send", "{}"),)
    assert call.tool_finished("c4", "sent", failed=False) == ((), (TaskDone("b", "post"),))
    assert "been done" in refused(call.tool_requested(0, "c5", "send", "{}"))
    assert "send" not in call.offered


def test_given_a_step_that_says_when_it_is_done_then_it_opens_again_for_something_else() -> None:
    posted = Task("post", tool="send", done_when=lambda facts: facts.get("posted") == facts.get("number"))
    call = Orchestrator({"b": Role({"send": ToolRules(), "look": ToolRules()}, {}, (posted,))}, "b", FACTS)

    def run(tool: str, arguments: str) -> None:
        call.tool_requested(0, tool, tool, arguments)
        call.tool_finished(tool, "done", failed=False)

    run("look", '{"number": 7}')
    assert "send" in call.offered
    call.facts["posted"] = 7
    run("send", '{"number": 7}')
    assert "send" not in call.offered
    run("look", '{"number": 8}')
    assert "send" in call.offered


def test_given_a_fact_that_is_corrected_then_nothing_starts_again() -> None:
    call = team("b")
    call.tool_requested(0, "c1", NOTE, '{"number": 7}')
    assert "out of range" in refused(call.tool_requested(0, "c2", NOTE, '{"number": 700}'))
    assert call.facts == {"number": 7}
    call.tool_requested(0, "c3", NOTE, '{"number": 8}')
    assert call.facts == {"number": 8}
    assert [task.id for task in call.procedure.open] == ["post"]


def test_given_a_tool_to_confirm_then_it_runs_after_a_turn_of_the_caller_with_the_same_values() -> None:
    call = team("b")
    call.facts["number"] = 1
    call.procedure.update(call.facts)

    def ask(call_id: str, arguments: str) -> object:
        return call.tool_requested(0, call_id, "send", arguments)[0]

    assert isinstance(ask("c1", '{"to": "x"}'), Answer)
    assert isinstance(ask("c2", '{"to": "x"}'), Answer), "nobody has said yes yet"
    call.caller_spoke()
    assert isinstance(ask("c3", '{"to": "y"}'), Answer), "another value was never read back"
    call.caller_spoke()
    assert isinstance(ask("c4", '{ "to":"y" }'), Run)


def test_given_the_same_call_twice_then_the_second_joins_the_first_and_a_write_is_not_repeated() -> None:
    call = team()
    assert isinstance(call.tool_requested(0, "c1", "pay", '{"a": 1, "b": 2}')[0], Run)
    assert call.tool_requested(0, "c2", "pay", '{"b": 2, "a": 1}') == (Answer("c2", "pay", "", failed=False),)
    assert call.tool_finished("c1", "paid", failed=False) == (("c2",), ())
    assert call.tool_requested(0, "c3", "pay", '{"a": 1, "b": 2}') == (Answer("c3", "pay", "paid", failed=False),)
    call.caller_spoke()
    assert isinstance(call.tool_requested(0, "c4", "pay", '{"a": 1, "b": 2}')[0], Run), "a new wish, a new decision"


def test_given_what_an_agent_says_is_done_then_it_is_unfounded_until_its_tool_has_done_it_with_these_facts() -> None:
    rules = ToolRules(writes=True, claims=("your money is on its way", "I have paid"))
    call = Orchestrator({"a": Role({"pay": rules, "look": ToolRules()}, {})}, "a", FACTS)
    said = "Good: your money, is on its way!"
    assert call.unfounded("a", said) == ("pay",)
    assert call.unfounded("a", "I have not paid. Your money is not on its way.") == ()
    call.tool_requested(0, "c1", "pay", '{"number": 7}')
    call.tool_finished("c1", "no", failed=True)
    assert call.unfounded("a", said) == ("pay",)
    call.tool_requested(0, "c2", "pay", '{"number": 7}')
    call.tool_finished("c2", "paid", failed=False)
    assert call.unfounded("a", said) == ()
    call.caller_spoke()
    assert call.unfounded("a", said) == (), "it may be said again later"
    call.facts["number"] = 8
    assert call.unfounded("a", said) == ("pay",), "that was another order"


def test_given_a_caller_who_gives_up_waiting_then_reads_are_stopped_and_writes_are_not() -> None:
    call = team()
    assert STOP not in call.offered
    call.tool_requested(0, "c1", "look", "{}")
    call.tool_requested(0, "c2", "pay", "{}")
    call.tool_is_slow("c2")
    assert STOP not in call.offered, "what writes is not stopped, and what is quick is not worth an offer"
    call.tool_is_slow("c1")
    assert STOP in call.offered
    assert call.tool_requested(0, "c3", STOP, "{}")[0] == Cancel("c1")


def plan(*steps: tuple[str, str], **after: list[int]) -> str:
    """The arguments of a proposal; `wish=[1]` makes a wish wait for the first."""
    items = [
        {"agent": agent, "wish": wish, **({"after": after[wish]} if wish in after else {})} for agent, wish in steps
    ]
    return json.dumps({"steps": items})


def states(call: Orchestrator) -> dict[str, str]:
    return {step.wish: step.state for step in call.plan}


def settle(call: Orchestrator, arguments: str = "{}") -> Answer:
    [answer] = call.tool_requested(call.epoch, "c", SETTLE, arguments)
    assert isinstance(answer, Answer)
    return answer


def test_given_a_plan_then_each_wish_goes_to_its_agent_in_order_and_nothing_is_left() -> None:
    call = team()
    wishes = plan(("b", "send"), ("a", "look"), ("c", "talk"), send=[])
    [answer] = call.tool_requested(0, "c1", MAKE, wishes)
    assert isinstance(answer, Answer)
    assert answer.quiet
    assert call.idle() == (Switch("", "a", "b", 1, announce=False, share="last: 2", returning=False), Begin("send"))
    assert call.idle() == (), "a handoff is under way"
    call.prepared(1)
    assert call.idle() == (), "the first wish is not settled"
    assert SETTLE in call.offered
    assert settle(call).quiet
    assert isinstance(call.idle()[0], Switch)
    call.prepared(2)
    assert states(call) == {"send": "done", "look": "active", "talk": "open"}
    settle(call, '{"outcome": "dropped"}')
    call.idle()
    call.prepared(3)
    assert not settle(call).quiet, "the last one: the caller is asked what else there is"
    assert states(call) == {"send": "done", "look": "dropped", "talk": "done"}
    assert call.idle() == ()


def test_given_wishes_of_one_agent_then_it_goes_on_without_a_handoff() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("a", "pay")))
    assert call.idle() == (Begin("look"),)
    settle(call)
    assert call.idle() == (Begin("pay"),)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{", "steps"),
        ("[]", "steps"),
        ('{"steps": 3}', "list"),
        (plan(("a", "look")), "two wishes"),
        (plan(("a", "look"), ("nobody", "x")), "there is no agent 'nobody'"),
        (plan(("a", "look"), ("b", " ")), "no `wish`"),
        (plan(("a", "look"), ("b", "x"), look=[2]), "steps before it"),
        (plan(*[("a", f"wish {number}") for number in range(9)]), "at most 8"),
    ],
)
def test_given_a_proposal_that_is_no_plan_then_the_model_is_told_why(arguments: str, told: str) -> None:
    call = team()
    assert told in refused(call.tool_requested(0, "c1", MAKE, arguments))
    assert call.plan == ()


def test_given_a_caller_who_adds_drops_and_reorders_then_what_is_settled_stays_and_the_rest_follows() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("a", "pay"), ("b", "send")))
    call.idle()
    settle(call)
    call.idle()
    call.tool_requested(0, "c2", MAKE, plan(("c", "talk"), ("a", "pay")))
    assert states(call) == {"look": "done", "send": "dropped", "talk": "open", "pay": "active"}
    settle(call)
    assert call.idle()[-1] == Begin("talk")


def test_given_a_wish_that_comes_back_without_its_full_stop_then_it_is_the_same() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "Look."), ("a", "pay")))
    call.idle()
    call.tool_requested(0, "c2", MAKE, plan(("a", "look"), ("a", "pay"), ("c", "talk")))
    assert states(call) == {"look": "active", "pay": "open", "talk": "open"}


def test_given_a_wish_that_waits_for_another_then_it_comes_after_it() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("a", "pay"), ("a", "talk"), pay=[1], talk=[1, 2]))
    call.idle()
    call.tool_requested(0, "c2", MAKE, plan(("a", "pay"), ("a", "look"), look=[1]))
    call.idle()
    assert states(call) == {"look": "open", "talk": "dropped", "pay": "active"}


def test_given_a_tool_that_failed_then_its_wish_is_not_settled_until_it_is_dropped_or_done() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("a", "pay")))
    call.idle()
    call.tool_requested(0, "c2", "look", "{}")
    call.tool_finished("c2", "there is none", failed=True)
    told = settle(call)
    assert told.failed
    assert not told.quiet, "the model decides what becomes of the wish: nobody else will"
    assert states(call)["look"] == "active"
    call.tool_requested(0, "c3", "look", '{"again": 1}')
    call.tool_finished("c3", "found", failed=False)
    assert not settle(call).failed


def test_given_a_caller_who_turns_to_another_agent_in_the_middle_of_a_plan_then_the_plan_goes_on_after_that() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("b", "send")))
    call.idle()
    call.tool_requested(0, "c2", "transfer_to_c", "{}")
    call.prepared(1)
    assert [step.state for step in call.plan] == ["active", "open", "open"]
    assert call.plan[0].agent == "c"
    assert call.idle() == ()
    settle(call)
    assert call.idle()[-1] == Begin("look")


def test_given_a_handoff_of_the_plan_that_fails_then_its_wish_is_dropped_and_the_rest_goes_on() -> None:
    call = team()
    call.tool_requested(0, "c1", MAKE, plan(("b", "send"), ("a", "look")))
    call.idle()
    call.failed(1, "refused")
    assert states(call) == {"send": "dropped", "look": "open"}
    assert call.idle() == (Begin("look"),)


def test_given_a_wish_for_a_sub_agent_then_it_is_dealt_with_while_people_talk() -> None:
    roles = {
        "a": Role({"ask_scout": ToolRules(stoppable=True, asks="scout"), "look": ToolRules()}, {"b": HandoffRules()}),
        "b": Role({}, {}),
    }
    call = Orchestrator(roles, "a")
    call.tool_requested(
        0,
        "c1",
        MAKE,
        plan(
            ("scout", "find a shop"),
            ("b", "send"),
            (
                "a",
                "tell",
            ),
            tell=[1],
        ),
    )
    assert call.delegate() == (Delegate("plan_1", "a", "ask_scout", '{"request": "find a shop"}'),)
    assert call.delegate() == ()
    assert isinstance(call.idle()[0], Switch), "the caller need not wait for it"
    call.prepared(1)
    assert call.tool_finished("plan_1", "round the corner", failed=False) == ((), ())
    assert states(call) == {"find a shop": "done", "send": "active", "tell": "open"}
    assert "next wish" in settle(call).message


def test_given_a_wish_for_a_sub_agent_that_the_caller_drops_then_its_work_is_stopped() -> None:
    scout = ToolRules(stoppable=True, asks="scout")
    call = Orchestrator({"a": Role({"ask_scout": scout}, {})}, "a")
    call.tool_requested(0, "c1", MAKE, plan(("scout", "find a shop"), ("a", "talk"), ("a", "look")))
    call.delegate()
    cancelled, answer = call.tool_requested(0, "c2", MAKE, plan(("a", "talk"), ("a", "look")))
    assert cancelled == Cancel("plan_1")
    assert isinstance(answer, Answer)
    call.tool_finished("plan_1", "stopped", failed=True)
    assert states(call) == {"find a shop": "dropped", "talk": "open", "look": "open"}
    call.idle()
    assert "next wish" in settle(call).message, "a sub-agent that failed is no reason not to settle this one"


def test_given_a_rule_against_a_handoff_then_the_plan_tells_it_and_goes_on() -> None:
    call = team("b")
    call.facts["number"] = 13
    call.tool_requested(0, "c1", MAKE, plan(("a", "look"), ("b", "send")))
    assert call.idle() == (Begin("look", "Not with 13."),)
    assert call.idle() == (Begin("send"),)


TOOLS = ["look", "pay", "send", NOTE, STOP, "transfer_to_a", "transfer_to_b", "transfer_to_c"]
PLANS = [
    plan(("a", "look"), ("b", "send"), ("c", "talk"), talk=[1]),
    plan(("c", "talk"), ("a", "pay"), ("b", "send"), send=[2]),
    plan(("b", "send")),
]
NAMES = [*TOOLS, *TOOLS, SETTLE, "prepared", "failed", "turn", "turn", "finished", "broke"]
CALLS = list(product(NAMES, [0, 0, 0, -1, -2], ["{}", '{"number": 5}', '{"number": 13}', "{"]))
PROPOSALS = list(product([MAKE, "idle"], [0], PLANS))
# one draw a step, a third of them about plans: a draw costs hypothesis more than the step costs us
STEPS = st.lists(st.sampled_from([*CALLS, *CALLS, *PROPOSALS * (len(CALLS) // len(PROPOSALS))]), max_size=25)
STARTS = st.sampled_from("ab")


class Witness:
    """The promises in other words than the orchestrator's. `see` raises AssertionError when one is broken."""

    def __init__(self, start: str) -> None:
        self.holder, self.leaving, self.turn = start, "", 0
        self.running: dict[str, tuple[str, str]] = {}
        self.paid: set[tuple[int, str]] = set()
        self.proposed: dict[str, int] = {}
        self.known = False
        self.settled: list[str] = []

    def see(self, command: object, *, stale: bool) -> None:
        match command:
            case Switch(_, source, target):
                assert not stale
                assert not self.leaving, "P3: one handoff at a time"
                assert source == self.holder
                self.leaving, self.holder = source, target
            case Entered(source):
                assert not stale
                assert source == self.leaving
                self.leaving = ""
            case RollBack(source):
                assert not stale
                assert source == self.leaving
                self.holder, self.leaving = source, ""
            case Run(call_id, tool, arguments):
                assert not stale, "P1: only the agent of the current epoch acts"
                assert not self.leaving
                assert tool in ROLES[self.holder].tools
                assert (tool, arguments) not in self.running.values(), "P7: a duplicate joins"
                if tool == "pay":
                    assert (self.turn, arguments) not in self.paid, "P7: once a decision"
                if tool == "send":
                    assert self.known, "the step before is not done"
                    assert self.proposed.get(arguments, self.turn) < self.turn, "nobody has said yes"
                self.running[call_id] = (tool, arguments)
            case Answer(_, "send", _, False):
                pass
            case TaskDone(_, "identify"):
                self.known = True
            case _:
                pass

    def see_plan(self, call: Orchestrator) -> None:
        active = [step for step in call.plan if step.state == "active"]
        assert [step.agent for step in active] in ([], [call.agent]), (
            "one wish at a time, with the agent who has the call"
        )
        settled = [step.wish for step in call.plan if step.state in ("done", "dropped")]
        assert settled[: len(self.settled)] == self.settled or set(self.settled) <= set(settled), (
            "settled stays settled"
        )
        self.settled = settled


def witness(call: Orchestrator, steps: list[tuple[str, int, str]]) -> None:
    seen = Witness(call.agent)
    for number, (name, age, arguments) in enumerate(steps):
        epoch, before = call.epoch + age, (call.agent, call.epoch, call.switching)
        commands: tuple[object, ...] = ()
        match name:
            case "prepared":
                commands = (call.prepared(epoch),)
            case "failed":
                commands = (call.failed(epoch, "why"),)
            case "idle":
                commands = call.idle()
            case "turn":
                call.caller_spoke()
                seen.turn += 1
            case "finished" | "broke":
                if seen.running:
                    call_id, (tool, given_) = seen.running.popitem()
                    _, commands = call.tool_finished(call_id, "output", failed=name == "broke")
                    if tool == "pay" and name == "finished":
                        seen.paid.add((seen.turn, given_))
            case tool:
                commands = call.tool_requested(epoch, f"c{number}", tool, arguments)
                assert commands, "no call of the model stays without an answer"
        for command in commands:
            seen.see(command, stale=bool(age) and name not in ("finished", "broke", "idle"))
        seen.see_plan(call)
        if name == "send" and isinstance(commands[0], Answer) and not commands[0].failed and commands[0].message:
            seen.proposed.setdefault(arguments, seen.turn)
        assert call.agent == seen.holder
        assert call.switching == bool(seen.leaving), "P3: never neither, never both"
        if age and name not in ("turn", "finished", "broke", "idle"):
            assert (call.agent, call.epoch, call.switching) == before, "an event of an old epoch is stale"


@settings(max_examples=200_000 if os.environ.get("BATON_SOAK") else 500)
@given(STARTS, STEPS)
def test_in_any_interleaving_the_promises_hold(start: str, steps: list[tuple[str, int, str]]) -> None:
    witness(team(start), steps)


class HearsOldEpochs(Orchestrator):
    def tool_requested(self, epoch: int, call_id: str, tool: str, arguments: str) -> Any:
        return super().tool_requested(self.epoch, call_id, tool, arguments)


class TrustsOldReadiness(Orchestrator):
    def prepared(self, epoch: int) -> Entered | None:
        return super().prepared(self.epoch)


class TwoHandoffsAtOnce(Orchestrator):
    @property
    def switching(self) -> bool:
        return False


class ForgetsWrites(Orchestrator):
    def tool_finished(self, call_id: str, output: str, *, failed: bool) -> Any:
        told = super().tool_finished(call_id, output, failed=failed)
        self._written.clear()
        return told


class ForgetsWhatRuns(Orchestrator):
    def caller_spoke(self) -> None:
        super().caller_spoke()
        self._running.clear()


class BeginsTwoWishes(Orchestrator):
    def idle(self) -> Any:
        if (active := self._plan.active) and self._plan.next:
            self._plan.steps = tuple(replace(step, state="active") for step in self._plan.steps)
            return (Begin(active.wish),)
        return super().idle()


class LeavesTheWishBehind(Orchestrator):
    def _hand_over(self, role: Role, call_id: str, tool: str, to: str) -> Any:
        before = self._plan.steps
        command = super()._hand_over(role, call_id, tool, to)
        self._plan.steps = before
        return command


class AsksNobody(Orchestrator):
    def __init__(self, roles: Mapping[str, Role], start: str, facts: Mapping[str, FactSpec]) -> None:
        trusting = {**roles, "b": Role({"send": ToolRules(writes=True)}, roles["b"].handoffs, roles["b"].tasks)}
        super().__init__(trusting, start, facts)


class SkipsSteps(Orchestrator):
    def __init__(self, roles: Mapping[str, Role], start: str, facts: Mapping[str, FactSpec]) -> None:
        hasty = {**roles, "b": Role({"send": ToolRules(writes=True)}, roles["b"].handoffs)}
        super().__init__(hasty, start, facts)


BROKEN: dict[type[Orchestrator], tuple[str, list[tuple[str, int, str]]]] = {  # and steps after which that is seen
    HearsOldEpochs: ("a", [("pay", -1, "{}")]),
    TrustsOldReadiness: ("b", [("transfer_to_a", 0, "{}"), ("prepared", -1, "{}")]),
    TwoHandoffsAtOnce: ("a", [("transfer_to_b", 0, "{}")]),
    ForgetsWrites: ("a", [("pay", 0, "{}"), ("finished", 0, ""), ("pay", 0, "{}")]),
    ForgetsWhatRuns: ("a", [("pay", 0, "{}"), ("turn", 0, ""), ("pay", 0, "{}")]),
    AsksNobody: ("b", [("note_facts", 0, '{"number": 5}'), ("send", 0, "{}")]),
    SkipsSteps: ("b", [("send", 0, "{}")]),
    BeginsTwoWishes: (
        "b",
        [(MAKE, 0, plan(("c", "talk"), ("a", "pay"), ("b", "send"))), ("idle", 0, ""), ("idle", 0, "")],
    ),
    LeavesTheWishBehind: (
        "a",
        [(MAKE, 0, plan(("a", "look"), ("b", "send"), ("c", "talk"))), ("idle", 0, ""), ("transfer_to_b", 0, "{}")],
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_given_a_rule_that_is_broken_then_the_property_does_not_hold(broken: type[Orchestrator]) -> None:
    start, steps = BROKEN[broken]
    witness(Orchestrator(ROLES, start, FACTS), steps)
    with pytest.raises(AssertionError):
        witness(broken(ROLES, start, FACTS), steps)


@pytest.mark.soak
@pytest.mark.parametrize("broken", BROKEN)
def test_given_a_rule_that_is_broken_then_the_property_finds_it(broken: type[Orchestrator]) -> None:
    @settings(max_examples=20_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(STARTS, STEPS)
    def property_(start: str, steps: list[tuple[str, int, str]]) -> None:
        witness(broken(ROLES, start, FACTS), steps)

    with pytest.raises(AssertionError):
        property_()
