"""What a new session is to hear again of a caller."""

from worker.line.speech import Speech

RATE = 1000
ONSET_S = 1.0


def test_given_speech_that_is_written_down_then_a_new_session_hears_what_came_after_it() -> None:
    speech = Speech(RATE)
    speech.started("one", 1000)
    speech.stopped("one", 2000)
    speech.written("one")
    assert speech.replay(2300, ONSET_S) == (2000, ())
    assert speech.replay(9000, ONSET_S) == (8000, ()), "it had told of any that began before"


def test_given_speech_without_words_then_a_new_session_hears_it_from_its_beginning() -> None:
    speech = Speech(RATE)
    speech.started("one", 1000)
    assert speech.replay(5000, ONSET_S) == (1000, ("one",))
    assert speech.replay(5000, ONSET_S) == (4000, ()), "by then it has been told again"


def test_given_words_that_come_before_those_of_earlier_speech_then_the_earlier_is_not_lost() -> None:
    speech = Speech(RATE)
    for number, item in enumerate(["one", "two", "three"]):
        speech.started(item, number * 1000)
        speech.stopped(item, number * 1000 + 700)
    speech.written("three")
    speech.written("one")
    start, again = speech.replay(3000, ONSET_S)
    assert start == 1000
    assert sorted(again) == ["three", "two"], "what it hears in between it need not be told"


def test_given_all_words_in_whatever_order_then_nothing_is_heard_again() -> None:
    speech = Speech(RATE)
    for number, item in enumerate(["one", "two", "three"]):
        speech.started(item, number * 1000)
        speech.stopped(item, number * 1000 + 700)
    for item in ("three", "one", "two"):
        speech.written(item)
    assert speech.replay(3000, ONSET_S) == (2700, ())
