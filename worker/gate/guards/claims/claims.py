"""Every price, percentage, day, time and number that an agent says must be one that is known in the call."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from worker.gate.guard import Passage
from worker.gate.guards.claims.clock import Moment, moments
from worker.gate.guards.claims.days import Day, Named, fits, meant, named_days
from worker.gate.guards.claims.figures import Figure, figures
from worker.gate.guards.ruling import Found

_ROUGH = Decimal("0.1")  # "about fifty" is said of 45 to 55
_COUNTED = frozenset(
    (
        *(
            "nights",
            "people",
            "persons",
            "guests",
            "adults",
            "children",
            "age",
            "quantity",
            "qty",
            "items",
            "pages",
            "stock",
        ),
        *("room", "floor", "id", "order", "booking", "phone", "version"),
    )
)  # what tools call numbers that are no amount, time or measure
_ENDS_COUNTED = ("number", "_id", "_count", "code")
_WHY = {
    "amount": "an amount of money that nothing in this call has told",
    "percentage": "a percentage that nothing in this call has told",
    "number": "a number that nothing in this call has told",
    "date": "a day that nothing in this call has told",
    "time": "a time that nothing in this call has told",
}


@dataclass(frozen=True, slots=True)
class Values:
    """What a text tells: a number in a date is no number beside it, but `12.50` may be a number and a time."""

    figures: tuple[Figure, ...]
    days: tuple[Named, ...]
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What may be said."""

    figures: tuple[Figure, ...]
    days: tuple[Day, ...]
    minutes: frozenset[int]


class Claims:
    """`always`: texts of each agent that hold in every call, such as its instructions. `about`: the kinds compared."""

    def __init__(
        self, always: Mapping[str, Sequence[str]], about: Collection[str], today: Callable[[], date] = date.today
    ) -> None:
        self._always, self._about, self._today = always, frozenset(about), today

    async def look(self, passage: Passage) -> Found | None:
        return self.judge(passage.text, passage.agent, passage.told)

    def judge(self, text: str, agent: str, told: Sequence[str]) -> Found | None:
        """The first claim that nothing bears out."""
        today = self._today()
        said = _values(text, today)
        if not (said.figures or said.days or said.moments):
            return None
        always = [known_in(one, today, meant_too=False) for one in self._always.get(agent, ())]
        known = _together([*always, *(known_in(one, today, meant_too=True) for one in told)], today)
        kind = next((kind for kind in _unfounded(said, known, today) if kind in self._about), None)
        return Found(_WHY[kind]) if kind else None


def _unfounded(said: Values, known: Known, today: date) -> Iterator[str]:
    for figure in said.figures:
        time = any(moment.start < figure.end and figure.start < moment.end for moment in said.moments)
        if not (figure.bare or time or _is_known(figure, known, today)):
            yield figure.counts
    for named in said.days:
        if not any(fits(day, one, today) for day in named.days for one in known.days):
            yield "date"
    for moment in said.moments:
        hour, minute = divmod(moment.minutes, 60)
        numbers = {moment.number} if minute else {Decimal(hour), Decimal(hour + 12), moment.number}  # "open 9-18"
        if moment.minutes not in known.minutes and not numbers & _numbers(known.figures):
            yield "time"


def _is_known(said: Figure, known: Known, today: date) -> bool:
    if said.counts == "number" and not said.unit:
        alike = [one for one in known.figures if one.counts != "percentage"]
        values = frozenset(value for one in alike for value in one.values | one.parts)
        values |= {Decimal(today.year + ahead) for ahead in (-1, 0, 1)}
    elif said.counts == "number":
        values = _numbers(known.figures, said.unit)
    else:
        alike = [one for one in known.figures if _comparable(said, one)]
        values = frozenset(value for one in alike for value in one.values)
        if said.counts == "percentage":
            values |= {value * 100 for one in alike if one.counts == "number" for value in one.values if 0 < value < 1}
    return bool(said.values & values) or _nearly(said, values)


def _numbers(known: Sequence[Figure], unit: str = "") -> frozenset[Decimal]:
    """The numbers that are of this measure, or that a tool may mean by it."""
    alike = [one for one in known if one.counts == "number" and ((unit and one.unit == unit) or _may_measure(one))]
    return frozenset(value for one in alike for value in one.values | one.parts)


def _nearly(said: Figure, values: Collection[Decimal]) -> bool:
    return said.rough and any(abs(one - value) <= value * _ROUGH for one in said.values for value in values if value)


def _comparable(said: Figure, known: Figure) -> bool:
    """A tool that returns a number of nothing has told an amount, and a percentage; one in euros no pounds."""
    if known.counts == "number":
        return _may_measure(known)
    return known.counts == said.counts and (known.currency == said.currency or not (known.currency and said.currency))


def _may_measure(known: Figure) -> bool:
    """Whether it may be money, time or a measure: written in digits, and called nothing that is counted."""
    if known.field is None or known.unit:
        return False
    return known.field not in _COUNTED and not known.field.endswith(_ENDS_COUNTED)


def _values(text: str, today: date) -> Values:
    found = list(figures(text))
    amounts = [one for one in found if one.counts != "number"]
    days = [one for one in named_days(text, today) if not _overlaps(one, amounts)]
    times = [one for one in moments(text) if not _overlaps(one, amounts) and not _overlaps(one, days)]
    sure: list[Named | Moment | Figure] = [*days, *(one for one in times if one.number is None)]
    numbers = [one for one in found if one.counts != "number" or not _overlaps(one, sure)]
    return Values(tuple(numbers), tuple(days), tuple(times))


@lru_cache(maxsize=512)  # what tools have returned is looked at again with every sentence
def known_in(text: str, today: date, *, meant_too: bool) -> Known:
    """All that a text may be taken to tell. `meant_too`: a caller's "on Friday" stands for that day's date as well."""
    told = _values(text, today)
    days = [day for named in told.days for day in named.days]
    if meant_too:
        days += [one for day in days for one in meant(day, today)]
    return Known(told.figures, tuple(days), frozenset(one.minutes for one in told.moments))


def _together(known: Sequence[Known], today: date) -> Known:
    return Known(
        figures=tuple(figure for one in known for figure in one.figures),
        days=(Day.of(today), *(day for one in known for day in one.days)),
        minutes=frozenset().union(*(one.minutes for one in known)),
    )


def _overlaps(one: Named | Moment | Figure, others: Sequence[Named | Moment | Figure]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)
