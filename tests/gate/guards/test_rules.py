"""Patterns, words, what identifies a person, and swear words; and what is done about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.guards.passages import judged, only, panel
from worker.gate.guard import Finding, Passage
from worker.gate.guards.places import Within

CARD = "4111 1111 1111 1111"


async def test_given_a_card_number_then_the_sentence_is_blocked_and_the_number_kept_nowhere() -> None:
    found = await only(panel("card_numbers"), f"Your card is {CARD}.")
    assert found == Finding("card_numbers", "block", "a card number")


async def test_given_a_number_split_over_two_sentences_then_the_second_is_blocked() -> None:
    guards = panel("card_numbers")
    assert await only(guards, "4111 1111.") is None
    assert await only(guards, "1111 1111.", before="4111 1111.")
    assert await only(guards, "Anything else?", before=f"It is {CARD}.") is None


async def test_given_a_wish_to_keep_the_text_then_what_was_found_is_kept() -> None:
    found = await only(panel({"name": "card_numbers", "keep_text": True}), f"Your card is {CARD}.")
    assert found
    assert found.text == CARD


async def test_given_rewrite_then_the_sentence_is_there_without_what_was_found() -> None:
    guards = panel({"name": "personal_data", "action": "rewrite", "on": ["input", "output"]})
    found = await only(guards, "Write to jo@example.org or ring 0117 496 0123.", place="input")
    assert found
    assert (found.action, found.instead) == ("rewrite", "Write to … or ring ….")
    assert found.why == "an e-mail address and a telephone number"


async def test_given_say_instead_then_that_is_said() -> None:
    found = await only(panel({"name": "secrets", "say_instead": "I cannot say that."}), "The password is hunter2.")
    assert found == Finding("secrets", "block", "a key or password", "I cannot say that.")


async def test_given_words_then_they_are_found_as_whole_words_in_any_case() -> None:
    guards = panel({"name": "rivals", "words": ["Acme", "Pots & Pans"], "action": "warn"})
    assert await only(guards, "Ask ACME about it.") == Finding("rivals", "warn", "a listed word")
    assert await only(guards, "Ask pots, & pans.")
    assert await only(guards, "pans are cheap.", before="Try Pots &")
    assert await only(guards, "The acmes of pots and Pan's pans.") is None


async def test_given_patterns_then_any_of_them_is_found() -> None:
    guards = panel({"name": "codes", "pattern": [r"\bX-\d{4}\b", r"(?i)internal use"], "on": ["output", "tool"]})
    assert await only(guards, "It is X-1234.") == Finding("codes", "block", "a pattern")
    assert await only(guards, '{"note": "Internal use"}', place="tool", tool="note")
    assert await only(guards, "It is X-12345.", place="output") is None
    assert not guards.watches("input", "desk")


async def test_given_a_pattern_that_does_not_end_then_the_sentence_is_blocked() -> None:
    guards = panel({"name": "slow", "pattern": r"^(.*?,){12}P"})
    found = await only(guards, ",".join(map(str, range(30))))
    assert found == Finding("slow", "block", "the guard failed: EndlessPattern")


@pytest.mark.parametrize("text", ["What the fuck is that", "Oh sh1t!", "that is bullshit", "fuuuck", "f u c k"])
async def test_given_a_swear_word_then_it_is_found(text: str) -> None:
    found = await only(panel("profanity"), text)
    assert (found is not None) == (text != "f u c k")


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe, Sussex and Essex are on the way.",
        "My name is Dick Cockburn, and the line was tied up.",
        "A hoe, a shuttlecock and an assorted set of dishes.",
        "Hello, this is Hearth and Home, I can assist you with your order and pass you on.",
        "The doctor looks at the rectum.",
    ],
)
async def test_given_plain_words_then_nobody_swears(text: str) -> None:
    assert await only(panel("profanity"), text) is None


async def test_given_several_guards_then_all_findings_come_in_their_order() -> None:
    guards = panel("secrets", {"name": "words", "words": ["password"]}, "card_numbers")
    found = await judged(guards, f"The password is hunter2, the card {CARD}.")
    assert [one.guard for one in found] == ["secrets", "words", "card_numbers"]


@given(before=st.text(max_size=40), text=st.text(min_size=1, max_size=40), data=st.data())
def test_what_is_taken_out_is_gone_and_the_rest_is_there(before: str, text: str, data: st.DataObject) -> None:
    within = Within(Passage("output", "desk", text, before))
    start = data.draw(st.integers(0, len(within.whole) - 1))
    end = data.draw(st.integers(start + 1, len(within.whole)))
    own = len(within.whole) - len(text)
    without = within.without([(start, end)], "")
    assert without == within.whole[own : max(own, start)] + within.whole[max(own, end) :]
    assert within.touches(start, end) == (len(without) < len(text))
