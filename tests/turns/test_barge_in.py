import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.turns.barge_in import DECIDE_S, TRANSCRIPT_S, BargeIn, Verdict, is_back_channel


def test_given_silence_when_the_caller_speaks_and_stops_then_it_is_a_turn() -> None:
    floor = BargeIn()
    assert floor.speech_started(0.0, audible=False) is Verdict.NONE
    assert floor.speaking
    assert floor.speech_stopped(1.0) is Verdict.TURN
    assert not floor.speaking


def test_given_a_reply_when_a_back_channel_is_heard_then_it_pauses_and_goes_on() -> None:
    floor = BargeIn()
    assert floor.sound(0.0, audible=True) is Verdict.PAUSE
    assert floor.speech_started(0.1, audible=True) is Verdict.NONE
    assert floor.decide(DECIDE_S, loud=False) is Verdict.RESUME
    assert floor.speech_stopped(0.9) is Verdict.NONE
    assert floor.transcript("Uh-huh.", audible=True) is Verdict.NONE
    assert not floor.speaking


def test_given_a_reply_when_the_caller_goes_on_speaking_then_it_is_cut_and_their_turn_comes_at_the_end() -> None:
    floor = BargeIn()
    floor.sound(0.0, audible=True)
    floor.speech_started(0.1, audible=True)
    assert floor.decide(DECIDE_S, loud=True) is Verdict.CUT
    assert floor.speech_stopped(2.0) is Verdict.TURN


def test_given_a_short_stop_when_its_words_are_known_then_they_overrule() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, audible=True)
    assert floor.decide(DECIDE_S, loud=False) is Verdict.RESUME
    floor.speech_stopped(0.8)
    assert floor.transcript("Stop, please.", audible=True) is Verdict.TURN


def test_given_a_pause_for_breath_when_the_caller_goes_on_then_the_reply_pauses_again_and_is_cut() -> None:
    floor = BargeIn()
    floor.sound(0.0, audible=True)
    floor.speech_started(0.1, audible=True)
    assert floor.decide(DECIDE_S, loud=False) is Verdict.RESUME
    assert floor.sound(0.8, audible=True) is Verdict.PAUSE, "nobody speaks over the rest of what they say"
    assert floor.decide(0.8 + DECIDE_S, loud=True) is Verdict.CUT
    assert floor.speech_stopped(2.5) is Verdict.TURN


def test_given_a_noise_that_is_no_speech_then_the_reply_goes_on() -> None:
    floor = BargeIn()
    floor.sound(0.0, audible=True)
    assert floor.decide(DECIDE_S, loud=True) is Verdict.RESUME
    assert not floor.speaking


def test_given_no_transcript_ever_then_what_was_said_is_still_answered() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, audible=True)
    floor.decide(DECIDE_S, loud=False)
    floor.speech_stopped(0.8)
    assert floor.decide(0.8 + TRANSCRIPT_S, loud=False) is Verdict.TURN


def test_given_yes_after_the_reply_has_ended_then_it_is_an_answer() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, audible=True)
    floor.speech_stopped(0.5)
    assert floor.transcript("Yes.", audible=False) is Verdict.TURN


@pytest.mark.parametrize("text", ["Uh-huh.", "Okay.", "Right, right.", "Mm-hmm", "I see."])
def test_back_channels(text: str) -> None:
    assert is_back_channel(text)


@pytest.mark.parametrize("text", ["", "No.", "Okay so what about my order", "Stop", "Right, but it is broken."])
def test_turns_are_no_back_channels(text: str) -> None:
    assert not is_back_channel(text)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["sound", "start", "stop", "words", "uh-huh", "nothing", "type"]),
        st.booleans(),
        st.floats(0.01, 2.0),
    ),
    max_size=30,
)


@given(EVENTS)
def test_a_pause_is_always_followed_by_a_decision(events: list[tuple[str, bool, float]]) -> None:
    floor, now, paused = BargeIn(), 0.0, False
    for name, flag, step in events:
        now += step
        if floor.deadline is not None and now >= floor.deadline:
            paused = _apply(floor.decide(now, loud=flag), paused)
        match name:
            case "sound":
                verdict = floor.sound(now, audible=flag)
            case "start":
                verdict = floor.speech_started(now, audible=flag)
            case "stop":
                verdict = floor.speech_stopped(now)
            case "words":
                verdict = floor.transcript("Where is my order?", audible=flag)
            case "uh-huh":
                verdict = floor.transcript("Uh-huh.", audible=flag)
            case "type":
                floor.typed()
                verdict, paused = Verdict.NONE, False  # the call cuts
            case _:
                verdict = Verdict.NONE
        paused = _apply(verdict, paused)
        assert not paused or floor.deadline is not None, "nobody would ever resume"


def _apply(verdict: Verdict, paused: bool) -> bool:
    return {Verdict.PAUSE: True, Verdict.NONE: paused}.get(verdict, False)
