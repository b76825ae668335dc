"""What an agent says against what is known: a table of a shop and a clinic, both ways."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.guards import claims_table
from worker.gate.guards.claims import Claims

TODAY = date(2026, 11, 27)  # a Friday
KINDS = ("amount", "percentage", "date", "time", "number")
INSTRUCTIONS = """We are open Monday to Saturday, from nine in the morning until six in the evening.
Our shop is at twelve Mill Lane, in Bristol. Delivery costs four pounds ninety, and it is free for orders over fifty pounds.
You can send things back within thirty days of delivery. You get your money back within five days."""
TOLD = [
    "Order 1042 is two copper kettles, 98.00 pounds in all. It is on its way, and arrives on Monday the 30th of November.",
    "The table lamp costs 35.00 pounds. It takes a screw-in bulb of up to sixty watts.",
    '{"order": 1088, "total": 59.0, "currency": "GBP", "discount": 0.15, "delivery_day": "2026-12-02"}',
    "The linen curtain costs 38.50 pounds. It is one metre forty wide and two metres sixty long.",
    "Please make it Thursday instead, my number is oh one one seven four nine six oh one two three",
    "Dr. Patel is free on 2026-12-04 at 15:30 and on 2026-12-07 at 09:15. The visit costs €120.",
    "Take 2 tablets of 400 mg every 8 hours. Your last visit was on Saturday the 21st of November.",
    "order_number: 1042",
]

RIGHT = [
    "One moment please, I will look that up for you.",
    "That is one of our two lamps, and the first one is the most popular.",
    "Is there anything else I can do for you today?",
    "Give me a second or two.",
    "Your order, number one zero four two, is on its way.",
    "Order ten forty-two is two copper kettles.",
    "It comes to ninety-eight pounds in all.",
    "That is £98.",
    "It is 98.00 GBP altogether.",
    "It arrives on Monday.",
    "It arrives on Monday, the thirtieth of November.",
    "It will be with you on November 30th.",
    "It comes in three days, on the 30th.",
    "The table lamp is thirty-five pounds.",
    "It takes a bulb of up to 60 watts.",
    "The curtain is thirty-eight pounds fifty.",
    "The curtain costs thirty-eight fifty.",
    "It is one metre forty wide and two metres sixty long.",
    "Order 1088 comes to fifty-nine pounds, with 15 % off.",
    "You get fifteen per cent off.",
    "It comes on Wednesday, the second of December.",
    "It comes on the 2nd of December 2026.",
    "Let me read that back: order number, 1042; the day, Thursday the 3rd of December. Is that right?",
    "I have moved it to Thursday.",
    "Delivery is four pounds and ninety pence.",
    "Delivery costs £4.90, and nothing for orders over £50.",
    "We are open from nine until six, Monday to Saturday.",
    "We open at 9:00 and close at 18:00.",
    "Our shop is at twelve Mill Lane.",
    "You can send it back within 30 days.",
    "The money is with you within five days.",
    "Dr. Patel can see you next Friday, the fourth of December, at half past three.",
    "He is also free on Monday the seventh at quarter past nine in the morning.",
    "The visit costs one hundred and twenty euros.",
    "It is about a hundred pounds in all.",
    "Take two tablets of four hundred milligrams every eight hours.",
    "You were here last on the twenty-first of November.",
    "I have your number as 0117 496 0123.",
    "No, I am afraid nobody here can tell you that.",
    "Of the three things you asked for, two are in stock.",
    "By the way, both of them may go back.",
    "You may march on: I may have two more questions.",
]
WRONG = [
    ("It comes to eighty-nine pounds in all.", "amount"),
    ("That is 98 euros.", "amount"),
    ("The table lamp is thirty-five pounds ninety-nine.", "amount"),
    ("The lamp is on sale for just £25.", "amount"),
    ("You get a voucher of ten euros for the trouble.", "amount"),
    ("The visit costs a hundred and twenty pounds.", "amount"),
    ("There is a fee of 50p.", "amount"),
    ("It is about seventy pounds in all.", "amount"),
    ("You get twenty per cent off.", "percentage"),
    ("We give 5% to regulars.", "percentage"),
    ("It arrives on Tuesday.", "date"),
    ("It arrives on Monday the first of December.", "date"),
    ("It arrives on the 31st of November.", "date"),
    ("It arrives tomorrow.", "date"),
    ("It will be with you in two days.", "date"),
    ("It comes on Tuesday the 30th of November.", "date"),
    ("Dr. Patel can see you on December 11th.", "date"),
    ("It was delivered yesterday.", "date"),
    ("Your appointment is on 05.01.2027.", "date"),
    ("Dr. Patel can see you on the fourth of December at half past four.", "time"),
    ("We are open until eight in the evening.", "time"),
    ("Come at 10:45, please.", "time"),
    ("Order one zero four three is on its way.", "number"),
    ("Your order 2042 is on its way.", "number"),
    ("It takes a bulb of up to a hundred watts.", "number"),
    ("You can send it back within 60 days.", "number"),
    ("You can send it back within fourteen days.", "number"),
    ("Take four tablets of 400 mg.", "number"),
    ("Our number is 0800 123 456.", "number"),
    ("The money is with you within seven days.", "number"),
    ("We have 37 of them in stock.", "number"),
]


def judged(text: str) -> str | None:
    claims = Claims({"desk": [INSTRUCTIONS]}, KINDS, today=lambda: TODAY)
    found = claims.judge(text, "desk", TOLD)
    return found.why if found else None


@pytest.mark.parametrize("text", RIGHT)
def test_given_what_is_known_in_any_words_then_it_may_be_said(text: str) -> None:
    assert judged(text) is None


@pytest.mark.parametrize(("text", "kind"), WRONG)
def test_given_what_nobody_has_told_then_it_is_found(text: str, kind: str) -> None:
    words = {"amount": "amount", "percentage": "percentage", "date": "day", "time": "time", "number": "number"}
    assert words[kind] in (judged(text) or "")


def test_of_another_trade_hardly_anything_right_is_found_and_hardly_anything_wrong_is_not() -> None:
    claims = Claims({"desk": [claims_table.INSTRUCTIONS]}, KINDS, today=lambda: claims_table.TODAY)
    false = [text for text in claims_table.RIGHT if claims.judge(text, "desk", claims_table.TOLD)]
    missed = [text for text in claims_table.WRONG if not claims.judge(text, "desk", claims_table.TOLD)]
    print(
        f"\nfound in error: {len(false)} of {len(claims_table.RIGHT)}; missed: {len(missed)} of {len(claims_table.WRONG)}"
    )
    assert len(false) <= 0.02 * len(claims_table.RIGHT), false
    assert len(missed) <= 0.1 * len(claims_table.WRONG), missed


def test_given_no_wish_for_a_kind_then_it_is_not_compared() -> None:
    claims = Claims({}, ["amount"], today=lambda: TODAY)
    assert claims.judge("It comes tomorrow at ten past nine.", "desk", []) is None
    assert claims.judge("It costs 5 euros.", "desk", [])


@given(amount=st.decimals(1, 5000, places=2), currency=st.sampled_from(["pounds", "euros", "dollars"]))
def test_an_amount_is_the_same_however_it_is_written(amount: Decimal, currency: str) -> None:
    sign = {"pounds": "£", "euros": "€", "dollars": "$"}[currency]
    claims = Claims({}, KINDS, today=lambda: TODAY)
    for told in (f"It is {amount} {currency}.", f"It is {sign}{amount:,}.", json.dumps({"total": float(amount)})):
        assert claims.judge(f"That comes to {amount} {currency}.", "desk", [told]) is None
        assert claims.judge(f"That comes to {sign}{amount:,} in all.", "desk", [told]) is None
        assert claims.judge(f"That comes to {amount + 1} {currency}.", "desk", [told])


@given(day=st.dates(TODAY - timedelta(80), TODAY + timedelta(200)))
def test_a_day_is_the_same_however_it_is_written(day: date) -> None:
    claims = Claims({}, KINDS, today=lambda: TODAY)
    ways = [
        day.isoformat(),
        f"{day:%A} the {day.day} of {day:%B}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day:%d.%m.%Y}",
    ]
    for told in ways:
        for said in ways:
            assert claims.judge(f"It comes on {said}.", "desk", [f"day: {told}"]) is None
    other = day + timedelta(1)
    if other != TODAY:
        assert claims.judge(
            f"It comes on {other:%A} the {other.day} of {other:%B}.", "desk", [f"day: {day.isoformat()}"]
        )
