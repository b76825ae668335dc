"""Days in a text, as far as it tells them: `Friday the 27th of November`, `2026-11-27`, `on Friday`, `tomorrow`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from worker.spoken.dates import MONTHS, ORDINALS, WEEKDAYS
from worker.spoken.numbers import cardinal

_ORDINAL = "|".join(word.replace(" ", "[ -]") for word in sorted(ORDINALS, key=len, reverse=True))
_DAY = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINAL})"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_MONTH = rf"(?P<month>{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_YEAR = r"(?:,? (?P<year>20\d\d)\b)?"
_COUNT = r"(?P<count>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|a)"
_ENDS = r"(?=\s*(?:[.,;:!?)]|$|\b(?:and|or|at|from|between|until|in|by|if|then|is|was)\b))"

_SHAPES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>20\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)(?!\d)",
        r"(?<![\d.,/])(?P<first>\d{1,2})(?P<sign>[./-])(?P<second>\d{1,2})(?P=sign)(?P<year>(?:20)?\d\d)?(?![\d/])",
        rf"\b(?:{_WEEKDAY},? )?(?:the )?{_DAY}(?: day)?(?: of)? {_MONTH}\b{_YEAR}",
        rf"\b(?:{_WEEKDAY},? )?{_MONTH} (?:the )?{_DAY}\b(?! (?:pounds|euros|dollars|percent)){_YEAR}",
        rf"\b{_WEEKDAY},? the {_DAY}\b",
        rf"\bthe (?P<day>\d{{1,2}}(?:st|nd|rd|th))\b{_ENDS}",
        rf"\b{_WEEKDAY}s?\b",
        r"\b(?P<relative>(?:the )?day (?:after tomorrow|before yesterday)|tomorrow|yesterday)\b",
        rf"\bin {_COUNT} (?P<unit>day|week)s?\b",
        rf"\b{_COUNT} (?P<unit>day|week)s? (?P<ago>ago)\b",
    )
]


@dataclass(frozen=True, slots=True)
class Day:
    """What is told of it; 0 or -1 (weekday, Monday is 0) where nothing is."""

    year: int = 0
    month: int = 0
    day: int = 0
    weekday: int = -1

    @classmethod
    def of(cls, one: date) -> "Day":
        return cls(one.year, one.month, one.day, one.weekday())


@dataclass(frozen=True, slots=True)
class Named:
    """`text[start:end]` names a day, one of these."""

    days: tuple[Day, ...]
    start: int
    end: int


def named_days(text: str, today: date) -> Iterator[Named]:
    """The longest readings, in the order of their shapes. `today` is the day that "tomorrow" is after."""
    taken = list[tuple[int, int]]()
    for shape in _SHAPES:
        for match in shape.finditer(text):
            start, end = match.span()
            if all(end <= begin or start >= stop for begin, stop in taken) and (days := _read(match, today)):
                taken.append((start, end))
                yield Named(days, start, end)


def fits(said: Day, known: Day, today: date) -> bool:
    """Whether a day that is known is the one that is said, as far as both tell."""
    if (said.day and said.day != known.day) or (said.month and known.month and said.month != known.month):
        return False
    if said.month and not known.month:
        return False
    if said.year and known.year and said.year != known.year:
        return False
    return said.weekday < 0 or said.weekday in _weekdays(known, today)


def meant(day: Day, today: date) -> tuple[Day, ...]:
    """The days that whoever says so may mean: a weekday is one of the next two, `the 4th` the next one."""
    if day.month or (day.weekday < 0 and not day.day):
        return ()
    ahead = (today + timedelta(days) for days in range(1, 62 if day.day else 15))
    return tuple(Day.of(one) for one in ahead if fits(day, Day.of(one), today))


def _weekdays(known: Day, today: date) -> set[int]:
    """On which it may be: a day without its year is near today."""
    if known.weekday >= 0:
        return {known.weekday}
    if not (known.day and known.month):
        return set()
    years = [known.year] if known.year else [today.year - 1, today.year, today.year + 1]
    dates = [one for year in years if (one := _date(year, known.month, known.day))]
    return {min(dates, key=lambda one: abs((one - today).days)).weekday()} if dates else set()


def _read(match: re.Match[str], today: date) -> tuple[Day, ...]:
    said = {key: value for key, value in match.groupdict().items() if value}
    year = int(said.get("year", "0"))
    if "first" in said:
        first, second, year = int(said["first"]), int(said["second"]), year + 2000 if 0 < year < 100 else year
        return tuple(Day(year, m, d) for d, m in ((first, second), (second, first)) if 1 <= m <= 12 and 1 <= d <= 31)
    if "iso_month" in said:
        one = _date(year, int(said["iso_month"]), int(said["iso_day"]))
        return (Day.of(one),) if one else ()
    if "relative" in said:
        relative = said["relative"].lower()
        days = (2 if "day " in relative else 1) * (1 if "tomorrow" in relative else -1)
        return (Day.of(today + timedelta(days)),)
    if "unit" in said:
        count = 1 if said["count"].lower() == "a" else cardinal(said["count"].lower())
        days = count * (7 if said["unit"].lower() == "week" else 1) * (-1 if "ago" in said else 1)
        return (Day.of(today + timedelta(days)),)
    month = said.get("month", "")
    if month in ("may", "march", "mar"):
        return ()  # a verb: the month has a capital
    number = _ordinal(said["day"]) if "day" in said else 0
    weekday = WEEKDAYS.index(said["weekday"].lower()) if "weekday" in said else -1
    months = [place for place, name in enumerate(MONTHS, 1) if name.startswith(month.lower()[:3])] if month else [0]
    return (Day(year, months[0], number, weekday),) if number <= 31 else ()


def _ordinal(said: str) -> int:
    digits = re.match(r"\d+", said)
    return int(digits[0]) if digits else ORDINALS[said.lower().replace("-", " ")]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
