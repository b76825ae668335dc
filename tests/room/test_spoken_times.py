"""When something was spoken, until its words are there."""

from worker.line.events import SpeechStarted, SpeechStopped, Transcript
from worker.room.spoken_times import SpokenTimes, Times

NOTHING = Times(started_ms=None, ended_ms=None)


class Clock:
    """A call whose provider has been given its audio since 5 s after the call began, without a delay."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.times = SpokenTimes(lambda: self.now_ms, lambda at_ms: self.now_ms - 5000 - at_ms)

    def at(self, now_ms: int, event: object) -> None:
        self.now_ms = now_ms
        self.times.follow(event)


def test_given_speech_then_its_times_are_the_calls_and_known_once() -> None:
    clock = Clock()
    clock.at(6300, SpeechStarted("a", 1000))
    clock.at(8000, SpeechStopped("a", 2500))
    clock.at(9000, SpeechStarted("b", 3900))
    clock.at(9100, Transcript("a", "Hello.", final=True))
    assert clock.times.take("a") == Times(started_ms=6000, ended_ms=7500)
    assert clock.times.take("a") == NOTHING
    assert clock.times.take("b") == Times(started_ms=8900, ended_ms=None), "its end is not known yet"


def test_given_a_message_of_the_agent_then_it_begins_with_its_first_sound() -> None:
    clock = Clock()
    clock.now_ms = 700
    clock.times.started("m")
    clock.now_ms = 900
    clock.times.started("m")  # it goes on after a pause
    assert clock.times.take("m") == Times(started_ms=700, ended_ms=None)


def test_given_a_time_before_the_call_then_it_is_its_beginning() -> None:
    clock = Clock()
    clock.at(100, SpeechStarted("a", -6000))
    assert clock.times.take("a")["started_ms"] == 0


def test_given_noise_without_words_then_it_is_forgotten_in_time() -> None:
    clock = Clock()
    for number in range(100):
        clock.at(5000 + number, SpeechStarted(f"noise {number}", number))
    assert clock.times.take("noise 0") == NOTHING
    assert clock.times.take("noise 99")["started_ms"] == 5099
