import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.turns.barge_in import DECIDE_S, LONGEST_S, NOISE_S, TRANSCRIPT_S, WORDS_S, BargeIn, Verdict


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
    assert floor.decide(DECIDE_S, loud=True) is Verdict.NONE, "it may still be a long uh-huh"
    assert floor.decide(LONGEST_S, loud=True) is Verdict.CUT
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
    floor.decide(0.8 + DECIDE_S, loud=True)
    assert floor.decide(LONGEST_S, loud=True) is Verdict.CUT, "longer in all than anybody only listens"
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


def test_given_a_thing_then_the_reply_goes_on_sooner_and_the_next_sound_silences_nobody() -> None:
    floor = BargeIn()
    assert floor.sound(0.0, audible=True) is Verdict.PAUSE
    assert floor.deadline == NOISE_S
    assert floor.decide(NOISE_S, loud=True) is Verdict.RESUME
    assert floor.sound(1.0, audible=True) is Verdict.NONE, "they type"
    assert floor.voice(1.1, audible=True) is Verdict.PAUSE, "and now they speak"


def test_given_a_voice_then_it_is_no_thing() -> None:
    floor = BargeIn()
    floor.sound(0.0, audible=True)
    floor.voice(0.1, audible=True)
    assert floor.decide(NOISE_S, loud=True) is Verdict.NONE
    assert floor.speaking
    floor.speech_started(0.3, "a", audible=True)
    floor.decide(DECIDE_S, loud=True)
    assert floor.speech_stopped(1.4) is Verdict.NONE, "too long for a back-channel: its words decide"
    assert floor.transcript("Right, right.", "a", audible=True) is Verdict.RESUME


def test_given_a_listener_who_takes_a_second_and_a_half_then_nothing_is_lost_before_their_words_are_known() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.decide(DECIDE_S, loud=True)
    assert floor.decide(1.5, loud=True) is Verdict.NONE
    floor.speech_stopped(1.7)
    assert floor.transcript("Mhm, okay.", "a", audible=True) is Verdict.RESUME


def test_given_a_longer_sound_whose_words_do_not_come_then_it_was_a_turn() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.decide(DECIDE_S, loud=True)
    floor.speech_stopped(1.0)
    assert floor.decide(1.0 + WORDS_S, loud=False) is Verdict.TURN


@pytest.mark.parametrize(
    ("words", "verdict"), [("", Verdict.TAKE_UP), ("Mm-hmm.", Verdict.TAKE_UP), ("No!", Verdict.NONE)]
)
def test_given_a_cut_by_length_when_its_words_show_that_it_was_nothing_then_the_reply_is_taken_up(
    words: str, verdict: Verdict
) -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.decide(DECIDE_S, loud=True)
    assert floor.decide(LONGEST_S, loud=True) is Verdict.CUT
    assert floor.speech_stopped(2.0) is Verdict.TURN
    assert floor.transcript(words, "a", audible=False) is verdict
    assert floor.transcript(words, "a", audible=False) is Verdict.NONE, "once"


def test_given_words_of_what_was_said_before_then_they_decide_nothing() -> None:
    floor = BargeIn()
    floor.speech_started(5.0, "b", audible=True)
    assert floor.transcript("Where is my order?", "a", audible=True) is Verdict.NONE
    assert floor.transcript("Uh-huh.", "b", audible=True) is Verdict.RESUME


def test_given_a_short_stop_and_another_sound_before_its_words_then_the_stop_is_answered() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.decide(DECIDE_S, loud=False)
    floor.speech_stopped(0.8)
    floor.speech_started(0.9, "b", audible=True)
    assert floor.transcript("Stop.", "a", audible=True) is Verdict.CUT, "and they still speak"
    assert floor.speech_stopped(1.4) is Verdict.TURN


def test_given_words_of_what_was_answered_with_something_typed_then_they_cut_nothing() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.speech_stopped(0.5)
    floor.typed()
    assert floor.transcript("Where is my order?", "a", audible=True) is Verdict.NONE


def test_given_somebody_behind_the_caller_then_nobody_falls_silent_unless_it_comes_near() -> None:
    floor = BargeIn()
    assert floor.speech_started(0.0, "a", audible=True, far=True) is Verdict.NONE
    assert not floor.speaking
    floor.speech_stopped(1.0)
    assert floor.transcript("Dinner is ready.", "a", audible=True) is Verdict.NONE
    floor.speech_started(2.0, "b", audible=True, far=True)
    assert floor.sound(2.5, audible=True) is Verdict.PAUSE


def test_given_yes_to_a_question_then_it_is_an_answer() -> None:
    floor = BargeIn()
    floor.speech_started(0.0, "a", audible=True)
    floor.decide(DECIDE_S, loud=False)
    floor.speech_stopped(0.8)
    assert floor.transcript("Yes.", "a", audible=True, asked=True) is Verdict.TURN


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["sound", "voice", "start", "far", "stop", "words", "uh-huh", "silent", "late", "type", "ended"]
        ),
        st.booleans(),
        st.floats(0.01, 2.0),
    ),
    max_size=40,
)


@given(STEPS)
def test_in_any_order_a_pause_is_followed_by_a_decision_and_each_turn_is_answered_once(
    steps: list[tuple[str, bool, float]],
) -> None:
    """A caller and a provider who keep to their order, whatever falls in between: a speech starts, stops, and is written."""
    floor, now, paused, audible = BargeIn(), 0.0, False, True
    said, spoken, written, answers = 0, "", list[str](), list[tuple[str, Verdict]]()
    last = ""
    for name, flag, step in steps:
        until = now + step
        while floor.deadline is not None and floor.deadline <= until:
            now = floor.deadline
            verdict = floor.decide(now, loud=flag)
            assert floor.deadline is None or floor.deadline > now, "no deadline that comes again and again"
            paused, audible = _carry_out(verdict, paused, audible)
            answers.append((last, verdict))
        now, verdict = until, Verdict.NONE
        match name:
            case "sound":
                verdict = floor.sound(now, audible=audible)
            case "voice":
                verdict = floor.voice(now, audible=audible)
            case "start" | "far" if not spoken:
                said += 1
                spoken = last = f"item {said}"
                verdict = floor.speech_started(now, spoken, audible=audible, far=name == "far")
            case "stop" if spoken:
                written.append(spoken)
                spoken = ""
                verdict = floor.speech_stopped(now)
            case "words" | "uh-huh" | "silent" if written:
                text = {"words": "Where is my order?", "uh-huh": "Uh-huh.", "silent": ""}[name]
                verdict = floor.transcript(text, written.pop(0), audible=audible, asked=flag)
            case "late" if written:
                written.pop(0)  # its words never come
            case "type":
                floor.typed()
                paused, audible = False, False
            case "ended" if not paused:
                audible = flag  # the reply has been heard, or another one begins
            case _:
                pass
        paused, audible = _carry_out(verdict, paused, audible)
        answers.append((last, verdict))
        assert not paused or floor.deadline is not None, "nobody would ever resume"
    turns = [item for item, verdict in answers if verdict is Verdict.TURN]
    assert len(turns) == len(set(turns)), "one answer a turn"
    now += 100
    for _ in range(6):
        if floor.deadline is not None:
            paused, audible = _carry_out(floor.decide(max(now, floor.deadline), loud=False), paused, audible)
            now += 10
    assert not paused
    assert floor.deadline is None


def _carry_out(verdict: Verdict, paused: bool, audible: bool) -> tuple[bool, bool]:
    """Whether the reply is paused, and whether there is one."""
    match verdict:
        case Verdict.PAUSE:
            assert audible
            return True, True
        case Verdict.RESUME:
            assert paused, "what was not silenced cannot go on"
            return False, audible
        case Verdict.CUT | Verdict.TURN:
            return False, False
        case _:
            return paused, audible
