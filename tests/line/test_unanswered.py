"""A session that says nothing of what it is given is given up; one that has nothing to say is not."""

from bench.tones import tone
from worker.line.unanswered import Unanswered

RATE = 24000


class Ear:
    def __init__(self) -> None:
        self.unanswered = Unanswered(RATE, 1000)

    def hear(self, loud_ms: int, quiet_ms: int) -> int | None:
        """After how many ms the session is given up."""
        pcm = tone(300, loud_ms, RATE).tobytes() + bytes(RATE * quiet_ms // 500)
        for at_ms in range(0, loud_ms + quiet_ms, 50):
            if self.unanswered.hear(pcm[at_ms * RATE // 500 : (at_ms + 50) * RATE // 500]):
                return at_ms + 50
        return None


def test_given_a_caller_whom_no_word_answers_then_the_session_is_given_up() -> None:
    ear = Ear()
    assert ear.hear(0, 30_000) is None, "nobody spoke"
    assert ear.hear(1000, 30_000) == 10_000


def test_given_a_caller_who_speaks_on_then_their_pauses_count_together() -> None:
    ear = Ear()
    found = [ear.hear(1000, 1000) for _ in range(10)]
    assert found[:8] == [None] * 8
    assert found[8] == 2000


def test_given_a_long_story_then_its_breaths_do_not_count() -> None:
    ear = Ear()
    assert [ear.hear(1500, 900) for _ in range(60)] == [None] * 60


def test_given_a_session_that_says_something_then_it_has_heard_what_was_before() -> None:
    ear = Ear()
    assert ear.hear(1000, 8000) is None
    ear.unanswered.said_something()
    assert ear.hear(0, 30_000) is None


def test_given_a_sound_as_short_as_a_door_then_nothing_need_be_said_of_it() -> None:
    assert Ear().hear(200, 60_000) is None


def test_given_noise_that_no_session_takes_for_speech_then_each_is_given_more_time_until_one_hears_speech() -> None:
    ear = Ear()
    assert [ear.hear(500, 200_000) for _ in range(5)] == [9500, 18_500, 36_500, 72_500, 80_500]
    ear.unanswered.said_something()
    assert ear.hear(500, 200_000) == 80_500
    ear.unanswered.said_something(of_speech=True)
    assert ear.hear(500, 200_000) == 9500
