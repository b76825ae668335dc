"""What the database's files hold of what may not be kept, byte by byte; what the page is told, and what is muted."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.redaction import RedactionSpec
from worker.journal import events as journal
from worker.journal import store
from worker.journal.events import JournalEvent
from worker.journal.journal import LARGE, MARGIN_MS, Journal
from worker.journal.recorder import Recorder
from worker.journal.store import Store
from worker.redaction.kept import Redaction
from worker.redaction.policy import Policy

FIRST, SECOND, CARD, PIN = "it is 4111 1111", "and 1111 1111", "4012 8888 8888 1881", "739165"
SPOKEN = "seven three nine one six five"


@dataclass
class Kept:
    """A call's journal, and where it goes: in a folder, to everybody, to the caller alone, past the caller."""

    folder: Path
    spec: RedactionSpec = field(default_factory=RedactionSpec)
    told: list[JournalEvent] = field(default_factory=list)
    whispered: list[JournalEvent] = field(default_factory=list)
    revealed: list[JournalEvent] = field(default_factory=list)
    measured: list[JournalEvent] = field(default_factory=list)
    muted: list[tuple[str, int, int]] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    now_ms: int = 0

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.folder}/baton.db"

    def journal(self, recorder: Recorder) -> Journal:
        notes = Journal(
            "c",
            recorder,
            elapsed_ms=lambda: self.now_ms,
            publish=self.told.append,
            redaction=Redaction(Policy(self.spec)),
            whisper=self.whispered.append,
            reveal=self.revealed.append,
            measure=self.measured.append,
        )
        notes.mutes(lambda side, start, end: self.muted.append((side, start, end)))
        notes.follow(self.facts)
        return notes

    def bytes(self) -> bytes:
        """All that is in the folder: the database, its log, and whatever lies beside them."""
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.iterdir()))


def said(text: str, start: int, end: int) -> journal.UserSaid:
    return journal.UserSaid(participant="caller", text=text, started_ms=start, ended_ms=end)


async def until(recorder: Recorder) -> None:
    """All that was recorded so far is written: the recorder does one thing after the other."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def tell(_: str) -> None:
        loop.call_soon_threadsafe(done.set)

    recorder._put("c", None, tell)
    await done.wait()


async def call(kept: Kept, between: Callable[[], None] = lambda: None) -> None:
    """A call with a card in two turns, one in a tool's result, and a PIN that is told, and noted later."""
    with Recorder(kept.url) as recorder:
        notes = kept.journal(recorder)
        for _ in range(40):
            notes.record(said("chatter " * 20, 1, 2), 0)
        notes.record(said(f"The word is {PIN}.", 3000, 4000), 0)
        notes.record(journal.CallWarned(code="c", detail=f"{SPOKEN}, they say; " * 300), 0)
        notes.record(said(FIRST, 1000, 2000), 0)
        await until(recorder)
        between()
        kept.now_ms = 8000
        notes.record(said(SECOND, 5000, 6000), 0)
        notes.record(journal.ToolFinished(agent="a", call_id="t", tool="t", output=CARD + " x" * (LARGE // 2)), 0)
        kept.facts["pin"] = PIN
        answer = journal.AgentSaid(agent="alfa", text=f"Is it {CARD}?", heard_ms=900, started_ms=7000)
        notes.record(answer, 0)
        notes.record(journal.CallEnded(reason=f"they paid by {CARD}"), 0)
        notes.close()
        await until(recorder)
        between()


SECRETS = [b"4111 1111", b"1111 1111", b"4012 8888", PIN.encode(), SPOKEN.encode()]
SPEC = RedactionSpec.model_validate(["card_numbers", {"fact": "pin"}])


async def test_given_secrets_then_no_byte_of_them_is_left_in_any_file_while_the_database_is_open_or_after(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path, SPEC)
    seen = list[bytes]()
    await call(kept, lambda: seen.append(kept.bytes()))
    assert b"4111 1111" in seen[0], "the first half was written, nobody knew what it is: so this test can fail"
    assert PIN.encode() in seen[0]
    for left in (seen[1], kept.bytes()):
        assert [secret for secret in SECRETS if secret in left] == []
    with sqlite3.connect(f"{tmp_path}/baton.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_given_events_that_are_written_anew_then_each_is_measured_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path, SPEC)
    await call(kept)
    with Recorder(kept.url) as recorder:
        assert [event.type for event in kept.measured] == [event.type for event in await recorder.events("c")]


async def test_given_a_policy_that_keeps_all_then_all_of_them_are_there(tmp_path: Path) -> None:
    kept = Kept(tmp_path, RedactionSpec(what=()))
    await call(kept)
    assert [secret for secret in SECRETS if secret not in kept.bytes()] == []
    assert kept.muted == []


async def test_given_a_database_that_overwrites_nothing_then_its_free_space_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def share(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA secure_delete=OFF")
        cursor.close()

    monkeypatch.setattr(store, "_share_sqlite", share)
    kept = Kept(tmp_path, SPEC)
    await call(kept)
    assert SPOKEN.encode() in kept.bytes()


async def test_given_a_log_that_is_not_emptied_then_it_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def leave(_: Store) -> None:
        pass

    monkeypatch.setattr(Store, "_empty_log", leave)
    kept = Kept(tmp_path, SPEC)
    seen = list[bytes]()
    await call(kept, lambda: seen.append(kept.bytes()))
    assert b"4111 1111" in seen[1]


async def test_given_a_reader_in_the_way_then_the_log_is_emptied_when_it_has_gone(tmp_path: Path) -> None:
    kept = Kept(tmp_path, SPEC)
    with Recorder(kept.url) as recorder:
        notes = kept.journal(recorder)
        notes.record(said(FIRST, 1000, 2000), 0)
        await until(recorder)
        reader = sqlite3.connect(f"{tmp_path}/baton.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal_events").fetchone()
        notes.record(said(SECOND, 5000, 6000), 0)
        await until(recorder)
        assert b"4111 1111" in kept.bytes(), "the reader still sees it"
        reader.execute("ROLLBACK")
        notes.record(said("Thank you.", 7000, 8000), 0)
        await until(recorder)
        assert b"4111 1111" not in kept.bytes()
        reader.close()


async def test_given_secrets_then_the_journal_the_page_and_the_recording_agree_on_them(tmp_path: Path) -> None:
    kept = Kept(tmp_path, SPEC)
    await call(kept)
    await asyncio.sleep(0)  # what the recorder's thread has handed over
    opened = Store(kept.url)
    await opened.open()
    written = await opened.events("c")
    await opened.close()
    texts = [event.text for event in written if isinstance(event, journal.UserSaid)][40:]
    assert texts == ["The word is [pin].", "it is [card number]", "and [card number]"]
    assert isinstance(written[-1], journal.CallEnded)
    assert written[-1].reason == "they paid by [card number]"
    [large] = [event for event in written if isinstance(event, journal.ToolFinished)]
    assert large.output.startswith("[card number] x x ")
    assert large in kept.told

    whispered = [event.text for event in kept.whispered if isinstance(event, journal.UserSaid)]
    assert whispered == [f"The word is {PIN}.", FIRST]
    shown = [event.text for event in kept.revealed if isinstance(event, journal.UserSaid)]
    assert "it is [card number]" in shown
    assert not [event for event in (*kept.told, *kept.revealed) if "1111" in event.model_dump_json()]

    caller = [(start, end) for side, start, end in kept.muted if side == "caller"]
    assert caller == [(start - MARGIN_MS, end + MARGIN_MS) for start, end in ((1000, 2000), (5000, 6000), (3000, 4000))]
    assert ("agent", 7000 - MARGIN_MS, 8000 + MARGIN_MS) in kept.muted


async def test_given_somebody_who_joins_late_then_they_see_what_everybody_may(tmp_path: Path) -> None:
    kept = Kept(tmp_path, SPEC)
    with Recorder(kept.url) as recorder:
        notes = kept.journal(recorder)
        notes.record(said("Good day.", 0, 100), 0)
        notes.record(said(FIRST, 1000, 2000), 0)
        seen = await notes.past()
        assert [event.text for event in seen if isinstance(event, journal.UserSaid)] == ["Good day."], "it may go on"
        asked = asyncio.ensure_future(notes.past())
        await asyncio.sleep(0)
        notes.record(said(SECOND, 3000, 4000), 0)
        assert all("1111" not in event.model_dump_json() for event in await asked)
        later = [event.text for event in await notes.past() if isinstance(event, journal.UserSaid)]
        assert later == ["Good day.", "it is [card number]", "and [card number]"]
        assert [event.type for event in await notes.past()] == ["user.said"] * 3


async def test_given_a_database_that_is_away_then_a_late_joiner_sees_nothing_and_the_call_goes_on(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path)
    with Recorder(kept.url) as recorder:
        notes = kept.journal(recorder)
        notes.record(said("Good day.", 0, 100), 0)
        await until(recorder)
        with sqlite3.connect(tmp_path / "baton.db") as database:
            database.execute("ALTER TABLE journal_events RENAME TO gone")
        assert await notes.past() == []
