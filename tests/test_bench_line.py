"""The arithmetic of `baton bench line`: what is silence, and which of the caller's words are missing."""

import numpy as np

from bench.caller import longest_gap_ms
from bench.tones import ALFA, SCALE, frames, missing_ms, scale

RATE = 24000
WHOLE = [hz for hz in SCALE for _ in range(15)]


def test_given_a_scale_that_arrived_then_nothing_is_missing_wherever_its_frames_begin() -> None:
    for offset in range(0, RATE // 50, 97):
        sound = np.concatenate([np.zeros(offset, np.int16), scale(RATE), np.zeros(RATE // 50, np.int16)])
        assert missing_ms([None, *frames(sound, RATE), None]) == 0


def test_given_pieces_that_are_gone_then_they_are_missing() -> None:
    assert missing_ms(WHOLE[3:]) == 60, "its beginning"
    assert missing_ms(WHOLE[:20] + WHOLE[47:]) == 540, "from its middle"
    assert missing_ms([*WHOLE[:20], *[None] * 27, *WHOLE[47:]]) == 540
    assert missing_ms([None]) == 1500


def test_given_pieces_that_come_twice_then_they_do_not_make_up_for_others() -> None:
    twice = WHOLE[:30] + WHOLE[:15]
    assert missing_ms(twice) == 900
    assert missing_ms([*twice, *WHOLE[30:]]) == 0


def test_silence_counts_only_between_sounds() -> None:
    assert longest_gap_ms([None, None, ALFA, None, ALFA, None, None, None, ALFA, None, None, None, None]) == 60
    assert longest_gap_ms([ALFA, ALFA, None]) == 0
    assert longest_gap_ms([]) == 0
