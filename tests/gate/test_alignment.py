"""Which samples surely belong to the sentences that have passed, while more of a message comes."""

import pytest

from tests.gate.voices import RATE, Message, samples, samples_of, sentences_of
from worker.gate.holdback import Holdback


def test_given_short_sentences_in_one_breath_then_the_pause_after_the_third_is_not_taken_for_that_after_the_second() -> (
    None
):
    message = Message(["Aa!", "Aa!", "Aa.", "Aa.", "Aa."], pace=15.0, pauses_ms=[0, 0, 0, 50, 0])
    holdback = Holdback(RATE)
    for sentence in holdback.write(message.text):
        holdback.judged(sentence, passes=sentence.number < 2)
    holdback.feed(message.pcm())
    assert holdback.samples > RATE // 4, "most of what has passed"
    assert sentences_of(message.pcm()[: 2 * holdback.samples]) == {0, 1}


@pytest.mark.parametrize("end", [True, False])
def test_given_verdicts_that_come_when_all_of_it_is_there_then_no_earlier_pause_is_taken_for_the_end(end: bool) -> None:
    """The share of a message that a short sentence ends after would also fit the sentence before it."""
    said = [
        "Your parcel has left our warehouse today, and it will be at your door before the end of the week.",
        "It is a rather heavy one.",
        "The password that opens the box at your door is swordfish, and you can change it whenever you like.",
    ]
    message = Message(said, pace=15.0, pauses_ms=[100, 250, 250])
    holdback = Holdback(RATE)
    sentences = [*holdback.write(message.text)]
    holdback.feed(message.pcm())
    sentences += holdback.end() if end else []
    for sentence in sentences[:2]:
        holdback.judged(sentence, passes=True)
    heard = message.pcm()[: 2 * holdback.samples]
    assert sentences_of(heard) == {0, 1}
    assert samples_of(heard, 1) == samples(said[1], message.pace)
    assert holdback.whole
