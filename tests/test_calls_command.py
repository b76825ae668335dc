"""`baton calls` on a journal's database."""

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.cli import app
from worker.journal.events import CallStarted, CostUpdated
from worker.journal.files import Folder
from worker.journal.store import Store


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/baton.db"

    async def fill() -> None:
        store = Store(url)
        await store.open()
        started = CallStarted(call="c1", room="r", team="t", agent="alfa", model="openai", caller="anna")
        used = CostUpdated(
            agent="alfa",
            provider="openai",
            model="gpt-realtime",
            tokens={"input_text": 900, "output_audio": 100},
            cost=0.01,
            total=0.01,
            currency="USD",
        )
        await store.append("c1", 0, [started, used, used.model_copy(update={"total": 0.02})])
        await store.close()

    asyncio.run(fill())
    return url


def told(url: str, *arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["calls", *arguments, "--json"], env={"BATON_DATABASE_URL": url})
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_given_a_call_then_the_list_and_its_journal_tell_what_it_cost(database: str) -> None:
    [call] = told(database)
    assert (call["id"], call["cost"], call["unpriced"]) == ("c1", 0.02, None)
    assert [event.get("total") for event in told(database, "c1")] == [None, 0.01, 0.02]


def test_given_a_recording_then_it_is_named_and_copied(database: str, tmp_path: Path) -> None:
    env = {"BATON_DATABASE_URL": database, "BATON_FILES": str(tmp_path / "files")}
    copy = str(tmp_path / "copy.ogg")
    result = CliRunner().invoke(app, ["calls", "c1", "--recording", copy], env=env)
    assert (result.exit_code, Path(copy).exists()) == (2, False)
    with closing(Folder(tmp_path / "files").create("c1", "recording.ogg")) as file:
        file.write(b"sound")
    with closing(Folder(tmp_path / "files").create("c1", "recording-2.ogg")) as file:
        file.write(b"of another worker")
    assert CliRunner().invoke(app, ["calls", "c1", "--recording", copy], env=env).exit_code == 0
    assert Path(copy).read_bytes() == b"sound"
    assert (tmp_path / "copy-2.ogg").read_bytes() == b"of another worker"
    told = CliRunner().invoke(app, ["calls", "c1"], env=env).stdout.splitlines()
    folder = tmp_path / "files" / "c1"
    assert told[-2:] == [f"recording={folder / 'recording.ogg'}", f"recording={folder / 'recording-2.ogg'}"]


def test_given_costs_then_each_day_and_agent_has_its_sum(database: str) -> None:
    [row] = told(database, "--costs", "--days", "1")
    assert row["day"] == str(datetime.now(UTC).date())
    assert (row["agent"], row["model"], row["calls"], row["tokens"]) == ("alfa", "gpt-realtime", 1, 2000)
    assert row["cost"] == pytest.approx(0.02)
