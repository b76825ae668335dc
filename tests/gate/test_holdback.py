"""Which samples belong to what has passed."""

import numpy as np
import pytest

from tests.gate.voices import RATE, Message
from worker.gate.alignment import slow
from worker.gate.holdback import Holdback
from worker.gate.pauses import Pauses

FIRST, SECOND = "Your order is on its way to you.", "The password is swordfish, as always."


def held(message: Message, *, passes: int, end: bool = True) -> Holdback:
    """All of it is there, and so many sentences have passed."""
    hold = Holdback(RATE)
    sentences = [*hold.write(message.text)]
    hold.feed(message.pcm())
    sentences += hold.end() if end else []
    for sentence in sentences[:passes]:
        hold.judged(sentence, passes=True)
    return hold


@pytest.mark.parametrize("end", [True, False])
def test_given_a_pause_then_what_has_passed_reaches_into_it(end: bool) -> None:
    message = Message([FIRST, SECOND, "And so on."], 15.0, [300, 250, 250])
    hold = held(message, passes=1, end=end)
    ends = 0.3 + len(FIRST) / 15
    assert ends < hold.samples / RATE < ends + 0.25
    assert hold.cut.text == FIRST


def test_given_a_voice_without_pauses_then_it_reaches_less_far_than_the_words_that_have_passed() -> None:
    hold = held(Message([FIRST, SECOND, "And so on."], 15.0, [0, 0, 0]), passes=1)
    assert 0.6 < hold.samples / RATE / (len(FIRST) / 15) < 1
    assert FIRST.startswith(hold.cut.text)


def test_given_a_card_number_then_its_length_does_not_make_the_words_before_it_seem_longer() -> None:
    spelt = "It is 4111 1111 1111 1111."
    message = Message([FIRST, "x" * 140], 15.0, [0, 200])
    hold = Holdback(RATE)
    sentences = [*hold.write(f"{FIRST} {spelt}"), *hold.end()]
    hold.feed(message.pcm())
    hold.judged(sentences[0], passes=True)
    assert slow(spelt) > 140
    assert hold.samples / RATE < len(FIRST) / 15 + 0.2


def test_verdicts_may_come_in_any_order_and_sentences_may_not() -> None:
    hold = Holdback(RATE)
    first, second = [*hold.write(f"{FIRST} {SECOND}"), *hold.end()]
    hold.judged(second, passes=True)
    assert hold.characters == 0
    hold.judged(first, passes=True)
    assert hold.characters == len(f"{FIRST} {SECOND}")
    assert hold.through


def test_a_verdict_on_what_is_likely_a_sentence_counts_when_it_is_one_and_it_is_judged_once() -> None:
    hold = Holdback(RATE)
    hold.feed(Message([FIRST, SECOND], 15.0, [0, 250]).pcm())
    [likely] = hold.write(FIRST)
    hold.judged(likely, passes=True)
    assert (hold.samples, hold.characters, hold.waits) == (0, 0, False)
    assert not hold.write(" The")
    assert hold.characters == len(FIRST)
    assert hold.samples > 0


def test_a_verdict_on_what_was_no_sentence_counts_for_nothing() -> None:
    hold = Holdback(RATE)
    hold.feed(Message(["Look at example.com is open."], 15.0, [0]).pcm())
    [likely] = hold.write("Look at example.")
    hold.judged(likely, passes=True)
    [whole] = [*hold.write("com is open."), *hold.end()]
    assert hold.waits
    assert hold.samples == 0
    hold.judged(whole, passes=False)
    assert hold.blocked == whole
    assert hold.cut.samples == 0


def test_a_pause_is_found_however_its_samples_come_and_a_closed_mouth_is_none() -> None:
    loud, quiet = np.full(RATE // 2, 9000, np.int16), np.full(RATE // 5, 60, np.int16)
    pcm = np.concatenate([loud, quiet, loud, quiet[: RATE // 25], loud]).tobytes()
    pauses = Pauses(RATE)
    for place in range(0, len(pcm), 998):
        pauses.feed(pcm[place : place + 998])
    [pause] = pauses.found
    assert (pause.start, pause.end, pause.before) == (RATE // 2, RATE // 2 + RATE // 5, RATE // 2)
