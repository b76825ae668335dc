"""What may be pressed on a card, and what is made of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.presses import NO, YES, PressError, read
from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, FormField, Item, Option, OrderCard

ITEM = Item(name="kettle", price=20)
CARDS: Mapping[str, tuple[AnyCard, tuple[str, ...]]] = {  # and the answers on it
    "facts": (Card(title="x", choices=("Move it", "Keep it")), ("Move it", "Keep it")),
    "order": (
        OrderCard(title="x", state="packing", items=(ITEM,), currency="GBP", choices=("Send it back",)),
        ("Send it back",),
    ),
    "choice": (
        ChoiceCard(title="x", options=(Option(label="Red"), Option(label="Blue", detail="more"))),
        ("Red", "Blue"),
    ),
    "confirm": (ConfirmCard(title="x", yes="Yes, open it"), (YES, NO)),
}
FIELDS = (
    FormField(key="order_number", label="Order number", type="integer", minimum=1000, maximum=9999),
    FormField(key="weight", label="Weight", type="number", required=False, minimum=0),
    FormField(key="pin", label="PIN", type="digits", required=False, longest=6),
    FormField(key="day", label="Day", type="date", required=False),
    FormField(key="broken", label="Broken", type="yes_no", required=False),
    FormField(key="colour", label="Colour", type="choice", choices=("red", "blue"), required=False),
    FormField(key="mail", label="Mail", type="email", required=False),
    FormField(key="phone", label="Phone", type="phone", required=False),
    FormField(key="reason", label="Reason", required=False, longest=20),
)
FORM = FormCard(title="x", fields=FIELDS)
NEEDED = {"order_number": "1017"}


@pytest.mark.parametrize("kind", CARDS)
@given(
    choice=st.none() | st.integers(-3, 6), values=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2)
)
def test_an_answer_is_one_of_those_on_the_card_and_nothing_else(
    kind: str, choice: int | None, values: dict[str, str]
) -> None:
    card, answers = CARDS[kind]
    if choice is not None and 0 <= choice < len(answers) and not values:
        assert read(card, choice, values).choice == answers[choice]
        return
    with pytest.raises(PressError, match="That is not one of the answers"):
        read(card, choice, values)


TYPED = st.sampled_from(["1017", "2026-12-01", "yes", "red", "a@b.org"]) | st.text(max_size=30)


@given(st.dictionaries(st.sampled_from([one.key for one in FIELDS]) | st.text(max_size=5), TYPED))
def test_whatever_is_typed_into_a_form_is_typed_as_it_says_or_refused_in_a_sentence(values: dict[str, str]) -> None:
    found, why = dict[str, Any](), ""
    try:
        found = dict(read(FORM, None, values).values)
    except PressError as error:
        why = str(error)
    if why:
        assert why.endswith(".")
        assert len(why) < 200
        return
    assert set(found) <= {one.key for one in FIELDS}
    assert isinstance(found["order_number"], int)
    assert 1000 <= found["order_number"] <= 9999
    assert all(
        isinstance(found.get(key, ""), str) and found.get(key, "").isprintable() for key in ("reason", "pin", "mail")
    )
    assert len(found.get("reason", "")) <= 20


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("order_number", " 1017 ", 1017),
        ("weight", "2.5", 2.5),
        ("pin", "0012", "0012"),
        ("day", "2026-12-01", "2026-12-01"),
        ("broken", "no", False),
        ("broken", "yes", True),
        ("colour", "blue", "blue"),
        ("mail", "jane@shop.example.org", "jane@shop.example.org"),
        ("phone", "+44 (0)20 7946-0018", "+44 (0)20 7946-0018"),
        ("reason", "two\nlines\u202e", "two lines"),
    ],
)
def test_a_value_becomes_what_it_is(key: str, written: str, value: Any) -> None:
    assert read(FORM, None, NEEDED | {key: written}).values[key] == value


@pytest.mark.parametrize(
    ("key", "written", "why"),
    [
        ("order_number", "", "Order number: this is needed."),
        ("order_number", "12", "Order number: 1000 or more and 9999 or less, please."),
        ("order_number", "1017.5", "Order number: a whole number, please."),
        ("order_number", "1e3", "Order number: a whole number, please."),
        ("weight", "nan", "Weight: a number, please."),
        ("weight", "-1", "Weight: 0 or more, please."),
        ("pin", "12a", "PIN: digits only, please."),
        ("pin", "1234567", "PIN: 6 characters at most."),
        ("pin", "١٢٣", "PIN: digits only, please."),
        ("day", "01.12.2026", "Day: a day of the form YYYY-MM-DD, please."),
        ("day", "20261201", "Day: a day of the form YYYY-MM-DD, please."),
        ("broken", "maybe", "Broken: yes or no, please."),
        ("colour", "green", "Colour: one of the list, please."),
        ("mail", "jane@org", "Mail: an address such as jane@example.org, please."),
        ("phone", "call me", "Phone: a telephone number, please."),
        ("reason", "x" * 21, "Reason: 20 characters at most."),
        ("price", "1", "There is no 'price' on this card."),
    ],
)
def test_a_value_that_is_something_else_is_refused_by_its_name(key: str, written: str, why: str) -> None:
    with pytest.raises(PressError) as refused:
        read(FORM, None, NEEDED | {key: written})
    assert str(refused.value) == why


def test_a_form_takes_no_answer_and_is_not_sent_empty() -> None:
    with pytest.raises(PressError, match="That is not one of the answers"):
        read(FORM, 0, NEEDED)
    optional = FormCard(title="x", fields=FIELDS[1:])
    with pytest.raises(PressError, match=r"Nothing is filled in\."):
        read(optional, None, {"weight": " "})
