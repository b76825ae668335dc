from typing import Any

import pytest

from agents.facts import Facts
from agents.spec import FactSpec

SPECS = {
    "number": FactSpec(type="integer", description="the number", minimum=1, maximum=99),
    "code": FactSpec(description="the code", pattern=r"[A-Z]{2}\d"),
    "day": FactSpec(type="date", description="the day"),
    "agreed": FactSpec(type="yes_no", description="whether they agree"),
    "price": FactSpec(type="number", description="the price"),
}


@pytest.mark.parametrize(
    ("name", "told", "noted"),
    [
        ("number", "7", 7),
        ("number", 7.0, 7),
        ("code", " AB1 ", "AB1"),
        ("day", "2026-11-24", "2026-11-24"),
        ("agreed", True, True),
        ("price", "12.5", 12.5),
    ],
)
def test_given_a_value_that_fits_then_it_is_noted_in_its_type(name: str, told: Any, noted: Any) -> None:
    facts = Facts(SPECS)
    assert facts.note(name, told)
    assert facts.values == {name: noted}
    assert not facts.note(name, told), "the same again changes nothing"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("number", "seven"),
        ("number", 7.5),
        ("number", 100),
        ("number", True),
        ("code", "ab1"),
        ("code", ""),
        ("day", "tomorrow"),
        ("agreed", "yes"),
        ("nothing", 1),
    ],
)
def test_given_a_value_that_does_not_fit_then_it_is_refused_and_the_former_one_stays(name: str, told: Any) -> None:
    facts = Facts(SPECS)
    facts.values["number"] = 5
    with pytest.raises(ValueError, match=r"."):
        facts.note(name, told)
    assert facts.values == {"number": 5}


def test_given_a_tools_arguments_then_what_they_tell_is_known() -> None:
    facts = Facts(SPECS)
    assert facts.take('{"number": 9, "reason": "broken", "day": "soon"}')
    assert facts.values == {"number": 9}
    assert not facts.take("{")
