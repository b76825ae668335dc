"""When a call has used up what it may: who is warned, who is heard out, and that it ends."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.limits import LimitsSpec
from worker.turns.farewell import ANSWER_S, ATTEMPTS, GOODBYE_S, LINGER_S, WAIT_S, End, SayGoodbye
from worker.turns.limits import Command, Limits, Near, Reached


@dataclass
class Stage:
    """What goes on in a call, and what its limits had it do."""

    limits: Limits
    caller_speaking: bool = False
    replying: bool = False
    audible: bool = False
    working: bool = False
    done: list[Command] = field(default_factory=list)

    def at(self, now: float) -> list[Command]:
        """All that is to be done at a moment."""
        new: list[Command] = []
        while command := self.limits.step(
            now,
            caller_speaking=self.caller_speaking,
            replying=self.replying,
            audible=self.audible,
            working=self.working,
        ):
            new.append(command)
            if isinstance(command, SayGoodbye):
                self.replying = True  # it is due, if not asked for yet
            assert len(new) < 9, "it comes to rest"
        self.done += new
        return new


def stage(**limits: float) -> Stage:
    return Stage(Limits(LimitsSpec(**limits), began=0.0))


def leaving(at: float = 60.0) -> Stage:
    """A call whose time is up at `at`, with its goodbye asked for."""
    held = stage(minutes_per_call=at / 60)
    held.at(0.0)
    held.at(at)
    return held


def kinds(commands: list[Command]) -> list[type]:
    return [type(command) for command in commands]


def test_given_eight_tenths_of_a_limit_then_it_is_warned_once_and_nothing_else_happens() -> None:
    held = stage(minutes_per_call=10)
    assert held.at(0.0) == []
    assert held.limits.deadline == 480
    assert held.at(480.0) == [Near("minutes_per_call", 8.0, 10.0)]
    assert held.at(481.0) == []
    assert held.limits.deadline == 600
    assert not held.limits.leaving


@pytest.mark.parametrize(
    ("limit", "words"),
    [("minutes_per_call", "time for this call"), ("cost_per_call", "its limit"), ("cost_per_day", "calls today")],
)
def test_given_a_limit_then_goodbye_is_said_for_its_reason_and_the_call_ends_when_it_was_heard(
    limit: str, words: str
) -> None:
    held = stage(**{limit: 2.0})
    held.at(0.0)
    held.limits.spent(2.0)
    reached, goodbye = held.at(120.0)
    assert reached == Reached(limit, 2.0, 2.0)
    assert isinstance(goodbye, SayGoodbye)
    assert words in goodbye.hint
    assert "just joined" not in goodbye.hint
    assert not goodbye.cut
    held.replying = held.audible = True
    assert held.at(123.0) == []
    held.replying = held.audible = False
    held.limits.said()
    assert held.at(126.0) == [], "the last of it is on its way"
    assert held.limits.deadline == 126.0 + LINGER_S
    assert held.at(126.0 + LINGER_S) == [End(f"a limit was reached: {limit}", parted=True)]
    assert held.at(200.0) == []
    assert held.limits.deadline is None


def test_given_a_day_that_is_used_up_then_who_calls_is_greeted_with_a_goodbye() -> None:
    held = stage(cost_per_day=50)
    held.limits.spent_today(50.0)
    reached, goodbye = held.at(0.0)
    assert isinstance(reached, Reached)
    assert isinstance(goodbye, SayGoodbye)
    assert "just joined" in goodbye.hint
    assert "tomorrow" in goodbye.hint


def test_given_a_day_of_many_calls_then_this_one_counts_once() -> None:
    held = stage(cost_per_day=10)
    held.limits.spent(1.0)
    held.limits.spent_today(7.0)  # this one's included
    assert held.at(1.0) == []
    held.limits.spent(2.0)
    assert held.at(2.0) == [Near("cost_per_day", 8.0, 10.0)]


@pytest.mark.parametrize("who", ["caller_speaking", "replying", "audible", "working"])
def test_given_somebody_who_is_not_done_then_they_are_heard_out_but_not_for_ever(who: str) -> None:
    held = stage(minutes_per_call=1)
    held.at(0.0)
    setattr(held, who, True)
    assert kinds(held.at(60.0)) == [Reached]
    assert held.at(60.0 + WAIT_S - 0.1) == []
    assert not held.limits.insists
    assert held.limits.deadline == 60.0 + WAIT_S
    [goodbye] = held.at(60.0 + WAIT_S)
    assert isinstance(goodbye, SayGoodbye)
    assert goodbye.cut
    assert held.limits.insists


def test_given_a_model_that_says_nothing_then_the_call_ends_all_the_same() -> None:
    held = leaving()
    assert held.at(60.0 + ANSWER_S - 0.1) == []
    assert kinds(held.at(60.0 + ANSWER_S)) == [End]


def test_given_a_goodbye_that_has_no_end_then_the_call_ends_all_the_same() -> None:
    held = leaving()
    held.replying = held.audible = True
    assert held.at(60.0 + GOODBYE_S - 0.1) == []
    assert kinds(held.at(60.0 + GOODBYE_S)) == [End]


def test_given_a_caller_who_breaks_into_the_goodbye_then_it_is_said_again_when_they_are_done() -> None:
    held = leaving()
    held.caller_speaking, held.replying = True, False  # what was to be said is cut
    assert held.at(61.0) == []
    held.caller_speaking = False
    assert kinds(held.at(62.0)) == [SayGoodbye]
    held.replying = held.audible = True
    held.at(63.0)
    held.replying = held.audible = False
    held.limits.said()
    held.at(64.0)
    assert kinds(held.at(64.0 + LINGER_S)) == [End]


def test_given_a_caller_who_answers_the_goodbye_then_they_may_finish() -> None:
    held = leaving()
    held.limits.said()
    held.caller_speaking, held.replying = True, False
    assert held.at(62.0) == []
    assert held.at(64.0) == []
    held.caller_speaking = False
    assert held.at(65.0) == []
    assert kinds(held.at(65.0 + LINGER_S)) == [End]


def test_given_a_goodbye_that_fails_then_it_is_tried_again_and_then_left() -> None:
    held = leaving()
    asked = 1
    for second in range(1, 6):
        held.replying = False
        new = held.at(60.0 + second / 10)
        asked += kinds(new).count(SayGoodbye)
        if End in kinds(new):
            break
    assert asked == ATTEMPTS
    assert kinds(held.done)[-1] is End


def test_given_no_limits_then_nothing_ever_happens() -> None:
    held = stage()
    held.limits.spent(1e6)
    held.limits.spent_today(1e6)
    assert held.at(1e6) == []
    assert held.limits.deadline is None


MOMENTS = st.lists(
    st.tuples(st.floats(0.05, 15), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    max_size=40,
)


@given(MOMENTS, st.floats(0, 3))
def test_whatever_happens_a_limit_ends_the_call_in_time_after_a_goodbye_and_never_over_somebody_without_need(
    moments: list[tuple[float, bool, bool, bool, bool, bool]], spent: float
) -> None:
    held = stage(minutes_per_call=1, cost_per_call=2)
    held.at(0.0)
    held.limits.spent(spent)
    now, reached_at = 0.0, None
    patient = iter(moments)
    while not any(isinstance(command, End) for command in held.done):
        wait, *busy, heard = next(patient, (15.0, False, True, True, True, False))
        due = held.limits.deadline
        now = min(now + wait, due) if due is not None else now + wait
        held.caller_speaking, held.replying, held.audible, held.working = busy
        if heard:
            held.limits.said()
        new = held.at(now)
        for command in new:
            if isinstance(command, Reached):
                reached_at = now
            if isinstance(command, SayGoodbye):
                assert reached_at is not None
                assert not any(busy[:3]) or now >= reached_at + WAIT_S, "somebody speaks, and had not had their time"
        assert held.limits.deadline is None or held.limits.deadline > now, "no deadline that comes again and again"
        if reached_at is not None:
            assert now <= reached_at + WAIT_S + (ATTEMPTS - 1) * GOODBYE_S + GOODBYE_S
    order = kinds(held.done)
    assert order.count(Reached) == order.count(End) == 1
    assert 1 <= order.count(SayGoodbye) <= ATTEMPTS
    assert order.index(Reached) < order.index(SayGoodbye) < order.index(End)
    assert order.count(Near) <= 2
