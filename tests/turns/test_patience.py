"""Whether a caller is in the middle of a number."""

import pytest

from agents.spec import FactSpec
from worker.turns.patience import dictates, like_a_number

ORDER = FactSpec(type="integer", description="the order number", minimum=1000, maximum=9999)
POSTCODE = FactSpec(description="the postcode", pattern=r"[A-Z]{2}\d{3}")
PHONE = FactSpec(description="where they can be called: the phone number")
REASON = FactSpec(description="why it goes back")


def test_facts_that_are_said_bit_by_bit() -> None:
    assert [like_a_number(spec) for spec in (ORDER, POSTCODE, PHONE, REASON)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("said", "wanted", "more"),
    [
        ("It is 4 2", True, True),
        ("It is four two", True, True),
        ("It is 4 2 1 7.", True, False),
        ("AB", True, False),
        ("A B", True, True),
        ("A B 1 2 3", True, False),
        ("0 7 9 4 4, double", True, True),
        ("j o at example dot", True, True),
        ("I do not have it.", True, False),
        ("Yes.", True, False),
        ("I want two.", False, False),
        ("My number is 0 7 9", False, True),
        ("Where is my order 4217?", False, False),
    ],
)
def test_whether_more_may_follow(said: str, wanted: bool, more: bool) -> None:
    assert dictates(said, wanted=wanted, known=[ORDER, POSTCODE]) is more
