"""How loud a microphone is: the same for frames of any length that is used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.tones import tone
from worker.room.loudness import Loudness

RATE = 24_000


def loud_ms(sound: bytes, frame_ms: int) -> int:
    loudness, length = Loudness(RATE), RATE * frame_ms // 500
    frames = [sound[start : start + length] for start in range(0, len(sound), length)]
    return frame_ms * sum(loudness.loud for frame in frames if [loudness.take(frame)])


@given(noise=st.floats(1, 300), voice=st.integers(0, 40))
def test_frames_of_20_of_40_and_of_50_ms_tell_the_same(noise: float, voice: int) -> None:
    """A room gets noisier, and somebody speaks in it: what is noise, and that it is none any more, is learnt in seconds."""
    room = np.random.default_rng(1).normal(0, noise, RATE * 8)
    said = tone(300, voice * 200, RATE)
    room[-len(said) or len(room) :] += said
    pcm = room.clip(-32768, 32767).astype("<i2").tobytes()
    assert loud_ms(pcm, 40) == pytest.approx(loud_ms(pcm, 50), abs=200)
    assert loud_ms(pcm, 20) == pytest.approx(loud_ms(pcm, 40), abs=200)


def test_a_hum_is_the_floor_after_a_while_whatever_the_frames() -> None:
    hum = (tone(120, 60_000, RATE) // 16).tobytes()
    heard = {frame_ms: loud_ms(hum, frame_ms) for frame_ms in (20, 40, 50)}
    assert 1000 < heard[40] < 30_000, "it is taken for speech at first, and not for ever"
    assert heard[40] == pytest.approx(heard[50], rel=0.03)
    assert heard[20] == pytest.approx(heard[40], rel=0.03)


def test_a_click_is_no_louder_in_short_frames() -> None:
    """Of 2 ms: it has -44 dBFS over 40 ms, which is not loud, and -41 over 20, which is."""
    click = np.zeros(RATE * 2, np.int16)
    click[RATE : RATE + RATE * 2 // 1000] = 900
    assert loud_ms(click.tobytes(), 20) == loud_ms(click.tobytes(), 40) == 0
