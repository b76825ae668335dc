"""What a team's tools need before the first call: tables, and rows to begin with."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from agents.loader import load_team, prepare
from tools.database import Database
from worker.journal.store import StoreError
from worker.settings import Settings

_CHILD = ("-c", "from worker.cli import main; main()", "prepare", "--team")


async def run(settings: Settings) -> None:
    """Brings tables up to date, and fills those that are new. Raises SpecError or StoreError."""
    team = load_team(settings.team)
    try:
        await prepare(team, Database(settings.database_url), datetime.now(UTC).date())
    except (SQLAlchemyError, OSError) as error:
        shown = make_url(settings.database_url).render_as_string(hide_password=True)
        raise StoreError(f"The tools' tables in {shown} cannot be made: {error}. Check BATON_DATABASE_URL.") from error


async def aside(settings: Settings) -> None:
    """The same in a process of its own: what it loads, no call needs, and a worker would keep. Raises StoreError."""
    process = await asyncio.create_subprocess_exec(sys.executable, *_CHILD, str(settings.team), stderr=PIPE)
    try:
        _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        words = told.decode(errors="replace").strip()
        raise StoreError(words.rpartition("baton: ")[2] or f"`baton prepare` ended with {process.returncode}.")
