"""Times of day in a text, on a clock of twelve hours: `half past three` and `15:30` are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from worker.spoken.times import times

_TELLS = re.compile(
    r"(?i):|\b(?:past|to|after|o.?clock|noon|midday|midnight|[ap]\.? ?m|morning|afternoon|evening|night|tonight)\b"
)
_LEADS = re.compile(r"(?i)(?:at|by|from|until|till)\b")
_LED = re.compile(r"(?i)\b(?:at|by|from|until|till|between)\s*$")
_GOES_ON = re.compile(r"(?i)\s*(?:[.,;:!?)]|$|(?:and|or|to|until|till|on|tomorrow|today|sharp|in)\b)")
_COUNTS = re.compile(
    r"(?i)\s*(?:(?:working|business|calendar) )?(?:days?|nights?|weeks?|hours?|minutes?|months?|years?|euros?|pounds?"
    r"|dollars?|cents?|pence|people|persons?|pieces?|per ?cent|%)"
)
_DIGITAL = re.compile(
    r"(?i)(?<![\d:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s?(?P<part>[ap])\.? ?m\b\.?)?"
)
_POINTED = re.compile(r"\d{1,2}\.\d\d")


@dataclass(frozen=True, slots=True)
class Moment:
    """`text[start:end]` names it: minutes after noon or midnight. `number`: what it is if it is no time: `12.50`."""

    minutes: int
    start: int
    end: int
    number: Decimal | None = None


def moments(text: str) -> Iterator[Moment]:
    """What is surely a time: `ten forty two` may be any number, `10 to 14 days` and `by one of us` are none."""
    for match in _DIGITAL.finditer(text):
        afternoon = (match["part"] or "").lower().startswith("p")
        yield Moment((int(match["hour"]) + 12 * afternoon) % 12 * 60 + int(match["minute"]), *match.span())
    rest = _DIGITAL.sub(lambda match: " " * len(match[0]), text)
    for start, time, end in times(rest):
        said, number = rest[start:end], None
        if pointed := _POINTED.search(said):
            number = Decimal(pointed[0])
        elif _COUNTS.match(rest, end) or not (_TELLS.search(said) or _is_led(rest, start, end)):
            continue
        yield Moment((time.hour % 12) * 60 + time.minute, start, end, number)


def _is_led(text: str, start: int, end: int) -> bool:
    """`at ten.`, `until ten forty`: the word before makes it a time."""
    if _LEADS.match(text, start):
        return bool(_GOES_ON.match(text, end))
    return bool(_LED.search(text[:start]) and re.search(r"\w[ -]\w", text[start:end]))
