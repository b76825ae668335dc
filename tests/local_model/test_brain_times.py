from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.spoken import clock
from worker.local_model.brain.phrases import subject
from worker.local_model.brain.slots import Slot, slots_of
from worker.local_model.conversation import Tool
from worker.spoken.dates import without_days
from worker.spoken.times import find_minutes, find_time, without_times

MONDAY = date(2026, 11, 23)


@given(st.times())
def test_a_time_is_understood_as_it_is_read_back(value: time) -> None:
    value = value.replace(second=0, microsecond=0)
    assert find_time(f"Tomorrow at {clock(value)}, please.") == value


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("on Friday at half past three", time(15, 30)),
        ("at 3.30 p.m.", time(15, 30)),
        ("10 a.m.", time(10)),
        ("at 330", time(15, 30)),
        ("quarter to nine", time(8, 45)),
        ("nine oh five", time(9, 5)),
        ("ten o'clock", time(10)),
        ("at seven", time(19)),
        ("at seven in the morning", time(7)),
        ("at midnight", time(0)),
        ("12 a.m.", time(0)),
        ("No, not at four, at five.", time(17)),
        ("in two days", None),
        ("two copper kettles", None),
        ("three", None),
    ],
)
def test_times_as_people_say_them(text: str, at: time | None) -> None:
    assert find_time(text) == at


_SAID = ["at", "half", "quarter", "past", "to", "three", "twelve", "0", "13", "3:30", "70", "330", "pm", "a.m.", "noon"]
_SAID += ["in the morning", "tonight", "minutes", "an hour", "twenty", "oh", "five", "o'clock", ",", "friday", "-", "."]


@given(st.lists(st.sampled_from(_SAID), max_size=8))
def test_whatever_is_said_is_a_time_or_none_and_taking_it_out_keeps_the_rest(words: list[str]) -> None:
    text = " ".join(words)
    find_time(text, answering=True)
    find_minutes(text)
    left = without_times(text)
    assert len(left) == len(text)
    assert all(new in (old, " ") for new, old in zip(left, text, strict=True))
    assert left.count("friday") == text.count("friday")


def test_a_bare_hour_is_a_time_only_when_one_was_asked_for() -> None:
    slot = Slot("time", {"type": "string", "format": "time"}, True)
    assert slot.question == "At what time?"
    assert slot.find("Three.", MONDAY, answering=True) == "15:00:00"
    assert slot.find("Three.", MONDAY, answering=False) is None
    assert slot.read_back("15:00:00") == "three in the afternoon"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("for half an hour", 30),
        ("for an hour and a half", 90),
        ("two hours", 120),
        ("45 minutes", 45),
        ("at three", None),
        ("at five minutes past three", None),
        ("in two hours", None),
    ],
)
def test_how_long_something_takes(text: str, minutes: int | None) -> None:
    assert find_minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Put lunch with Ben in my calendar for next Friday at quarter past one.", "lunch with Ben"),
        ("I'd like to book a haircut on the third of December at ten for half an hour, please.", "haircut"),
        ("Could you add the dentist tomorrow at 3 pm?", "dentist"),
        ("I need to see the doctor tomorrow at 4pm, can you add that?", "see the doctor"),
        ("Add something.", "something"),
        ("Book it in two days.", ""),
    ],
)
def test_what_a_request_is_about_is_what_is_left_of_it(text: str, about: str) -> None:
    tool = Tool(
        "add_entry",
        'Add an entry to the calendar.\nExamples: "Put it in my calendar.", "Book it."',
        {"properties": {"day": {"format": "date"}, "time": {"format": "time"}, "minutes": {"type": "integer"}}},
    )
    assert len(slots_of(tool.parameters)) == 3
    assert subject(tool, text) == about


def test_what_is_no_day_and_no_time_stays() -> None:
    text = "May I have two kettles and the first of those?"
    assert without_days(text) == without_times(text) == text
