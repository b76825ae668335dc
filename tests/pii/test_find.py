"""What is found in what people write and say, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.pii import Kind, find
from worker.pii.cards import luhn
from worker.pii.ibans import is_iban
from worker.pii.national_ids import is_dni, is_nir, is_steuer_id

FULLWIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in "378282246310005")
ONES = " ".join(["one"] * 12)
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def found(text: str, *kinds: Kind) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in (find(text, kinds) if kinds else find(text))]


def with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if luhn(digits + last))


luhn_numbers = st.from_regex(r"[1-9][0-9]{11,17}", fullmatch=True).map(with_check_digit)
separators = st.text(" -./,\u2013\u2014\u00a0\t\n:;_|()", min_size=0, max_size=3)


@given(number=luhn_numbers, data=st.data())
def test_given_a_card_number_with_any_separators_then_all_of_it_is_found(number: str, data: st.DataObject) -> None:
    written = number[0] + "".join(data.draw(separators) + digit for digit in number[1:])
    assert found(f"It is {written}, thank you.", "card_number") == [("card_number", written)]


@given(number=luhn_numbers, data=st.data())
def test_given_a_card_number_as_it_is_spoken_then_all_of_it_is_found(number: str, data: st.DataObject) -> None:
    between = st.sampled_from([" ", ", ", " - ", " uh ", " and ", ". "])
    spoken = WORDS[int(number[0])] + "".join(data.draw(between) + WORDS[int(digit)] for digit in number[1:])
    assert found(f"Sure, {spoken} is what it says", "card_number") == [("card_number", spoken)]


@given(number=st.from_regex(r"[0-9]{13,19}", fullmatch=True).filter(lambda digits: not luhn(digits)))
def test_given_digits_whose_check_digit_is_wrong_then_there_is_no_card(number: str) -> None:
    assert found(f"The parcel's number is {number}.", "card_number") == []


@given(text=st.text(max_size=200))
def test_given_any_text_then_places_are_in_it_and_in_order(text: str) -> None:
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert [span.start for span in spans] == sorted(span.start for span in spans)


FOUND: list[tuple[Kind, str, str]] = [
    ("card_number", "My card is 4111 1111. 1111 1111.", "4111 1111. 1111 1111"),
    ("card_number", "4111 1111 1111 1111 12/27 123", "4111 1111 1111 1111"),
    ("card_number", "order 1042, 4111-1111-1111-1111, please", "4111-1111-1111-1111"),
    ("card_number", "it says forty one eleven double one double one eleven eleven eleven eleven", "forty one eleven "
     "double one double one eleven eleven eleven eleven"),
    ("card_number", f"no, four triple one {ONES}, that is it", f"four triple one {ONES}"),
    ("card_number", "fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf vier vier vier vier",
     "fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf fünf vier vier vier vier"),
    ("card_number", f"it is {FULLWIDTH}", FULLWIDTH),
    ("email", "Write to jane.doe+shop@mail.example.co.uk.", "jane.doe+shop@mail.example.co.uk"),
    ("email", "It is jane dot doe at example dot com, all lower case", "jane dot doe at example dot com"),
    ("email", "j underscore smith at mail dot example dot co dot uk",
     "j underscore smith at mail dot example dot co dot uk"),
    ("phone", "Ring 0117 496 0123 please", "0117 496 0123"),
    ("phone", "call +44 20 7946 0018.", "+44 20 7946 0018"),
    ("phone", "call (212) 555-2368 now", "(212) 555-2368"),
    ("phone", "oh one one seven, four nine six, oh one two three", "oh one one seven, four nine six, oh one two three"),
    ("phone", "plus four nine three oh two three one two five one two three", "plus four nine three oh two three one two "
     "five one two three"),
    ("iban", "Use DE89 3704 0044 0532 0130 00.", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29nwbk60161331926819", "gb29nwbk60161331926819"),
    ("iban", "G B two nine N W B K six zero one six one three three one nine two six eight one nine",
     "G B two nine N W B K six zero one six one three three one nine two six eight one nine"),
    ("national_id", "SSN 078-05-1120", "078-05-1120"),
    ("national_id", "my social security number is oh seven eight oh five one one two oh",
     "oh seven eight oh five one one two oh"),
    ("national_id", "It is QQ 12 34 56 A? No, AB 12 34 56 C.", "AB 12 34 56 C"),
    ("national_id", "a b one two three four five six c is my national insurance number", ""),
    ("national_id", "my national insurance number is a b one two three four five six c",
     "a b one two three four five six c"),
    ("national_id", "Steuer-ID 86 095 742 719", "86 095 742 719"),
    ("national_id", "DNI 12345678Z", "12345678Z"),
    ("national_id", "NIE X-1234567-L", "X-1234567-L"),
    ("national_id", "numéro 2 55 08 14 168 025 38", "2 55 08 14 168 025 38"),
    ("secret", "export KEY=sk-proj-abcdefghijklmnop1234", "sk-proj-abcdefghijklmnop1234"),
    ("secret", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("secret", "your password is hunter2.", "hunter2"),
    ("secret", "password: 'correct horse'", "'correct horse'"),
    ("secret", "the pin is four seven one one", "four seven one one"),
    ("secret", "Your one-time code is 482 913.", "482 913"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "place"), FOUND)
def test_given_it_is_there_then_it_is_found_whole(kind: Kind, text: str, place: str) -> None:
    assert found(text, kind) == ([(kind, place)] if place else [])


@pytest.mark.parametrize(
    "text",
    [
        "Order 1042 is two copper kettles, 98.00 pounds in all.",
        "It is on its way, and arrives on Friday the 27th of November 2026 at half past three.",
        "We are open Monday to Saturday, from nine in the morning until six in the evening.",
        "From 27.11.2026 10:30 until 04.12.2026, orders 1001, 1002, 1003 and 1004.",
        "One moment please, I will be right back with you in one or two minutes.",
        "It will be 123456 a piece, and at 12 30 45 a parcel.",
        "Your password is reset, and the new password is case-sensitive.",
        "The PIN is on the letter. The security code is three digits.",
        "Meet us at noon, dot your i's, at example we are kind.",
        "The number of the parcel is 1234567890123456.",
        "Sixty watts, two hundred and fifty degrees, one metre forty wide.",
        "86095742710 and 12345678A and DE88370400440532013000 and AB123456E",
        "Parcels 958ab123669d, 54EC380982A2 and 7b12345678z1 are on their way.",
    ],
)
def test_given_what_a_shop_says_then_nothing_is_found(text: str) -> None:
    assert found(text) == []


def test_given_one_inside_another_then_the_longer_one_is_told() -> None:
    assert [kind for kind, _ in found("DE89 3704 0044 0532 0130 00")] == ["iban"]


def test_given_a_country_then_its_national_numbers_count() -> None:
    assert find("912 345 678", ["phone"]) == []
    assert [span.kind for span in find("912 345 678", ["phone"], regions=["ES"])] == ["phone"]


@given(digits=st.from_regex(r"[0-9]{18}", fullmatch=True))
def test_given_an_iban_with_one_digit_changed_then_it_is_none(digits: str) -> None:
    check = 98 - int(f"{digits}131400") % 97
    assert is_iban(f"DE{check:02d}{digits}")
    assert not is_iban(f"DE{check:02d}{digits[:-1]}{(int(digits[-1]) + 1) % 10}")


def test_given_a_wrong_check_digit_then_it_is_nobodys_number() -> None:
    assert is_steuer_id("86095742719")
    assert is_steuer_id("47036892816")
    assert not is_steuer_id("86095742718")
    assert not is_steuer_id("11195742719")
    assert is_dni("12345678Z")
    assert is_dni("X1234567L")
    assert not is_dni("12345678A")
    assert is_nir("255081416802538")
    assert not is_nir("255081416802539")


def test_given_a_long_table_of_numbers_then_it_is_read_in_one_go() -> None:
    """Its numbers have nothing but signs between: every stretch of them would be as many as their square."""
    table = ", ".join(str(number) for number in range(20_000))
    assert len(find(f"{table}, 4111 1111 1111 1111", ["card_number", "national_id"])) < 20_000
