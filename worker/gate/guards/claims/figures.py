"""Numbers in a text, and what they count: `four pounds ninety`, `€49.90`, `twenty per cent`, `order one zero four two`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from worker.spoken.numbers import is_number_word, meanings

Counts = Literal["amount", "percentage", "number"]
_TOKEN = re.compile(
    r"(?P<symbol>[€$£¥])|(?P<digits>\d+(?:[.,'\u2019]\d+)*)|(?P<word>[^\W\d]+)|(?P<percent>%)|(?P<stop>[^\w\s-])"
)
_CURRENCIES = {
    **dict.fromkeys(("€", "euro", "euros", "eur"), "EUR"),
    **dict.fromkeys(("£", "pound", "pounds", "gbp", "quid", "sterling"), "GBP"),
    **dict.fromkeys(("$", "dollar", "dollars", "usd", "bucks"), "USD"),
    **dict.fromkeys(("¥", "yen", "jpy"), "JPY"),
    **dict.fromkeys(("chf", "franc", "francs"), "CHF"),
}
_MINOR = {**dict.fromkeys(("cent", "cents"), ""), **dict.fromkeys(("pence", "penny", "p"), "GBP")}
_UNIT = re.compile(
    r"(day|night|week|month|year|hour|metre|meter|centimetre|cm|millimetre|mm|kilometre|km|mile|litre|liter|millilitre|ml|kilogram|kilo"
    r"|kg|gram|milligram|mg|watt|degree|piece|tablet|pill|session|treatment|point|star)s?"
)
_SHORT = {"cm": "centimetre", "mm": "millimetre", "km": "kilometre", "ml": "millilitre", "mg": "milligram"}
_SHORT |= {"kg": "kilogram", "kilo": "kilogram", "meter": "metre", "liter": "litre"}
_KINDS_OF_DAY = frozenset({"working", "business", "calendar", "full", "whole", "more"})
_ALONE = frozenset({"a", "an", "o", "for", "to", "too", "won", "ate"})  # no numbers where nothing else says so
_ROUGH = frozenset(
    ["about", "around", "roughly", "approximately", "nearly", "almost", "over", "under", "circa", "than"]
)
_ORDINAL = frozenset({"st", "nd", "rd", "th"})


@dataclass(frozen=True, slots=True)
class Figure:
    """`text[start:end]` counts one of `values`; which, only its speaker knows. `currency` is empty where nobody says.

    `unit`: the measure, if it is a number of one. `bare`: a small number of nothing, as in "one moment". `rough`: "about".
    `parts`: the numbers that were said one after the other. `field`: written in digits, what a tool calls it if it does.
    """

    counts: Counts
    values: frozenset[Decimal]
    start: int
    end: int
    currency: str = ""
    unit: str = ""
    parts: frozenset[Decimal] = frozenset()
    bare: bool = False
    rough: bool = False
    field: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str  # lower case
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Number:
    values: frozenset[Decimal]
    first: int  # tokens
    after: int
    words: int
    parts: frozenset[Decimal] = frozenset()


def figures(text: str) -> Iterator[Figure]:
    """In order. Numbers in dates and times are among them."""
    tokens = [_Token(str(m.lastgroup), m[0].lower(), *m.span()) for m in _TOKEN.finditer(text)]
    place = 0
    while place < len(tokens):
        number = _number(tokens, place, text)
        if number is None:
            place += 1
            continue
        figure, place = _figure(tokens, number, text)
        if figure:
            yield figure


def _figure(tokens: list[_Token], number: _Number, text: str) -> tuple[Figure | None, int]:
    """What a number counts, by what stands beside it; and where to go on."""
    before = tokens[number.first - 1] if number.first else None
    after = _text(tokens, number.after)
    start, end = tokens[number.first].start, tokens[number.after - 1].end
    rough = before is not None and before.text in _ROUGH
    if after in _ORDINAL and tokens[number.after].start == end:
        return None, number.after + 1
    if (
        after == "%"
        or after in ("percent", "percentage")
        or (after == "per" and _text(tokens, number.after + 1) == "cent")
    ):
        further = number.after + (2 if after == "per" else 1)
        return Figure("percentage", number.values, start, tokens[further - 1].end, rough=rough), further
    if after in _MINOR:
        values = frozenset(value / 100 for value in number.values)
        return Figure("amount", values, start, tokens[number.after].end, _MINOR[after], rough=rough), number.after + 1
    if before and before.kind == "symbol":
        figure = Figure("amount", number.values, before.start, end, _CURRENCIES[before.text], rough=rough)
        return figure, number.after
    if after in _CURRENCIES:
        values, further = _with_minor(tokens, number, text)
        end = tokens[further - 1].end
        return Figure("amount", values, start, end, _CURRENCIES[after], rough=rough), further
    if after in _KINDS_OF_DAY:
        after = _text(tokens, number.after + 1)
    unit = _unit(after) or (_unit(before.text) if before else "")  # two metres sixty
    bare = max(number.values) < 10 and number.words == 1 and not unit
    field = _field(tokens, number) if text[start].isdecimal() else None
    unit = unit or _unit(field or "")
    return Figure("number", number.values, start, end, "", unit, number.parts, bare, rough, field), number.after


def _with_minor(tokens: list[_Token], number: _Number, text: str) -> tuple[frozenset[Decimal], int]:
    """`four pounds ninety`, `four pounds and ninety pence`: the values, and where to go on."""
    further = number.after + 1
    place = further + 1 if _text(tokens, further) == "and" else further
    minor = _number(tokens, place, text) if place < len(tokens) else None
    if minor is None:
        return number.values, further
    said = _text(tokens, minor.after)
    cents = {
        value for value in minor.values if value == int(value) and (value < 100 if said in _MINOR else 9 < value < 100)
    }
    if not cents or (place > further and said not in _MINOR):
        return number.values, further
    values = frozenset(pounds + cent / 100 for pounds in number.values for cent in cents)
    return values, minor.after + (1 if said in _MINOR else 0)


def _number(tokens: list[_Token], place: int, text: str) -> _Number | None:
    """The number that begins at a token."""
    if tokens[place].kind == "digits" and not tokens[place].text.isdecimal():
        return _Number(_written(tokens[place].text), place, place + 1, 1)
    run, at = list[str](), place
    while at < len(tokens) and _belongs(tokens, at, run, text):
        run.append(tokens[at].text)
        at += 1
    while run and (run[-1] in _ALONE or run[-1] == "and"):
        run.pop()
        at -= 1
    if not run or (run[0] in _ALONE and not (len(run) > 1 and run[1] in ("hundred", "thousand"))):
        return None
    words = [word for word in run if word != "and"]
    values = {Decimal(value) for value in meanings(list(run))[:1]}
    parts = frozenset(Decimal(word) for word in words if word.isdecimal()) if len(words) > 1 else frozenset()
    if len(words) > 1 and not {"hundred", "thousand"} & set(words):
        values |= {value / 100 for value in values if value >= 100}  # twenty-four fifty
    if _text(tokens, at) == "point" and at + 1 < len(tokens) and (rest := _number(tokens, at + 1, text)):
        whole, digits = max(values), min(str(value) for value in rest.values)
        return _Number(frozenset({Decimal(f"{int(whole)}.{digits.replace('.', '')}")}), place, rest.after, 2)
    if [_text(tokens, at + ahead) for ahead in range(3)] == ["and", "a", "half"]:
        return _Number(frozenset(value + Decimal("0.5") for value in values), place, at + 3, len(words))
    return _Number(frozenset(values), place, at, len(words), parts)


def _belongs(tokens: list[_Token], at: int, run: list[str], text: str) -> bool:
    """Whether a token goes on with the number, with nothing but space or a hyphen between."""
    token = tokens[at]
    if run and text[tokens[at - 1].end : token.start].strip(" \t\u00a0-"):
        return False
    if token.kind == "digits":
        return token.text.isdecimal() and (not run or text[tokens[at - 1].end : token.start] != "")
    if token.kind != "word":
        return False
    if token.text == "and":
        return bool(run) and run[-1] in ("hundred", "thousand")
    return is_number_word(token.text) or token.text in ("double", "triple")


def _field(tokens: list[_Token], number: _Number) -> str:
    """The word before the signs before a number: `nights` in `"nights": 3`."""
    place = number.first - 1
    while place >= 0 and tokens[place].kind == "stop":
        place -= 1
    return tokens[place].text if 0 <= place < number.first - 1 else ""


def _unit(word: str) -> str:
    match = _UNIT.fullmatch(word)
    return _SHORT.get(match[1], match[1]) if match else ""


def _written(digits: str) -> frozenset[Decimal]:
    """`1,299.00`, `1.299,00`, `49.90`, `49,90`; one sign before three digits may be either."""
    plain = digits.replace("'", "").replace("\u2019", "")
    signs = [char for char in plain if char in ".,"]
    if not signs:
        return frozenset({Decimal(plain)})
    head, _, tail = plain.rpartition(signs[-1])
    whole = re.sub(r"[.,]", "", head)
    point, joined = Decimal(f"{whole}.{tail}"), Decimal(whole + tail)
    if len(set(signs)) == 1 and len(tail) == 3:
        return frozenset({joined} if len(signs) > 1 else {joined, point})
    return frozenset({point})


def _text(tokens: list[_Token], place: int) -> str:
    return tokens[place].text if place < len(tokens) else ""
