"""Numbers by which a state knows a person: each with its check digits, or its rules where it has none."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from worker.pii.spelling import Spelling

_SSN = re.compile(r"(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}")
_SSN_WRITTEN = re.compile(r"[0-9]{3}([- \u2010-\u2015])[0-9]{2}\1[0-9]{4}")
_SSN_NAMED = re.compile(r"(?i)\b(?:social security|ssn|social)\b")
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]")
_NINO_NAMED = re.compile(r"(?i)\b(?:national insurance|nino|ni number)\b")
_DNI = re.compile(r"(?:[0-9]{8}|[XYZ][0-9]{7})[TRWAGMYFPDXBNJZSQVHLCKE]")
_DNI_NAMED = re.compile(r"(?i)\b(?:dni|nie|nif)\b")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_NAMED_WITHIN = 80  # characters before a number, in which its name makes it one


def national_ids(spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Where they are, as places in the text: of the US, the United Kingdom, Germany, Spain and France."""
    for start, end in spelling.digits(9):
        for begin, stops in spelling.stretches(start, end, range(9, 16)):
            for stop in stops:
                if _is_number_of_somebody(spelling, begin, stop):
                    yield spelling.span(begin, stop)
    yield from _lettered(spelling, _NINO, _NINO_NAMED, lambda _: True)
    yield from _lettered(spelling, _DNI, _DNI_NAMED, is_dni)


def is_steuer_id(digits: str) -> bool:
    """Germany: of the first ten digits one occurs twice or three times, the others once at most; ISO 7064 mod 11,10."""
    if not re.fullmatch(r"[1-9][0-9]{10}", digits):
        return False
    often = [count for count in Counter(digits[:10]).values() if count > 1]
    if len(often) != 1 or often[0] > 3:
        return False
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def is_nir(digits: str) -> bool:
    """France: thirteen digits, and what they lack to a multiple of 97."""
    return bool(re.fullmatch(r"[12][0-9]{14}", digits)) and 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_dni(number: str) -> bool:
    """Spain, residents without its nationality too (NIE): the letter is the number's remainder by 23."""
    digits = number[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(digits) % 23] == number[-1]


def _is_number_of_somebody(spelling: Spelling, start: int, end: int) -> bool:
    digits = spelling.chars[start:end]
    match len(digits):
        case 9:
            begin, stop = spelling.span(start, end)
            written = _SSN_WRITTEN.fullmatch(spelling.text[begin:stop])
            return bool(_SSN.fullmatch(digits) and (written or _named(spelling, begin, _SSN_NAMED)))
        case 11:
            return is_steuer_id(digits)
        case 15:
            return is_nir(digits)
        case _:
            return False


def _lettered(
    spelling: Spelling, shape: re.Pattern[str], name: re.Pattern[str], is_right: Callable[[str], bool]
) -> Iterator[tuple[int, int]]:
    for match in shape.finditer(spelling.chars):
        if spelling.whole(*match.span()) and is_right(match[0]):
            begin, stop = spelling.span(*match.span())
            if spelling.text[begin - 1 : begin].isalnum() or spelling.text[stop : stop + 1].isalnum():
                continue  # it is the middle of an id of letters and digits
            capital = not any(char.islower() for char in re.sub(r"\w{3,}", "", spelling.text[begin:stop]))
            if capital or _named(spelling, begin, name):  # "be 123456 a" is said every day
                yield begin, stop


def _named(spelling: Spelling, begin: int, name: re.Pattern[str]) -> bool:
    return bool(name.search(spelling.text, max(0, begin - _NAMED_WITHIN), begin))
