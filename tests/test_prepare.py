"""What tools need is made before the first call, in a process of its own, and what is in its way is told in a sentence."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from tools.database import Database
from tools.shop import Order
from worker import prepare
from worker.journal.store import StoreError
from worker.settings import Settings

pytestmark = pytest.mark.parts

TEAM = Path(__file__).parents[1] / "agents/shop/team.yaml"


def settings(url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As the process sees them, too."""
    monkeypatch.setenv("BATON_DATABASE_URL", url)
    return Settings.read().model_copy(update={"team": TEAM})


async def test_given_a_new_database_then_it_is_filled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/shop/baton.db"
    ours = settings(url, monkeypatch)
    await prepare.aside(ours)
    await prepare.run(ours)
    async with Database(url).session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 240


async def test_given_a_database_that_is_away_then_one_sentence_says_so_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(StoreError) as raised:
        await prepare.aside(settings("postgresql+asyncpg://baton:planted@127.0.0.1:1/calls", monkeypatch))
    told = str(raised.value)
    assert told.startswith("The tools' tables in postgresql+asyncpg://baton:***@127.0.0.1:1/calls cannot be made")
    assert told.endswith("Check BATON_DATABASE_URL.")
    assert "planted" not in told
