"""Several microphones as one sound: nothing is lost, nothing is out of order, and nobody waits for who is silent."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.tones import loudest, tone
from worker.room.mixer import MOST, Mixed, Mixer

RATE, FRAME_S = 24_000, 0.05
SAMPLES = round(RATE * FRAME_S)
SILENCE = bytes(2 * SAMPLES)


def numbered(track: str, number: int) -> bytes:
    """A frame that is none of silence, and like no other."""
    return np.full(SAMPLES, 1000 * (1 + "ab".index(track)) + number, np.int16).tobytes()


def of(mixed: list[Mixed[str]], track: str) -> list[bytes]:
    return [frame.of[track] for frame in mixed if track in frame.of]


@given(st.lists(st.floats(0, 2.0)))
def test_one_track_goes_through_as_it_is_however_late(waits: list[float]) -> None:
    mixer, now = Mixer[str](), 0.0
    for number, wait in enumerate(waits):
        now += wait
        [mixed] = mixer.take("a", numbered("a", number), now)
        assert mixed.pcm == numbered("a", number)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 5), st.floats(0, 0.4)), max_size=40))
def test_every_sound_comes_out_once_and_in_order(steps: list[tuple[str, int, float]]) -> None:
    """However frames bunch up, as long as nobody is behind by more than two seconds."""
    mixer, now, out = Mixer[str](), 0.0, list[Mixed[str]]()
    given_ = {"a": list[bytes](), "b": list[bytes]()}
    for track, count, wait in steps:
        now += wait
        for _ in range(count):
            if len(given_[track]) - len(of(out, track)) < MOST:
                given_[track].append(numbered(track, len(given_[track])))
                out += mixer.take(track, given_[track][-1], now)
    out += mixer.end("a") + mixer.end("b")
    assert of(out, "a") == given_["a"]
    assert of(out, "b") == given_["b"]


@given(st.integers(2, 60), st.floats(0, 0.049))
def test_two_who_are_in_step_are_one_stream_of_their_length(count: int, shift_s: float) -> None:
    mixer, out, waits = Mixer[str](), list[Mixed[str]](), list[int]()
    for number in range(count):
        out += mixer.take("a", numbered("a", number), number * FRAME_S)
        out += mixer.take("b", numbered("b", number), number * FRAME_S + shift_s)
        waits.append(number + 1 - len(of(out, "b")))
    assert len(out) == count, "else the model hears time that has not passed"
    assert max(waits) <= 1
    both = np.frombuffer(out[1].pcm, np.int16)
    assert both[0] == 1001 + 2000, "their sum"


def test_loud_people_together_do_not_wrap_round() -> None:
    mixer = Mixer[str]()
    loud = np.full(SAMPLES, 30_000, np.int16).tobytes()
    mixer.take("a", loud, 0)
    mixer.take("b", loud, 0.01)
    [mixed] = mixer.take("a", loud, 0.05)
    assert set(np.frombuffer(mixed.pcm, np.int16)) == {32_767}


def test_who_goes_on_is_not_kept_waiting_by_who_is_muted() -> None:
    mixer = Mixer[str]()
    mixer.take("a", numbered("a", 0), 0)  # leads, and says nothing more
    out = list[Mixed[str]]()
    for number in range(20):
        out += mixer.take("b", numbered("b", number), 0.01 + number * FRAME_S)
    assert len(of(out, "b")) == 20
    out += mixer.take("a", numbered("a", 1), 1.0)
    out += mixer.take("b", numbered("b", 20), 1.01)
    assert of(out, "a") == [numbered("a", 1)]


def test_who_has_fallen_behind_catches_up_in_their_pauses() -> None:
    mixer = Mixer[str]()
    mixer.take("a", SILENCE, 0)
    for number in range(6):  # a burst, after the network was gone
        mixer.take("b", numbered("b", number), 0.01)
    out, behind = list[Mixed[str]](), list[int]()
    for number in range(1, 20):
        out += mixer.take("a", SILENCE, number * FRAME_S)
        mixer.take("b", SILENCE, number * FRAME_S + 0.01)
        behind.append(6 + number - len(of(out, "b")))
    assert [frame for frame in of(out, "b") if frame != SILENCE] == [numbered("b", number) for number in range(6)]
    frames_left_out = behind[-1]
    assert frames_left_out >= 6, "the pause is shorter by what was late"
    mixer.take("b", numbered("b", 7), 0.99)
    last = mixer.take("a", SILENCE, 1.0)
    assert of(last, "b") == [numbered("b", 7)], "heard at once again"


def test_two_pitches_are_both_in_the_mix() -> None:
    mixer = Mixer[str]()
    first, second = (tone(hz, 100, RATE) for hz in (300, 500))
    mixer.take("a", first[:SAMPLES].tobytes(), 0)
    mixer.take("b", (second[:SAMPLES] // 2).tobytes(), 0.01)
    [mixed] = mixer.take("a", first[SAMPLES:].tobytes(), 0.05)
    pcm = np.frombuffer(mixed.pcm, np.int16)
    assert loudest(pcm, RATE) == 300
    assert loudest(pcm - first[SAMPLES:], RATE) == 500
