"""Times of day as people name them: `half past three`, `ten in the morning`, `3:30 pm`, `noon`."""

import re
from collections.abc import Iterator
from datetime import time

from worker.spoken.numbers import cardinal

_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = "(?:twenty|thirty|forty|fifty)"
_ONES = "(?:one|two|three|four|five|six|seven|eight|nine)"
_TEENS = "(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_HOUR = rf"(?P<hour>[01]?\d|2[0-3]|{'|'.join(_HOURS)})"
_MINUTE = rf"(?P<minute>[0-5]\d|(?:oh|o) {_ONES}|{_TENS} {_ONES}|{_TENS}|{_TEENS})"
_PAST = rf"(?P<past>half|a? ?quarter|(?:\d{{1,2}}|{_TENS} {_ONES}|{_TENS}|{_TEENS}|{_ONES})(?: minutes)?)"
_PART = r"(?P<part>a ?m|p ?m|(?:in the |this |tomorrow )?(?:morning|afternoon|evening)|at night|tonight)(?![a-z])"
_OCLOCK = r"o ?clock"
_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"\b{_PAST} (?P<side>past|to|after) {_HOUR}\b(?: {_OCLOCK})?(?: {_PART})?",
        rf"\b{_HOUR}(?::| ){_MINUTE}\b(?! (?:days?|weeks?))(?: {_PART})?",
        rf"\b(?:at|by|from|until|till) (?P<run>1?\d[0-5]\d)\b(?: {_PART})?",
        rf"\b{_HOUR} ?{_OCLOCK}(?: {_PART})?",
        rf"\b{_HOUR} ?{_PART}",
        rf"\b(?:at|by|from|until|till|around|about) {_HOUR}\b(?! (?:days?|weeks?|hours?|minutes?))(?: {_PART})?",
        r"\b(?:at )?(?P<named>noon|midday|midnight)\b",
    )
]
_LEADS_TO = re.compile(r"(?i)\b(?:at|by|from|until|till|around|about|for) $")
_BARE = re.compile(rf"^\W*{_HOUR}\W*$")

_LONG = re.compile(
    rf"(?<!\bin )\b(?:(?P<count>\d{{1,3}}|an?|{_ONES}|{_TENS} {_ONES}|{_TENS}|{_TEENS}) (?P<unit>minute|hour)s?"
    r"(?P<more> and a half)?|(?P<half>half an hour))\b(?! (?:past|to|after) )"
)


def find_minutes(text: str) -> int | None:
    """How long something takes: `for an hour and a half`. None if nobody says."""
    found = list(_LONG.finditer(_plain(text)))
    if not found or found[-1]["half"]:
        return 30 if found else None
    last = found[-1]
    count = 1 if last["count"] in ("a", "an") else cardinal(last["count"])
    return count * (60 if last["unit"] == "hour" else 1) + (30 if last["more"] else 0)


def find_time(text: str, *, answering: bool = False) -> time | None:
    """The last time that is named: a correction comes last. `answering`: a bare hour is one. None if none is."""
    found = list(times(text))
    if not found and answering and (bare := _BARE.search(_plain(text))):
        return _read(bare)
    return found[-1][1] if found else None


def without_times(text: str) -> str:
    """The text with the times taken out, and how long something takes."""
    spans = [(begin, end) for begin, _, end in times(text)] + [match.span() for match in _LONG.finditer(_plain(text))]
    for begin, end in spans:
        if leading := _LEADS_TO.search(text[:begin]):
            begin = leading.start()
        text = text[:begin] + " " * (end - begin) + text[end:]
    return text


def times(text: str) -> Iterator[tuple[int, time, int]]:
    """(begin, time, end), in order; a longer reading hides those within it."""
    plain, taken = _plain(text), list[tuple[int, time, int]]()
    for pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            if all(match.end() <= begin or match.start() >= end for begin, _, end in taken):
                taken.append((match.start(), _read(match), match.end()))
    yield from sorted(taken)


def _read(match: re.Match[str]) -> time:
    said = match.groupdict()
    if named := said.get("named"):
        return time(0 if named == "midnight" else 12)
    if run := said.get("run"):
        return _in_part(int(run[:-2]), int(run[-2:]), said.get("part") or "")
    hour = cardinal(str(said["hour"]))
    minute = cardinal(re.sub(r"^o[h]? ", "", said.get("minute") or "0"))
    if past := said.get("past"):
        past = past.strip()
        minute = 30 if past == "half" else 15 if past.endswith("quarter") else cardinal(past.removesuffix(" minutes"))
    part = said.get("part") or ""
    if said.get("side") != "to":
        return _in_part(hour, minute, part)
    before = (hour - 2) % 12 + 1  # quarter to twelve is in the morning, twelve is not
    return _in_part(before, 60 - minute, part or ("morning" if 8 <= hour <= 11 else "afternoon" if hour <= 12 else ""))


def _in_part(hour: int, minute: int, part: str) -> time:
    """One to seven without a word more is in the afternoon, as people mean it who are awake then."""
    part = part.replace(" ", "")
    if part == "am" or part.endswith("morning"):
        hour = 0 if hour == 12 else hour
    elif part and (part != "atnight" or hour > 5):
        hour += 12 if hour < 12 else 0
    elif not part and 1 <= hour <= 7:
        hour += 12
    return time(hour % 24, minute % 60)


def _plain(text: str) -> str:
    """Lower case and without signs, place by place: what is found here is there in the text."""
    plain = re.sub(r"(?<=\d)\.(?=\d\d\b)", ":", text.lower())
    return re.sub(r"(?<=[ap])\.(?= ?m)|(?<=[ap]\.m)\.|(?<=[ap] m)\.|[-,;!?'\u2019]", " ", plain)
