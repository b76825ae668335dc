"""What the line still has of the caller's sound."""

from hypothesis import given
from hypothesis import strategies as st

from worker.line.ring import Ring

RATE = 100


@given(st.lists(st.integers(0, 250), max_size=20), st.integers(-50, 1000))
def test_a_ring_has_the_newest_second_whatever_the_pieces_were(pieces: list[int], position: int) -> None:
    ring, whole = Ring(RATE, seconds=1), b""
    for number, samples in enumerate(pieces):
        pcm = bytes([number, 255 - number]) * samples
        ring.append(pcm)
        whole += pcm
    assert ring.position == len(whole) // 2
    assert ring.oldest == max(0, ring.position - RATE)
    assert ring.since(ring.oldest) == whole[-RATE * 2 :]
    assert ring.since(position) == whole[max(position, ring.oldest) * 2 :]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 40) | st.none()), max_size=30), st.integers(-50, 9000))
def test_a_ring_has_all_that_is_needed_and_little_more(steps: list[tuple[int, int | None]], position: int) -> None:
    ring, whole, needed = Ring(RATE), b"", 0
    for number, (samples, back) in enumerate(steps):
        pcm = bytes([number, 255 - number]) * samples
        ring.append(pcm)
        whole += pcm
        if back is not None:
            needed = max(needed, ring.position - back * RATE)
            ring.forget(needed)
    assert ring.oldest <= max(needed, ring.position - 30 * RATE)
    assert ring.position - ring.oldest < max(ring.position - needed, 0) + 900 + 2 * 5 * RATE
    assert ring.since(position) == whole[max(position, ring.oldest) * 2 :]


def test_a_ring_that_is_released_holds_nothing_and_takes_nothing() -> None:
    ring = Ring(RATE, seconds=1)
    ring.append(bytes(50))
    ring.release()
    ring.append(bytes(50))
    assert (ring.position, ring.since(0)) == (25, b"")
