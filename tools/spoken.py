"""How tools put things that are read to a caller."""

from collections.abc import Sequence
from datetime import date, time

_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}

_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_TEENS = {3: "thirteen", 4: "fourteen", 6: "sixteen", 7: "seventeen", 8: "eighteen", 9: "nineteen"}
_TENS = {2: "twenty", 3: "thirty", 4: "forty", 5: "fifty"}
_PAST = {5: "five", 10: "ten", 15: "quarter", 20: "twenty", 25: "twenty-five", 30: "half"}


def day(value: date) -> str:
    """`Friday the 27th of November`."""
    return f"{value:%A} the {value.day}{_ORDINALS.get(value.day, 'th')} of {value:%B}"


def things(quantity: int, name: str) -> str:
    """`one copper kettle`, `two copper kettles`, `3 sets of plates`."""
    if quantity == 1:
        return f"one {name}"
    head, of, rest = name.partition(" of ")
    plural = head + ("es" if head.endswith(("sh", "ch", "s")) else "s")
    return f"{ {2: 'two', 3: 'three'}.get(quantity, quantity) } {plural}{of}{rest}"


def clock(value: time) -> str:
    """`half past three in the afternoon`, `twenty to ten in the morning`, `noon`; odd minutes as `nine forty-two`."""
    if value.minute == 0 and value.hour in (0, 12):
        return "noon" if value.hour else "midnight"
    part = "in the morning" if value.hour < 12 else "in the afternoon" if value.hour < 18 else "in the evening"
    return f"{_minutes(value.hour, value.minute)} {part}"


def span(minutes: int) -> str:
    """`an hour`, `half an hour`, `two hours`, `45 minutes`."""
    if minutes in (30, 60):
        return "an hour" if minutes == 60 else "half an hour"
    return f"{_NUMBERS[minutes // 60]} hours" if minutes % 60 == 0 and minutes < 780 else f"{minutes} minutes"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _minutes(hour: int, minute: int) -> str:
    this, following = _NUMBERS[hour % 12 or 12], _NUMBERS[(hour + 1) % 12 or 12]
    if minute == 0:
        return this
    if minute in _PAST:
        return f"{_PAST[minute]} past {this}"
    if 60 - minute in _PAST:
        return f"{_PAST[60 - minute]} to {following}"
    tens, ones = divmod(minute, 10)
    if minute < 13:
        return f"{this} {'oh ' if minute < 10 else ''}{_NUMBERS[minute]}"
    if tens == 1:
        return f"{this} {_TEENS[ones]}"
    return f"{this} {_TENS[tens]}{'-' + _NUMBERS[ones] if ones else ''}"
