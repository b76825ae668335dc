"""What Prometheus is told, from the events of calls."""

import contextlib
from collections.abc import Mapping

import pytest
from prometheus_client import REGISTRY

from worker.journal import events as journal
from worker.telemetry.measuring import Measuring

STARTED = journal.CallStarted(call="c", room="r", team="t", agent="desk", model="local", caller="jo")
GAP, REPLY, TOOL = "baton_handoff_gap_seconds", "baton_reply_latency_seconds", "baton_tool_seconds"
DECIDED = journal.HandoffDecided(at=1000, source="desk", target="stock", call_id="h")
DONE = journal.HandoffDone(at=1200, source="desk", target="stock")
FAILED = journal.HandoffFailed(at=1300, source="desk", target="stock", reason="refused")
CALLED = journal.ToolCalled(at=100, agent="desk", call_id="t", tool="look_up", arguments={})
FINISHED = journal.ToolFinished(at=350, agent="desk", call_id="t", tool="look_up", output="")
ENDED = journal.CallEnded(at=9000, reason="the caller left")


def said(
    agent: str, at: int, started_ms: int | None, *, item: str = "", latency_ms: int | None = None
) -> journal.AgentSaid:
    return journal.AgentSaid(
        agent=agent, text="Hello.", item=item, heard_ms=500, at=at, started_ms=started_ms, latency_ms=latency_ms
    )


def value(name: str, labels: Mapping[str, str] | None = None) -> float:
    return REGISTRY.get_sample_value(name, dict(labels or {})) or 0.0


class Counted:
    """How much samples have grown since it was made."""

    def __init__(self) -> None:
        self._before = {sample: self._all()[sample] for sample in self._all()}

    @staticmethod
    def _all() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if not sample.name.endswith("_created")
        }

    def of(self, name: str, **labels: str) -> float:
        sample = (name, tuple(sorted(labels.items())))
        return round(self._all().get(sample, 0.0) - self._before.get(sample, 0.0), 6)

    def any(self, name: str) -> float:
        return sum(self.of(one, **dict(labels)) for one, labels in self._all() if one == name)


def measured(*events: journal.JournalEvent) -> Counted:
    counted = Counted()
    with Measuring("c", {"look_up", "search"}, None) as measuring:
        for event in events:
            measuring.take(event)
    return counted


def test_given_a_handoff_when_the_next_agent_is_heard_then_the_gap_ends_with_its_first_sound() -> None:
    counted = measured(STARTED, DECIDED, DONE, said("stock", 4000, 1800), said("stock", 6000, 5000), ENDED)
    assert counted.of(f"{GAP}_count") == 1
    assert counted.of(f"{GAP}_sum") == 0.8
    assert counted.of("baton_handoffs_total", outcome="done") == 1


def test_given_a_handoff_when_others_are_heard_first_then_the_gap_goes_on() -> None:
    before = said("stock", 1100, 500), said("desk", 1600, 900), said("stock", 2500, 1700, item=f"{journal.ANNOUNCED}1")
    counted = measured(STARTED, DECIDED, DONE, *before, said("stock", 4000, 3000), ENDED)
    assert counted.of(f"{GAP}_sum") == 2.0


def test_given_a_first_message_of_which_nobody_knows_when_it_began_then_no_gap_is_guessed() -> None:
    counted = measured(STARTED, DECIDED, DONE, said("stock", 4000, None), said("stock", 6000, 5000), ENDED)
    assert counted.of(f"{GAP}_count") == 0


def test_given_a_handoff_that_fails_then_what_the_former_agent_says_is_no_gap() -> None:
    counted = measured(STARTED, DECIDED, FAILED, said("desk", 4000, 1800), said("stock", 5000, 4500), ENDED)
    assert counted.of(f"{GAP}_count") == 0
    assert counted.of("baton_handoffs_total", outcome="failed") == 1


def test_given_a_caller_who_hangs_up_in_a_handoff_then_it_is_unfinished() -> None:
    assert measured(STARTED, DECIDED, ENDED).of("baton_handoffs_total", outcome="unfinished") == 1
    assert measured(STARTED, DECIDED, DONE, ENDED).of("baton_handoffs_total", outcome="unfinished") == 0
    assert measured(STARTED, DECIDED).any("baton_handoffs_total") == 0  # another worker goes on with it


def test_given_answers_then_only_the_first_sound_of_each_counts() -> None:
    counted = measured(
        STARTED, said("desk", 900, 300), said("desk", 3000, 2000, latency_ms=450), said("desk", 4000, 3100)
    )
    assert counted.of(f"{REPLY}_count") == 1
    assert counted.of(f"{REPLY}_sum") == 0.45


def test_given_tools_then_those_that_ran_are_timed() -> None:
    answered_at_once = journal.ToolFinished(
        at=500, agent="desk", call_id="x", tool="made_up", output="No.", failed=True
    )
    never = journal.ToolCalled(at=600, agent="desk", call_id="n", tool="search", arguments={})
    counted = measured(STARTED, CALLED, FINISHED, FINISHED, answered_at_once, never, ENDED)
    assert counted.of(f"{TOOL}_sum", tool="look_up") == 0.25
    assert counted.any(f"{TOOL}_count") == 1


def test_given_a_name_that_a_sub_agent_makes_up_then_it_is_no_label() -> None:
    calls = [
        event
        for number, tool in enumerate(["search", "the_callers_secret"])
        for event in (
            journal.ToolCalled(agent="help", call_id=f"p/{number}", tool=tool, arguments={}, parent="p"),
            journal.ToolFinished(agent="help", call_id=f"p/{number}", tool=tool, output="", parent="p", at=10),
        )
    ]
    counted = measured(STARTED, *calls, ENDED)
    assert counted.of(f"{TOOL}_count", tool="search") == counted.of(f"{TOOL}_count", tool="other") == 1
    assert counted.any(f"{TOOL}_count") == 2


@pytest.mark.parametrize("last", [ENDED, FINISHED])
def test_a_call_is_held_until_it_ends_or_goes_elsewhere(last: journal.JournalEvent) -> None:
    held = value("baton_calls")
    with Measuring("c", (), None) as measuring:
        measuring.take(STARTED)
        assert value("baton_calls") == held + 1
        measuring.take(last)
        measuring.take(last)
        assert value("baton_calls") == held + (last is not ENDED)
    assert value("baton_calls") == held


def test_a_call_is_held_no_more_after_a_fault() -> None:
    held = value("baton_calls")
    with contextlib.suppress(RuntimeError), Measuring("c", (), None) as measuring:
        measuring.take(STARTED)
        raise RuntimeError
    assert value("baton_calls") == held


def test_given_a_call_of_another_worker_then_it_is_held_and_does_not_begin_again() -> None:
    cut, resumed = said("desk", 5000, None), journal.CallResumed(at=5001, agent="desk", gap_ms=2000)
    late = FINISHED.model_copy(update={"at": 5500})  # it was called before, elsewhere
    counted = measured(cut, resumed, late, said("desk", 7000, 6000), ENDED)
    assert counted.of("baton_calls_started_total") == 0
    assert counted.of("baton_calls_resumed_total") == 1
    assert counted.any(f"{TOOL}_count") == 0
    assert counted.of("baton_calls") == 0


def test_given_a_call_to_which_nobody_comes_back_then_it_is_not_held() -> None:
    assert measured(ENDED).of("baton_calls") == 0


def test_lines_guards_and_the_watchdog_are_counted() -> None:
    counted = measured(
        journal.LineRestored(gap_ms=700),
        journal.GuardBlocked(agent="desk", guard="prices", place="output", action="block", why="a price"),
        journal.WatchdogFired(reason="slow", action="ask again"),
    )
    assert counted.of("baton_line_gap_seconds_sum") == 0.7
    assert counted.of("baton_guard_blocked_total", guard="prices", action="block") == 1
    assert counted.of("baton_watchdog_total", action="ask again") == 1
