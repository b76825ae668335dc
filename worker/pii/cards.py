"""Numbers of payment cards: 13 to 19 digits with a check digit (ISO/IEC 7812, Luhn)."""

import re
from collections.abc import Iterator

from worker.pii.spelling import Spelling

_SHORTEST, _LONGEST = 13, 19
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|35[2-8]\d|220[0-4]|60\d\d|81\d\d|82\d\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11,16}"
    r"|(?:50|5[6-9]|6\d)\d{11,17}"
)  # Visa, Mastercard, American Express, Discover, UnionPay, JCB, Mir, RuPay, Diners, Maestro


def cards(spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Where they are, as places in the text. Among other digits, only numbers that an issuer gives out."""
    for start, end in spelling.digits(_SHORTEST):
        if end - start <= _LONGEST and luhn(spelling.chars[start:end]):
            yield spelling.span(start, end)
        else:
            yield from _within(spelling, start, end)


def is_issued(digits: str) -> bool:
    """Whether it is a number that an issuer gives out: rarer than one whose check digit is right."""
    return bool(_ISSUED.fullmatch(digits)) and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others; zeros alone are no number."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0 and any(values)


def _within(spelling: Spelling, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A card beside its date and its code, or two of them: they begin and end where a group of digits does."""
    found_to = start
    for begin, stops in spelling.stretches(start, end, range(_SHORTEST, _LONGEST + 1)):
        if begin < found_to:
            continue
        for stop in stops:
            digits = spelling.chars[begin:stop]
            if _ISSUED.fullmatch(digits) and luhn(digits):
                yield spelling.span(begin, stop)
                found_to = stop
                break
