"""Whose turn it was: by how loud each microphone is, and not by who is heard in somebody else's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.tones import tone
from worker.room.voices import Voices

RATE, FRAME_MS = 24_000, 50
LOUD = tone(400, FRAME_MS, RATE)
QUIET = np.random.default_rng(2).normal(0, 20, len(LOUD)).astype(np.int16)


def frames(voices: Voices, start_ms: int, count: int, **gains: float) -> int:
    """So many frames; each person's gain. Returns when they are over."""
    for number in range(count):
        sounds = {who: (LOUD * gain + QUIET).astype(np.int16).tobytes() for who, gain in gains.items()}
        voices.take(start_ms + number * FRAME_MS, sounds)
    return start_ms + count * FRAME_MS


def test_each_turn_is_of_who_was_loud_in_it() -> None:
    voices = Voices(RATE)
    end = frames(voices, 0, 10, anna=1.0, ben=0.0)
    pause = frames(voices, end, 10, anna=0.0, ben=0.0)
    last = frames(voices, pause, 10, anna=0.0, ben=1.0)
    assert voices.spoke(0, pause) == ("anna",)
    assert voices.spoke(pause, last) == ("ben",)


def test_two_at_once_are_both_named_who_spoke_most_first() -> None:
    voices = Voices(RATE)
    end = frames(voices, 0, 6, anna=0.0, ben=1.0)
    end = frames(voices, end, 10, anna=1.0, ben=0.8)
    assert voices.spoke(0, end) == ("ben", "anna")


@given(st.floats(0.05, 0.24))
def test_who_is_heard_by_anothers_microphone_has_not_spoken_there(gain: float) -> None:
    voices = Voices(RATE)
    end = frames(voices, 0, 20, anna=1.0, ben=gain)
    assert voices.spoke(0, end) == ("anna",)


def test_a_cough_is_no_part_of_a_turn() -> None:
    voices = Voices(RATE)
    end = frames(voices, 0, 2, anna=1.0, ben=1.0)
    end = frames(voices, end, 20, anna=1.0, ben=0.0)
    assert voices.spoke(0, end) == ("anna",)


def test_of_a_turn_whose_time_is_not_known_it_is_who_was_heard() -> None:
    voices = Voices(RATE)
    assert voices.spoke(None, None) == ()
    frames(voices, 0, 10, anna=0.0, ben=1.0)
    assert voices.spoke(None, None) == ("ben",)
    assert voices.spoke(60_000, 61_000) == ("ben",), "nobody was loud enough: who was heard last"
