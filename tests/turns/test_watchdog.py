"""What is done about an answer that does not come, and about a silence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.turns.watchdog import (
    AGAIN_S,
    ANEW_S,
    ANSWER_S,
    ASK_S,
    BEGIN_S,
    CANCEL_S,
    CHANCE_S,
    PATIENCE_S,
    RETRIES,
    STALL_S,
    Due,
    Step,
    Wait,
    Watchdog,
)


def step(watchdog: Watchdog, now: float, *, up: bool = True) -> Step | None:
    due = watchdog.step(now, up=up)
    return due.step if due else None


def listen(
    watchdog: Watchdog, now: float, wait: Wait = Wait.ANSWER, *, speaking: bool = False, free: bool = True
) -> Step | None:
    due = watchdog.listen(now, wait, caller_speaking=speaking, model_free=free)
    return due.step if due else None


def turn(ended: float = 0.0) -> Watchdog:
    watchdog = Watchdog()
    watchdog.caller_spoke(ended, ended)
    return watchdog


def test_given_a_mute_model_then_the_line_is_moved_once_and_then_it_is_given_up() -> None:
    watchdog = turn()
    watchdog.asked(1.0)
    assert watchdog.deadline == 1.0 + BEGIN_S
    assert step(watchdog, 0.9 + BEGIN_S) is None
    assert step(watchdog, 1.0 + BEGIN_S) is Step.MOVE
    watchdog.over()
    watchdog.asked(8.0)
    assert watchdog.step(8.0 + BEGIN_S, up=True) == Due(Step.LEAVE, "no reply begins in 6 s")
    assert watchdog.lifeless
    watchdog.over()
    assert watchdog.failed() is Step.APOLOGISE
    assert watchdog.deadline is None


def test_given_replies_that_fail_then_they_are_asked_again_and_once_in_another_session() -> None:
    watchdog = turn()
    steps = [watchdog.failed() for _ in range(RETRIES + 1)]
    assert steps == [Step.AGAIN, Step.MOVE, Step.APOLOGISE]
    watchdog.worked()
    assert [watchdog.failed() for _ in range(RETRIES + 1)] == [Step.AGAIN, Step.AGAIN, Step.APOLOGISE]
    watchdog.caller_spoke(9.0, 9.0)
    assert watchdog.failed() is Step.AGAIN


@pytest.mark.parametrize(
    ("stage", "within_s", "why"),
    [
        ("busy", CANCEL_S, "the provider stays busy with another reply"),
        ("cut", CANCEL_S, "no sign of life for 3 s"),
    ],
)
def test_given_a_reply_that_does_not_get_out_of_the_way_then_it_is_left(stage: str, within_s: float, why: str) -> None:
    watchdog = turn()
    watchdog.asked(0.0)
    getattr(watchdog, stage)(1.0)
    assert step(watchdog, 0.9 + within_s) is None
    assert watchdog.step(1.0 + within_s, up=True) == Due(Step.LEAVE, why)
    assert not watchdog.lifeless, "its session may be as good as any"


def test_given_replies_that_fall_silent_then_each_has_its_session_left() -> None:
    watchdog = turn()
    watchdog.asked(0.0)
    watchdog.alive(1.0)
    assert step(watchdog, 0.9 + STALL_S) is None
    assert watchdog.step(1.0 + STALL_S, up=True) == Due(Step.MOVE, "no sign of life for 9 s")
    watchdog.over()
    watchdog.asked(11.0)
    watchdog.alive(12.0)
    assert watchdog.step(12.0 + STALL_S, up=True) == Due(Step.LEAVE, "no sign of life for 9 s")
    assert watchdog.lifeless


def test_given_a_line_that_is_not_there_then_nothing_is_given_up_and_it_is_looked_at_again() -> None:
    watchdog = turn()
    watchdog.asked(0.0)
    assert step(watchdog, BEGIN_S, up=False) is None
    assert watchdog.deadline is not None
    assert watchdog.deadline > BEGIN_S, "a deadline in the past would never let the call rest"
    assert step(watchdog, watchdog.deadline) is Step.MOVE


def test_given_an_answer_that_is_owed_and_does_not_come_then_it_is_asked_for() -> None:
    watchdog = Watchdog()
    watchdog.owed(1.0, 0.5)
    assert watchdog.owes
    assert step(watchdog, 0.9 + BEGIN_S) is None
    assert step(watchdog, 1.0 + BEGIN_S) is Step.ASK
    assert not watchdog.owes


def test_given_a_caller_who_waits_then_words_fill_the_silence_until_there_is_an_apology() -> None:
    watchdog = turn(ended=1.0)
    assert listen(watchdog, 1.5) is None
    assert watchdog.deadline == 1.0 + PATIENCE_S
    assert listen(watchdog, 1.0 + PATIENCE_S) is Step.MOMENT
    watchdog.speaks(5.1, model=False)
    watchdog.sounds(5.1, on=True)
    assert listen(watchdog, 6.0) is None
    watchdog.sounds(6.1, on=False)
    assert listen(watchdog, 6.1) is None
    assert watchdog.deadline == 6.1 + AGAIN_S
    assert listen(watchdog, 6.1 + AGAIN_S) is Step.STILL
    assert listen(watchdog, 1.0 + ANSWER_S) is Step.APOLOGISE


def test_given_an_answer_that_falls_silent_then_the_caller_hears_a_word_as_soon_as_after_a_turn() -> None:
    watchdog = turn()
    assert listen(watchdog, PATIENCE_S) is Step.MOMENT
    watchdog.speaks(5.0, model=True)
    watchdog.sounds(5.0, on=True)
    watchdog.sounds(8.0, on=False)
    assert listen(watchdog, 7.9 + PATIENCE_S) is None
    assert listen(watchdog, 8.0 + PATIENCE_S) is Step.MOMENT


def test_given_words_that_are_heard_but_answer_nothing_then_they_put_off_no_apology() -> None:
    watchdog = turn()
    for second in range(4, 20, 2):
        watchdog.speaks(second, model=False)
        watchdog.sounds(second, on=True)
        watchdog.sounds(second + 1, on=False)
        assert listen(watchdog, second + 1.0) is None
    assert listen(watchdog, ANSWER_S) is Step.APOLOGISE


def test_given_a_tool_then_the_model_is_asked_for_the_next_word_and_if_it_is_mute_another_voice_says_it() -> None:
    watchdog = turn()
    assert listen(watchdog, 1.0, Wait.TOOL, free=False) is None, "its filler is on the way"
    watchdog.speaks(2.0, model=True)
    watchdog.sounds(2.0, on=True)
    watchdog.sounds(3.0, on=False)
    assert listen(watchdog, 3.0, Wait.TOOL) is None
    assert watchdog.deadline == 3.0 + AGAIN_S - ASK_S
    assert listen(watchdog, 3.0 + AGAIN_S - ASK_S, Wait.TOOL) is Step.WORD
    assert listen(watchdog, 3.0 + AGAIN_S - ASK_S, Wait.TOOL) is None, "once in a silence"
    assert listen(watchdog, 3.0 + AGAIN_S, Wait.TOOL) is Step.STILL
    assert listen(watchdog, 60.0, Wait.TOOL) is Step.STILL, "the tool has a deadline of its own"


def test_given_a_tool_that_nobody_is_to_speak_over_then_a_word_comes_late_and_not_from_the_model() -> None:
    watchdog = turn()
    assert listen(watchdog, AGAIN_S - 0.1, Wait.QUIET_TOOL) is None
    assert listen(watchdog, AGAIN_S, Wait.QUIET_TOOL) is Step.MOMENT


@pytest.mark.parametrize("wait", [Wait.NOTHING, Wait.ANSWER])
def test_given_nobody_who_waits_or_a_caller_who_speaks_then_nothing_is_said(wait: Wait) -> None:
    watchdog = turn()
    assert listen(watchdog, 60.0, wait, speaking=wait is Wait.ANSWER) is None
    assert watchdog.deadline is None


def test_given_a_wait_without_a_turn_then_it_counts_from_when_it_began() -> None:
    watchdog = Watchdog()
    assert listen(watchdog, 50.0, Wait.NOTHING) is None
    assert listen(watchdog, 60.0) is None
    assert watchdog.deadline == 60.0 + PATIENCE_S


def test_given_a_turn_that_was_noticed_late_then_the_answer_has_its_chance_before_a_word_fills_the_silence() -> None:
    watchdog = Watchdog()
    watchdog.caller_spoke(20.0, 10.0)
    assert listen(watchdog, 20.0) is None
    assert watchdog.deadline == 20.0 + CHANCE_S
    assert listen(watchdog, 20.0 + CHANCE_S) is Step.MOMENT


def test_given_a_turn_that_was_noticed_late_and_a_quiet_tool_then_the_silence_counts_from_its_end() -> None:
    watchdog = Watchdog()
    watchdog.caller_spoke(13.0, 5.0)
    assert listen(watchdog, 13.0, Wait.QUIET_TOOL) is None
    assert watchdog.deadline == 5.0 + AGAIN_S, "not from when it was noticed"
    watchdog.caller_spoke(40.0, 30.0)
    assert listen(watchdog, 40.0, Wait.QUIET_TOOL) is None
    assert watchdog.deadline == 40.0 + CHANCE_S


def test_given_another_session_then_its_answer_is_waited_for_no_longer_but_has_a_chance() -> None:
    watchdog = turn()
    watchdog.speaks(1.0, model=False)
    assert listen(watchdog, 1.0, Wait.LINE) is None
    assert listen(watchdog, 1.0) is None
    assert listen(watchdog, ANSWER_S - 0.1) is not Step.APOLOGISE
    assert listen(watchdog, ANSWER_S - 0.1, Wait.LINE) is None
    assert listen(watchdog, ANSWER_S) is None
    assert listen(watchdog, ANSWER_S - 0.2 + ANEW_S) is not Step.APOLOGISE
    assert listen(watchdog, ANSWER_S - 0.1 + ANEW_S) is Step.APOLOGISE


FACTS = ("asked", "alive", "busy", "cut", "calls_tool", "over", "owed", "spoke", "word", "sound", "step", "failed")


@given(st.lists(st.tuples(st.floats(0.05, 6.0), st.sampled_from(FACTS), st.sampled_from(Wait)), max_size=40))
def test_given_any_facts_then_no_wait_is_silent_for_longer_than_it_may_be(
    story: list[tuple[float, str, Wait]],
) -> None:
    """Whoever carries out what it says at its deadlines never leaves a caller for longer than AGAIN_S."""
    watchdog, now, heard_at = turn(), 0.0, 0.0
    wait = Wait.ANSWER
    for pause_s, fact, next_wait in story:
        until = now + pause_s
        while (deadline := watchdog.deadline) is not None and deadline <= until:
            assert deadline >= now or now == 0.0, "a deadline in the past would never let the call rest"
            now = max(now, deadline)
            if step(watchdog, now) is Step.LEAVE:
                watchdog.over()
            if listen(watchdog, now, wait) in (Step.MOMENT, Step.STILL):
                heard_at = now
            assert wait is Wait.NOTHING or now - heard_at <= AGAIN_S + 0.001
        now = until
        match fact:
            case "owed":
                watchdog.owed(now, now)
            case "over":
                watchdog.over()
            case "spoke":
                watchdog.caller_spoke(now, now)
            case "word" | "sound":
                watchdog.speaks(now, model=fact == "sound")
                watchdog.sounds(now, on=True)
                watchdog.sounds(now, on=False)
                heard_at = now
            case "step":
                step(watchdog, now)
            case "failed":
                watchdog.failed()
            case _:
                getattr(watchdog, fact)(now)
        if wait is Wait.NOTHING or fact in ("owed", "spoke"):
            heard_at = max(heard_at, now)
        wait = next_wait
        if listen(watchdog, now, wait) in (Step.MOMENT, Step.STILL):
            heard_at = now
    assert math.isfinite(now)
