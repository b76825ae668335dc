"""How much of a caller's sound a call keeps."""

import pytest

from worker.line.hearing import Hearing
from worker.line.profile import OPENAI

RATE = OPENAI.sample_rate
SECOND = bytes(RATE * 2)
ONSET_S = OPENAI.onset_s


def kept_s(hearing: Hearing) -> float:
    return len(hearing.since(0)) / 2 / RATE


@pytest.mark.parametrize(("alive_every_s", "at_most_s"), [(1, 10), (8, 15), (100, 30)])
def test_given_a_session_that_gives_signs_of_life_then_what_it_has_heard_is_not_kept(
    alive_every_s: int, at_most_s: int
) -> None:
    hearing = Hearing(OPENAI)
    kept = list[float]()
    for second in range(1, 91):
        hearing.keep(SECOND, ONSET_S)
        if second % alive_every_s == 0:
            hearing.alive(of_speech=False)
        kept.append(kept_s(hearing))
    assert max(kept[30:]) <= at_most_s
    assert min(kept[30:]) >= min(30, 1 + ONSET_S)
    start, _ = hearing.replay(ONSET_S, lost=True)
    assert len(hearing.since(start)) / 2 / RATE >= min(30, 90 % alive_every_s + ONSET_S)


def test_given_speech_whose_words_do_not_come_then_it_is_kept_from_its_beginning() -> None:
    hearing = Hearing(OPENAI)
    for second in range(20):
        hearing.keep(SECOND, ONSET_S)
        hearing.alive(of_speech=True)
        if second == 4:
            hearing.started("one", 0, 3_000)
    assert hearing.replay(ONSET_S, lost=True) == (3 * RATE, ("one",))
    assert len(hearing.since(3 * RATE)) == 17 * len(SECOND)
