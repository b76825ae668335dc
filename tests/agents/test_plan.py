import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.plan import JUST_NOW, MOST, Plan, PlanError, Step

AGENTS, QUIET = "abc", "q"  # who takes callers, and a sub-agent
SETTLED = ("done", "dropped")
WISHES = st.integers(0, 11)  # each belongs to one agent: a wish is known by its number
PROPOSALS = st.lists(st.tuples(WISHES, st.lists(st.integers(1, MOST), max_size=2)), max_size=MOST + 1)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("propose"), PROPOSALS),
        st.tuples(
            st.sampled_from(["go on", "go on", "done", "dropped", "found", "not found", "roll back", *AGENTS]),
            st.just([]),
        ),
    ),
    max_size=20,
)


def agent_of(wish: int) -> str:
    return (AGENTS + QUIET)[wish % (len(AGENTS) + len(QUIET))]


def proposal(wishes: list[tuple[int, list[int]]]) -> str:
    return json.dumps({"steps": [{"wish": f"wish {n}", "agent": agent_of(n), "after": after} for n, after in wishes]})


def keep(plan: Plan, moves: list[tuple[str, Any]]) -> None:
    """Makes the moves; raises AssertionError when the plan breaks a promise."""
    wanted = set[str]()
    waits: dict[str, set[str]] = {}  # a wish that is to be done: what it waits for
    runs = set[str]()
    for name, wishes in moves:
        before = plan.steps
        match name:
            case "propose":
                try:
                    plan.propose(proposal(wishes), AGENTS, "a", QUIET)
                except PlanError:
                    assert plan.steps == before, "what is no plan changes nothing"
                    continue
                named = [f"wish {number}" for number, _ in wishes]
                wanted |= set(named)
                for wish, (_, after) in zip(named, wishes, strict=True):
                    waits[wish] = {named[number - 1] for number in after}
                left = [step.wish for step in plan.steps if step.state not in SETTLED]
                assert left == named, "what is to be done is what was proposed, in its order"
            case "go on":
                while quiet := plan.next_quiet:
                    runs.add(run := f"run {len(runs)}")
                    plan.begin(quiet, run)
                assert plan.running <= runs
                if plan.active is None and (step := plan.next):
                    settled = {step.wish for step in plan.steps if step.state in SETTLED}
                    if named.count(step.wish) == 1:
                        assert waits.get(step.wish, set()) <= settled, "what it waits for comes first"
                    plan.begin(step)
            case "done" | "dropped" as state:
                plan.settle(state)
            case "found" | "not found":
                if running := plan.running:
                    plan.settle_quiet(min(running), "done" if name == "found" else "dropped")
                    assert plan.running == running - {min(running)}
            case "roll back":  # a handoff that fails, while a sub-agent comes to its end
                former = plan.steps
                plan.handed_over("b")
                for run in plan.running:
                    plan.settle_quiet(run, "done")
                plan.restore(former)
                assert not plan.running, "what has ended meanwhile has ended"
            case agent:
                plan.handed_over(agent)
                assert plan.active is None or plan.active.agent == agent, "whoever has the caller deals with a wish"
                assert waiting(before).items() <= waiting(plan.steps).items(), "what waits for what is as it was"
        check(before, plan.steps, wanted)
    for _ in plan.steps:
        if plan.active is None and (step := plan.next):
            plan.begin(step)
        plan.settle("done")
        if quiet := plan.next_quiet:
            plan.begin(quiet, "last")
        for run in plan.running:
            plan.settle_quiet(run, "done")
    assert all(step.state in SETTLED for step in plan.steps), "no wish waits for ever"


def waiting(steps: tuple[Step, ...]) -> dict[str, tuple[str, ...]]:
    """What each wish waits for, by their words."""
    return {step.wish: tuple(steps[place].wish for place in step.after) for step in steps if step.wish != JUST_NOW}


def check(before: tuple[Step, ...], after: tuple[Step, ...], wanted: set[str]) -> None:
    assert sum(step.state == "active" and not step.quiet for step in after) <= 1, "one wish at a time"
    assert wanted <= {step.wish for step in after}, "no wish is lost"
    settled = iter([(step.wish, step.state) for step in after if step.state in SETTLED])
    assert all((step.wish, step.state) in settled for step in before if step.state in SETTLED), (
        "what is settled stays so, in its order"
    )
    for place, step in enumerate(after):
        assert all(0 <= other < place for other in step.after), "a step waits for steps before it"
    assert not {step.wish for step in after} - wanted - {JUST_NOW}


@settings(max_examples=100_000 if os.environ.get("BATON_SOAK") else 100)
@given(MOVES)
def test_in_any_order_of_events_a_plan_keeps_its_promises(moves: list[tuple[str, Any]]) -> None:
    keep(Plan(), moves)


class ForgetsWhatWasDropped(Plan):
    def propose(self, *given: Any) -> None:
        super().propose(*given)
        self.steps = tuple(step for step in self.steps if step.state != "dropped")


class WaitsForNothing(Plan):
    def _ready(self, step: Step) -> bool:
        return True


class DealsWithTwo(Plan):
    @property
    def active(self) -> Step | None:
        return None


class LosesItsPlace(Plan):
    def handed_over(self, agent: str) -> None:
        waiting = [step.after for step in self.steps]
        super().handed_over(agent)
        if len(waiting) < len(self.steps):  # places have moved
            self.steps = tuple(
                replace(step, after=after) for step, after in zip(self.steps, [(), *waiting], strict=True)
            )


class ForgetsWhatEndedMeanwhile(Plan):
    def restore(self, former: tuple[Step, ...]) -> None:
        self.steps = former


class OpensAgain(Plan):
    def begin(self, step: Step, run: str = "") -> None:
        super().begin(step, run)
        self.steps = tuple(replace(one, state="open") if one.state == "done" else one for one in self.steps)


BROKEN: dict[Callable[[], Plan], list[tuple[str, Any]]] = {  # and moves after which that is seen
    ForgetsWhatWasDropped: [("propose", [(3, []), (3, [])]), ("propose", [])],
    WaitsForNothing: [("propose", [(7, []), (6, [1])]), ("go on", [])],
    DealsWithTwo: [("propose", [(2, []), (6, [])])],
    LosesItsPlace: [("propose", [(4, []), (6, [1])]), ("b", [])],
    ForgetsWhatEndedMeanwhile: [("propose", [(3, []), (7, [])]), ("go on", []), ("roll back", [])],
    OpensAgain: [("propose", [(2, []), (6, [])])],
}


@pytest.mark.parametrize("broken", BROKEN)
def test_given_a_plan_that_is_broken_then_the_property_does_not_hold(broken: Callable[[], Plan]) -> None:
    keep(Plan(), BROKEN[broken])
    with pytest.raises(AssertionError):
        keep(broken(), BROKEN[broken])


@pytest.mark.soak
@pytest.mark.parametrize("broken", BROKEN)
def test_given_a_plan_that_is_broken_then_the_property_finds_it(broken: Callable[[], Plan]) -> None:
    @settings(max_examples=5_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(MOVES)
    def property_(moves: list[tuple[str, Any]]) -> None:
        keep(broken(), moves)

    with pytest.raises(AssertionError):
        property_()
