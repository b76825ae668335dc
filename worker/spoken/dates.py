"""Days as people name them: `tomorrow`, `next Friday`, `the third of December`, `in two days`."""

import difflib
import re
from collections.abc import Iterator
from datetime import date, timedelta

Found = Iterator[tuple[re.Match[str], date]]

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SOUND_ALIKE = {"thirsty": "thursday", "sundae": "sunday"}
_ALIKE = 0.78  # of 1; `yesterday` is 0.71 like `thursday`
ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        1,
    )
} | {
    f"twenty {w}": v
    for v, w in enumerate(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"], 21)
}
ORDINALS |= {"thirtieth": 30, "thirty first": 31}
_COUNTS = {
    w: v for v, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
} | {"a": 1}
_MONTH = "|".join(MONTHS)
_NUMBER = r"(\d{1,2})(?:st|nd|rd|th)?|" + "|".join(sorted(ORDINALS, key=len, reverse=True))

_NAMED = re.compile(
    rf"(?i)\b(?:(?:on|for|from|by|until|till) )?(?:(?:next |this |coming )?(?:{'|'.join(WEEKDAYS)})"
    rf"(?:,? the (?:{_NUMBER})\b)?(?: of)?(?: (?:{_MONTH})\b)?"
    rf"|(?:the )?day after tomorrow|tomorrow|today|in (?:\d+|{'|'.join(_COUNTS)}) (?:day|week)s?"
    rf"|(?:the )?(?:{_NUMBER})(?: of)? (?:{_MONTH})|(?:{_MONTH}) (?:the )?(?:{_NUMBER}))\b"
)


def find_day(text: str, today: date) -> date | None:
    """The last day that is named (a correction comes last); the next such day from `today` on. None if none is."""
    text = text.lower().replace("-", " ")
    found = [(match.start(), day) for find in _FINDERS for match, day in find(text, today)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def without_days(text: str) -> str:
    """The text with the days taken out, and what leads to them."""
    return _NAMED.sub(" ", text)


def today_in(instructions: str) -> date | None:
    """The day that instructions name as today's: `Today is Monday 23 November 2026.`"""
    match = re.search(rf"(?i)today is (?:\w+ )?(\d{{1,2}}) ({_MONTH}) (\d{{4}})", instructions)
    return date(int(match[3]), MONTHS.index(match[2].lower()) + 1, int(match[1])) if match else None


def _weekdays(text: str, today: date) -> Found:
    text = re.sub(r"[a-z]{5,}", lambda word: _nearest_weekday(word[0]), text)
    for match in re.finditer(rf"\b(next |this )?({'|'.join(WEEKDAYS)})\b(?! the \d)", text):
        ahead = (WEEKDAYS.index(match[2]) - today.weekday()) % 7 or 7
        if match[1] == "next " and ahead + today.weekday() < 7:
            ahead += 7  # "next Friday", said on a Monday, is not this week's
        yield match, today + timedelta(ahead)


def _nearest_weekday(word: str) -> str:
    """`thirsty` and `wensday` are weekdays that were misheard; other words stay as they are."""
    near = difflib.get_close_matches(word, WEEKDAYS, 1, _ALIKE)
    return near[0] if near else _SOUND_ALIKE.get(word, word)


def _relative(text: str, today: date) -> Found:
    for match in re.finditer(r"\b(day after tomorrow|tomorrow|today)\b", text):
        yield match, today + timedelta({"day after tomorrow": 2, "tomorrow": 1, "today": 0}[match[1]])
    for match in re.finditer(rf"\bin (\d+|{'|'.join(_COUNTS)}) (day|week)s?\b", text):
        count = int(match[1]) if match[1].isdigit() else _COUNTS[match[1]]
        yield match, today + timedelta(count * (7 if match[2] == "week" else 1))


def _dates(text: str, today: date) -> Found:
    for match in re.finditer(rf"\b(?P<day>{_NUMBER})(?: of)? (?P<month>{_MONTH})\b", text):
        yield from _dated(match, today, MONTHS.index(match["month"]) + 1)
    for match in re.finditer(rf"\b(?P<month>{_MONTH}) (?:the )?(?P<day>{_NUMBER})\b", text):
        yield from _dated(match, today, MONTHS.index(match["month"]) + 1)
    for match in re.finditer(rf"\bthe (?P<day>{_NUMBER})\b(?!(?: of)? (?:{_MONTH}))", text):
        yield from _dated(match, today, None)
    for match in re.finditer(r"\b(\d{4}) (\d\d) (\d\d)\b", text):
        try:
            yield match, date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue


def _dated(match: re.Match[str], today: date, month: int | None) -> Found:
    word = re.sub(r"(st|nd|rd|th)$", "", match["day"]) if match["day"][0].isdigit() else match["day"]
    number = int(word) if word.isdigit() else ORDINALS[word]
    for ahead in range(13):
        year, at = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        if month not in (None, at + 1):
            continue
        try:
            day = date(year, at + 1, number)
        except ValueError:
            continue
        if day >= today:
            yield match, day
            return


_FINDERS = (_weekdays, _relative, _dates)
