"""Telephone numbers that are in a country's plan, written or spoken (libphonenumber's rules)."""

import re
from collections.abc import Iterator, Sequence

from worker.pii.spelling import Spelling

_SHORTEST, _LONGEST = 7, 15
_LEAD = 8  # characters before a number that may say that it is from abroad
_DATE = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1\d{2,4}|\d{4}-\d\d-\d\d.*|\d{1,2}([./-])\d{1,2}\2\d{2,4}[\s,]+\d{1,2}[:.]\d\d"
)
_ABROAD = re.compile(r"(?i)(?:\+|\bplus|(?<!\d)00)\s*$")
_DIALLED_WITH_0 = frozenset(
    {"AT", "AU", "BE", "CH", "DE", "FI", "FR", "GB", "IE", "IN", "NL", "NZ", "SE", "TR", "UA", "ZA"}
)


def phones(spelling: Spelling, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where they are, as places in the text. `regions`: whose national numbers count, beside all international ones."""
    for start, end in spelling.digits(_SHORTEST):
        found_to = start
        for begin, stops in spelling.stretches(start, end, range(_SHORTEST, _LONGEST + 1)):
            if begin < found_to or (begin > start and not spelling.is_group(begin)):
                continue  # a spoken number begins where its digits do
            for stop in stops:
                if _is_phone(spelling, begin, stop, regions):
                    yield _with_plus(spelling, begin, stop)
                    found_to = stop
                    break


def _is_phone(spelling: Spelling, start: int, end: int, regions: Sequence[str]) -> bool:
    digits = spelling.chars[start:end]
    begin, stop = spelling.span(start, end)
    if _DATE.fullmatch(spelling.text[begin:stop]):
        return False
    if _ABROAD.search(spelling.text[max(0, begin - _LEAD) : begin]):
        return _is_valid(f"+{digits}", None)
    if digits.startswith("00"):
        return _is_valid(f"+{digits[2:]}", None)
    written = spelling.text[begin:stop] if "(0)" in spelling.text[begin:stop] else digits
    return any(_may_be_national(digits, region) and _is_valid(written, region) for region in regions)


def _may_be_national(digits: str, region: str) -> bool:
    """Before libphonenumber is asked, which takes 0.1 ms: numbers begin as one dials them, not in the middle."""
    if region in ("US", "CA"):
        return bool(re.fullmatch(r"1?[2-9]\d\d[2-9]\d{6}", digits))
    return digits.startswith("0") or region not in _DIALLED_WITH_0


def _is_valid(number: str, region: str | None) -> bool:
    import phonenumbers  # 3 MB that only those need who look for numbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number, region)))
    except phonenumbers.NumberParseException:
        return False


def _with_plus(spelling: Spelling, start: int, end: int) -> tuple[int, int]:
    begin, stop = spelling.span(start, end)
    lead = spelling.text[max(0, begin - _LEAD) : begin]
    plus = re.search(r"(?i)(?:\+|\bplus)[\s(]*$|\($", lead)
    return (begin - len(lead) + plus.start() if plus else begin), stop
