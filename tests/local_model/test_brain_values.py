from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import sub_agent
from worker.local_model.brain.slots import Slot, said_yes
from worker.spoken.dates import find_day, today_in
from worker.spoken.numbers import runs

ORDER = Slot("order", {"type": "integer", "minimum": 1000, "maximum": 9999, "description": "the order number"}, True)
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
MONDAY = date(2026, 11, 23)


def pair(number: int) -> str:
    """A number below 100 as it is said in the middle of a longer one: `oh four`, `forty two`."""
    if number < 10:
        return f"oh {DIGITS[number]}"
    if number < 20:
        return TEENS[number - 10]
    return TENS[number // 10] + (f" {DIGITS[number % 10]}" if number % 10 else "")


@given(st.integers(1000, 9999))
def test_a_number_is_understood_however_it_is_said(number: int) -> None:
    digit_by_digit = " ".join(DIGITS[int(digit)] for digit in str(number))
    said = [str(number), digit_by_digit, " ".join(str(number)), f"{number:,}", f"it is {number}, please."]
    if number % 100 and number // 100 % 10:
        said.append(f"{pair(number // 100)} {pair(number % 100)}")
    for text in said:
        assert ORDER.find(text, MONDAY, answering=True) == number, text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("It's order ten forty two.", 1042),
        ("1 0 8 8 1 0 8 8", 1088),
        ("a thousand and forty-two", 1042),
        ("order 1042, no wait, 1043", 1043),
        ("one oh four, sorry, I meant one oh eight eight", 1088),
        ("number 10, 42.", 1042),
        ("double four one two", 4412),
        ("1 0 0 4 2", 1042),
        ("1 0 4 3, no weight, 1 0 4 2", 1042),
        ("move 1088 to the 27th of November", 1088),
        ("on Friday please", None),
        ("I have two of them", None),
    ],
)
def test_numbers_in_talk(text: str, number: int | None) -> None:
    assert ORDER.find(text, MONDAY, answering=True) == number


def test_nothing_is_no_number() -> None:
    assert runs("Hello, how are you?") == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("tomorrow", date(2026, 11, 24)),
        ("On Friday, please.", date(2026, 11, 27)),
        ("next Monday", date(2026, 11, 30)),
        ("the third of December", date(2026, 12, 3)),
        ("December 3rd", date(2026, 12, 3)),
        ("the 27th", date(2026, 11, 27)),
        ("in two days", date(2026, 11, 25)),
        ("not on Thursday, on Friday", date(2026, 11, 27)),
        ("the thirty first of February", None),
        ("as soon as you can", None),
        ("No, on thirsty instead.", date(2026, 11, 26)),
        ("it came yesterday", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert find_day(text, MONDAY) == day


def test_today_is_read_from_the_instructions() -> None:
    assert today_in("Be kind.\n\nToday is Monday 23 November 2026.") == MONDAY


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes, please.", True),
        ("That's right.", True),
        ("No, on Thursday.", False),
        ("Hm, what?", None),
        ("Don't.", False),
    ],
)
def test_yes_and_no(text: str, meant: bool | None) -> None:
    assert said_yes(text) is meant


def test_a_request_that_is_wanted_in_whole_sentences_is_handed_on_as_it_was_said() -> None:
    schema = sub_agent.schema("clerk", "Looks orders up.")["parameters"]["properties"]["request"]
    request = Slot("request", schema, True)
    assert request.find("Um, what did I order? It is 1017.", MONDAY, answering=False) == "what did I order? It is 1017."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It arrived broken.", "It arrived broken"),
        ("My name is Anna, it is broken.", "it is broken"),
        ("I want to return it because the lid is cracked.", "because the lid is cracked"),
        ("Order one zero one seven.", None),
    ],
)
def test_reasons_in_talk(text: str, reason: str | None) -> None:
    slot = Slot("reason", {"type": "string", "description": "the reason for sending it back"}, True)
    assert slot.find(text, MONDAY, answering=False) == reason
