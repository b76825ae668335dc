"""What a team's `redact` takes out of a text."""

import pytest

from agents.redaction import DEFAULT, RedactionSpec
from worker import pii
from worker.redaction.policy import Policy, Value, without

CARD, IBAN, MAIL, PHONE = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "jo.doe@example.com", "+49 30 901820"


def policy(*what: object) -> Policy:
    return Policy(RedactionSpec.model_validate(list(what)))


def test_given_nothing_said_then_cards_accounts_and_passwords_are_out_and_what_finds_a_customer_stays() -> None:
    default = Policy(RedactionSpec())
    assert default.text(f"Pay {CARD} or {IBAN}.") == "Pay [card number] or [IBAN]."
    assert default.text("four one one one, one one one one, one one one one, one one one one") == "[card number]"
    assert default.text("My password is hunter2!x.") == "My password is [secret]."
    assert default.text(f"{MAIL}, {PHONE}, order 1042") == f"{MAIL}, {PHONE}, order 1042"


def test_given_an_empty_list_then_all_is_kept() -> None:
    assert policy().text(f"{CARD} {IBAN}") == f"{CARD} {IBAN}"


def test_given_kinds_then_each_is_out_in_its_own_words() -> None:
    told = policy("emails", "phones").text(f"{MAIL} or {PHONE}, card {CARD}")
    assert told == f"[e-mail] or [phone number], card {CARD}"


def test_given_a_pattern_then_it_is_out_beside_the_rest() -> None:
    own = policy("card_numbers", {"pattern": r"M-\d{5}", "instead": "[member]"}, {"pattern": "tulip"})
    assert own.text(f"M-12345 with {CARD}, tulip") == "[member] with [card number], [redacted]"


def test_given_two_that_overlap_then_one_thing_stands_there() -> None:
    own = policy("card_numbers", {"pattern": r"1111 and so"})
    assert own.text(f"{CARD} and so on") == "[card number] on"


@pytest.mark.parametrize(
    "said",
    ["it is 7391", "it is 7 3 9 1", "seven three nine one", "Seven, three, nine, one.", "seventy three ninety one"],
)
def test_given_a_number_that_is_known_then_it_is_out_however_it_is_said(said: str) -> None:
    told = without(said, [Value("7391", "[pin]")])
    assert "[pin]" in told
    assert not any(part in told.lower() for part in ("7", "9", "seven", "nine", "three"))


@pytest.mark.parametrize("said", ["order 17391", "7391000", "the pin"])
def test_given_another_number_around_it_then_it_stays(said: str) -> None:
    assert without(said, [Value("7391", "[pin]")]) == said


def test_given_words_that_are_known_then_they_are_out_in_any_case_and_spacing() -> None:
    assert without("I said Open,  sesame!", [Value("open sesame", "[word]")]) == "I said [word]!"


def test_given_a_detector_that_fails_then_nothing_of_the_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, kinds: object) -> list[pii.Span]:
        raise RecursionError(text)

    monkeypatch.setattr(pii, "find", broken)
    assert Policy(RedactionSpec()).text(f"it is {CARD}") == "[not kept: RecursionError]"


def test_every_kind_has_a_place_in_the_policy() -> None:
    for kind in DEFAULT:
        assert policy(kind).spec.kinds == (kind,)
    assert Policy(RedactionSpec()).hides_dialled
    assert not policy("card_numbers").hides_dialled
