"""Frames of a microphone that come late, in bursts, after a pause, or by another clock."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from worker.recording.arrivals import Arrivals

RATE = 24_000
FRAME = RATE // 20


def placed(frames: list[tuple[int, int]], end: int) -> dict[int, int]:
    """Where each frame is put, by its number, when they arrive at these times: (number, now)."""
    arrivals, found = Arrivals(RATE), dict[int, int]()
    for number, now in frames:
        for position, pcm in arrivals.take(np.full(FRAME, number, np.int16), now):
            found[int(pcm[0])] = position
    for position, pcm in arrivals.settle(end):
        found[int(pcm[0])] = position
    return found


def made(number: int) -> int:
    """When the first sample of a frame was."""
    return number * FRAME


def test_given_a_loop_that_was_busy_then_the_frames_are_where_they_would_have_come() -> None:
    busy = range(40, 60)
    frames = [(n, made(61) if n in busy else made(n + 1)) for n in range(100)]
    found = placed(frames, made(200))
    assert found == {n: made(n) for n in range(100)}


def test_given_a_first_frame_that_comes_late_then_those_after_it_are_not_late() -> None:
    frames = [(n, made(n + 1) + (FRAME if n == 0 else 0)) for n in range(40)]
    found = placed(frames, made(100))
    assert found[39] == made(39)


def test_given_a_microphone_that_pauses_then_what_follows_is_as_much_later() -> None:
    frames = [(n, made(n + 1)) for n in range(20)] + [(n, made(n + 1) + 3 * RATE) for n in range(20, 60)]
    found = placed(frames, made(200))
    assert [found[n] for n in range(20)] == [made(n) for n in range(20)]
    assert [found[n] for n in range(20, 60)] == [made(n) + 3 * RATE for n in range(20, 60)]


def test_given_a_pause_whose_first_frame_comes_late_then_the_others_tell_how_long_it_was() -> None:
    late = [(20, made(21) + 3 * RATE + 2 * FRAME)]
    frames = [(n, made(n + 1)) for n in range(20)] + late + [(n, made(n + 1) + 3 * RATE) for n in range(22, 60)]
    frames = [(n if n < 22 else n - 1, now) for n, now in frames]
    found = placed(frames, made(200))
    assert abs(found[50] - (made(51) + 3 * RATE)) <= FRAME


@given(
    ppm=st.sampled_from([-300, -100, 100, 300]),
    jitter=st.lists(st.integers(0, FRAME // 2), min_size=50, max_size=50),
)
def test_given_a_clock_that_drifts_then_it_is_followed(ppm: int, jitter: list[int]) -> None:
    arrivals, worst = Arrivals(RATE), 0
    frame = np.zeros(FRAME, np.int16)
    jitter[0] = 0  # one frame of each 2.5 s comes without delay
    for number in range(9_000):
        ended = round(made(number + 1) * (1 + ppm / 1e6))
        for position, _ in arrivals.take(frame, ended + jitter[number % 50]):
            if number > 200:
                worst = max(worst, abs(position + FRAME - ended))
    assert worst < RATE * 0.02
