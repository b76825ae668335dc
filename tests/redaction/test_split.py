"""Numbers that are told in pieces, turn by turn."""

import pytest

from agents.redaction import RedactionSpec
from worker.redaction.policy import Policy, filled
from worker.redaction.split import JOINED_MS, Pieces, Turn

POLICY = Policy(RedactionSpec())


def told(*texts: str, apart_ms: int = 4000, pieces: Pieces | None = None) -> list[str]:
    """Turns of one speaker, as they stand when the last is told."""
    pieces = pieces or Pieces(POLICY)
    turns = [Turn(number, number * apart_ms, text, POLICY.holes(text)) for number, text in enumerate(texts)]
    for turn in turns:
        pieces.take(turn)
    return [filled(turn.text, turn.holes) for turn in turns]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["4111 1111", "1111 1111"], ["[card number]"] * 2),
        (["It is 4111", "1111", "1111", "1111."], ["It is [card number]", *["[card number]"] * 2, "[card number]."]),
        (
            ["four one one one one one one one", "and then: one one one one, double one double one."],
            ["[card number]", "and then: [card number]."],
        ),
        (
            ["my card is 4111 1111, right?", "and then 1111 1111, that is all"],
            ["my card is [card number], right?", "and then [card number], that is all"],
        ),
        (
            ["4111 1111", "hold on, let me find my glasses", "1111 1111"],
            ["[card number]", "hold on, let me find my glasses", "[card number]"],
        ),
        (["D E eight nine 3704", "0044 0532", "0130 00"], ["[IBAN]"] * 3),
        (["4111 1111 and then it is 1111 1111"], ["[card number] and then it is [card number]"]),
        (["I want 2 of them", "4111 1111", "1111 1111"], ["I want 2 of them", "[card number]", "[card number]"]),
    ],
)
def test_given_a_secret_in_pieces_then_all_of_them_are_out(said: list[str], kept: list[str]) -> None:
    assert told(*said) == kept


@pytest.mark.parametrize(
    "said",
    [
        ["The order is 2041.", "The postcode is 80331.", "I am 44 years old."],
        ["4111 1111", "no wait, that was my membership number, the other one is quite short", "1111 1111"],
        ["it is 1042", "no one knows", "two of them, please"],
        ["It is done for caller-8eb4a04956c3."],
        ["They are c401a82a0751, bc59dbb4648b and 75eba125946b."],
    ],
)
def test_given_numbers_that_belong_to_different_things_then_they_stay(said: list[str]) -> None:
    assert told(*said) == said


def test_given_too_long_between_two_pieces_then_they_are_not_one() -> None:
    assert told("4111 1111", "1111 1111", apart_ms=JOINED_MS + 1) == ["4111 1111", "1111 1111"]


def test_given_a_secret_in_pieces_then_what_is_told_next_is_no_part_of_it() -> None:
    assert told("4111 1111", "1111 1111", "it expires 12 26", "the order is 2041")[2:] == [
        "it expires 12 26",
        "the order is 2041",
    ]


def test_given_a_number_then_it_is_open_until_it_cannot_go_on() -> None:
    pieces = Pieces(POLICY)
    pieces.take(Turn(0, 0, "it is 4111 1111"))
    assert [piece.text for piece in pieces.open(1000)] == ["4111 1111"]
    assert not pieces.open(JOINED_MS + 1)
    pieces.take(Turn(1, 2000, "that was my membership number, by the way"))
    assert [piece.text for piece in pieces.open(2000)] == ["4111 1111"], "a remark ends nothing"
    pieces.take(Turn(2, 3000, "what I really want to have from you are 2 cups, because the others broke"))
    assert not pieces.open(3000), "another number, far from the first, does"
    pieces.take(Turn(3, 4000, "2 and 3"))
    assert not pieces.open(4000), "two digits are the beginning of nothing"
