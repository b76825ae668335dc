"""The assistant's first days: who lives here, what they have on around the day it is made, and what they noted."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from tools.database import Database, Tables
from tools.household import Appointment, Member, Note, Purchase

_MEMBERS = ("Anna", "Ben", "Clara")
_APPOINTMENTS = (  # days from today, when, minutes, what
    (-2, time(10), 45, "the tax adviser"),
    (0, time(18, 30), 90, "choir practice"),
    (1, time(9, 30), 30, "the dentist"),
    (1, time(12, 30), 60, "lunch with Maria"),
    (1, time(17), 60, "piano lesson for Clara"),
    (2, time(8), 120, "the chimney sweep"),
    (3, time(14), 60, "parents' evening at school"),
    (6, time(11), 45, "the optician"),
    (9, time(19), 180, "theatre with Ben"),
)
_NOTES = (  # days ago, what
    (12, "The spare key is with Mrs Lopez on the second floor."),
    (8, "The car needs new tyres before winter, size two hundred and five."),
    (5, "Ben wants a book about sailing boats for his birthday."),
    (3, "The guest room radiator drips a little, ask the plumber."),
    (1, "Buy coffee, candles and paper towels."),
)
_PURCHASES = (  # days ago, kind, what, pence
    (2, "groceries", "the weekly shop", 8420),
    (3, "eating out", "lunch in town", 2350),
    (5, "transport", "petrol", 6180),
    (9, "groceries", "the weekly shop", 7935),
    (10, "home", "a desk lamp", 4499),
    (12, "eating out", "a birthday dinner", 8640),
    (16, "groceries", "the weekly shop", 9010),
    (18, "clothes", "winter boots", 7900),
    (21, "transport", "train tickets", 5260),
    (23, "groceries", "the weekly shop", 8275),
    (26, "home", "paint and brushes", 3720),
    (40, "home", "a garden hose", 2599),
    (45, "clothes", "a raincoat", 6500),
)


async def prepare(database: Database, today: date) -> None:
    """The household's tables, and what is in them at first. Named by the team file; changes nothing a second time."""
    await database.migrate("household")
    await database.fill(Member, lambda: rows(today))
    await database.fill(Purchase, lambda: purchases(today))


def rows(today: date) -> Sequence[Tables]:
    members = [Member(name=name) for name in _MEMBERS]
    appointments = [
        Appointment(
            title=title, starts=datetime.combine(today + timedelta(days), at), minutes=minutes, status="planned"
        )
        for days, at, minutes, title in _APPOINTMENTS
    ]
    notes = [Note(text=text, taken=datetime.combine(today - timedelta(days), time(20))) for days, text in _NOTES]
    return [*members, *appointments, *notes]


def purchases(today: date) -> Sequence[Tables]:
    return [
        Purchase(day=today - timedelta(days), kind=kind, what=what, pence=pence)
        for days, kind, what, pence in _PURCHASES
    ]
