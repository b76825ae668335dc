"""When there is a sound because the caller waits."""

from worker.turns.background_sound import BackgroundSound


def test_given_a_tool_that_takes_its_time_then_the_sound_begins_after_a_while_and_ends_with_it() -> None:
    sound = BackgroundSound(0.8)
    assert not sound.wanted(10.0, waiting=True, speech=False)
    assert sound.deadline == 10.8
    assert sound.wanted(10.8, waiting=True, speech=False)
    assert sound.deadline is None
    assert not sound.wanted(12.0, waiting=False, speech=False)


def test_given_speech_then_there_is_no_sound_and_the_wait_begins_anew() -> None:
    sound = BackgroundSound(0.8)
    sound.wanted(0.0, waiting=True, speech=False)
    assert sound.wanted(1.0, waiting=True, speech=False)
    assert not sound.wanted(1.5, waiting=True, speech=True)
    assert sound.deadline is None
    assert not sound.wanted(2.0, waiting=True, speech=False)
    assert sound.wanted(2.8, waiting=True, speech=False)


def test_given_a_quick_tool_then_nothing_is_heard() -> None:
    sound = BackgroundSound(0.8)
    assert not sound.wanted(0.0, waiting=True, speech=False)
    assert not sound.wanted(0.7, waiting=False, speech=False)
    assert not sound.wanted(0.9, waiting=True, speech=False)
