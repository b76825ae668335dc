"""The assistant's tools on a real file of SQLite, with what its first days hold."""

import asyncio
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import llm
from sqlalchemy import func, select

from agents.loader import load_team, prepare
from tools import documents, members, notes
from tools.context import CallContext
from tools.database import Database
from tools.household import Appointment, Note
from worker.team.toolbox import Outcome, Toolbox

TODAY = date.today()
TEAM = load_team(Path("agents/assistant/team.yaml"))
FREE = TODAY + timedelta(4)  # nothing is planned then


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    found = Database(f"sqlite+aiosqlite:///{tmp_path}/house/hold.db")
    await prepare(TEAM, found, TODAY)
    return found


class Calls:
    """Tool calls of one caller."""

    def __init__(self, database: Database) -> None:
        self._database, self.facts = database, dict[str, Any]()

    async def __call__(self, agent: str, tool: str, decision: str = "1", **arguments: object) -> Outcome:
        given = json.dumps(arguments, default=str)
        context = CallContext(call="call", agent=agent, decision=decision, database=self._database, facts=self.facts)
        request = llm.FunctionToolCall(name=tool, arguments=given, call_id=decision)
        return await Toolbox(TEAM.agents[agent], TEAM.facts).run(request, context)


@pytest.fixture
def call(database: Database) -> Calls:
    return Calls(database)


async def test_a_second_start_changes_nothing(database: Database, call: Calls) -> None:
    await prepare(TEAM, database, TODAY + timedelta(1))
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Appointment)) == 9


async def test_a_day_is_told_in_order(call: Calls) -> None:
    told = (await call("calendar", "appointments_of_day", day=TODAY + timedelta(1))).output
    assert told.index("the dentist at half past nine in the morning") < told.index("lunch with Maria")
    assert "Nothing is planned" in (await call("calendar", "appointments_of_day", day=FREE)).output


async def test_an_appointment_comes_moves_and_goes(database: Database, call: Calls) -> None:
    added = await call("calendar", "add_appointment", "1", title="haircut", day=FREE, time=time(15, 30))
    assert added.output.startswith("Done. Haircut is in your calendar")
    moved = await call("calendar", "move_appointment", "2", appointment="my haircut", day=FREE, time=time(16))
    assert "now on" in moved.output, "it may overlap with itself"
    async with database.session() as session:
        found = (await session.scalars(select(Appointment).where(Appointment.title == "haircut"))).one()
        assert (found.starts, found.minutes) == (datetime.combine(FREE, time(16)), 60)
    assert "is cancelled" in (await call("calendar", "cancel_appointment", "3", appointment="the haircut")).output
    assert "Nothing is planned" in (await call("calendar", "appointments_of_day", "4", day=FREE)).output
    assert not (await call("calendar", "add_appointment", "5", title="haircut", day=FREE, time=time(15, 30))).failed, (
        "its place is free"
    )


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (
            "add_appointment",
            {"title": "walk", "day": TODAY + timedelta(1), "time": "09:15"},
            "overlaps with the dentist",
        ),
        ("add_appointment", {"title": "walk", "day": TODAY + timedelta(1), "time": "09:59"}, "until ten"),
        (
            "move_appointment",
            {"appointment": "optician", "day": TODAY + timedelta(1), "time": "12:00"},
            "overlaps with lunch with Maria",
        ),
        ("add_appointment", {"title": "walk", "day": TODAY - timedelta(1), "time": "09:15"}, "is over already"),
        ("add_appointment", {"title": "walk", "day": TODAY + timedelta(900), "time": "09:15"}, "too far ahead"),
        ("add_appointment", {"title": "walk", "day": FREE, "time": "09:15", "minutes": 2}, "How long"),
        ("cancel_appointment", {"appointment": "the unicorn"}, "Which one do you mean?"),
        ("add_appointment", {"title": "walk", "day": FREE, "time": "25:15"}, "Error parsing arguments"),
    ],
)
async def test_what_cannot_be_is_said(call: Calls, tool: str, arguments: dict[str, Any], words: str) -> None:
    outcome = await call("calendar", tool, **arguments)
    assert outcome.failed
    assert words in outcome.output


async def test_what_ends_as_the_next_begins_does_not_overlap(call: Calls) -> None:
    tomorrow = TODAY + timedelta(1)
    assert not (await call("calendar", "add_appointment", title="walk", day=tomorrow, time="10:00")).failed
    assert not (
        await call("calendar", "add_appointment", "2", title="run", day=tomorrow, time="08:30", minutes=60)
    ).failed


async def test_an_appointment_over_midnight_is_seen_the_day_after(call: Calls) -> None:
    await call("calendar", "add_appointment", title="night train", day=FREE, time="23:00", minutes=180)
    outcome = await call("calendar", "add_appointment", "2", title="taxi", day=FREE + timedelta(1), time="01:00")
    assert "overlaps with night train" in outcome.output


async def test_the_same_decision_twice_is_done_once(database: Database, call: Calls) -> None:
    await asyncio.gather(*(call("librarian", "take_note", "same", text="buy milk") for _ in range(2)))
    assert not (await call("librarian", "take_note", "same", text="buy milk")).failed
    for _ in range(2):
        assert not (await call("calendar", "add_appointment", "one", title="x ray", day=FREE, time="10:00")).failed
    async with database.session() as session:
        noted = select(func.count()).select_from(Note).where(Note.text == "Buy milk")
        assert await session.scalar(noted) == 1
        added = select(func.count()).select_from(Appointment).where(Appointment.title == "x ray")
        assert await session.scalar(added) == 1


async def test_a_note_is_found_read_and_deleted(call: Calls) -> None:
    assert (await call("librarian", "delete_note")).failed, "none has been read"
    assert "no note about unicorns" in (await call("librarian", "find_notes", about="unicorns")).output
    assert "Mrs Lopez" in (await call("librarian", "find_notes", about="keys")).output
    assert not notes.is_deleted(call.facts)
    assert "Mrs Lopez" in (await call("librarian", "delete_note", "2")).output
    assert notes.is_deleted(call.facts)
    assert (await call("librarian", "find_notes", about="spare key")).failed
    assert "candles" in (await call("librarian", "latest_notes")).output
    assert not notes.is_deleted(call.facts), "another one is spoken of"


async def test_members_are_told_from_guests(call: Calls) -> None:
    assert members.only_for_the_household(call.facts) == "", "nobody has said who they are"
    await call("assistant", "introduce", name="robert")
    assert "only for those who live here" in members.only_for_the_household(call.facts)
    for agent, tool in (("assistant", "next_appointment"), ("assistant", "briefing"), ("librarian", "latest_notes")):
        outcome = await call(agent, tool)
        assert outcome.failed
        assert "only for those who live here" in outcome.output
    assert not (await call("librarian", "look_up", question="wifi password")).failed
    await call("assistant", "introduce", name="anna")
    assert members.is_known(call.facts)
    assert call.facts["caller_name"] == "Anna"


async def test_the_briefing_is_of_today_and_tomorrow(call: Calls) -> None:
    assert "tomorrow begins with the dentist" in (await call("assistant", "briefing")).output


def test_documents_are_found_by_other_forms_of_their_words(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/garden-rules.txt").write_text("Water the roses in the evening.\n\nThe hedge is cut in March.")
    (tmp_path / "heating.md").write_text("# The stove\n\n## Lighting\n\n- Open the *damper* first.\n")
    (tmp_path / "lift.txt").write_text("If the lift stops\n\nPress the yellow button.")
    (tmp_path / "picture.png").write_bytes(b"roses")
    assert documents.search(tmp_path, "When are hedges cut?") == ("Garden rules", "The hedge is cut in March.")
    assert documents.search(tmp_path, "How do I light it?") == ("The stove", "Open the damper first.")
    assert documents.search(tmp_path, "the lift") == ("If the lift stops", "Press the yellow button.")
    assert documents.search(tmp_path, "unicorns") is None
    assert documents.search(tmp_path, "what is the") is None
    assert documents.search(tmp_path, 'a" OR NOT * (') is None, "no query language"
    (tmp_path / "heating.md").write_text("# The stove\n\nIt is sold, unicorns and all.\n")
    assert documents.search(tmp_path, "unicorns") == ("The stove", "It is sold, unicorns and all.")


async def test_the_folder_is_a_setting(call: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Heating says" in (await call("librarian", "look_up", question="bleed the radiators")).output
    (tmp_path / "boat.md").write_text("# The boat\n\nRadiators there are none.")
    monkeypatch.setenv("BATON_DOCUMENTS", str(tmp_path))
    assert "The boat says" in (await call("librarian", "look_up", question="radiators")).output
    monkeypatch.setenv("BATON_DOCUMENTS", str(tmp_path / "none"))
    assert (await call("librarian", "look_up", question="radiators")).failed
