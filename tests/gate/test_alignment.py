"""Which samples surely belong to the sentences that have passed, while more of a message comes."""

from tests.gate.voices import RATE, Message, sentences_of
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
