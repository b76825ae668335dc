"""A team's database as it is on its first day: made once a process, and copied. To seal the shop's PINs takes long."""

import asyncio
from datetime import date
from pathlib import Path

from agents.loader import prepare
from agents.spec import TeamSpec
from tools.database import Database

_MADE = dict[tuple[str, date], bytes]()


async def first_day(team: TeamSpec, path: Path, today: date) -> Database:
    database = Database(f"sqlite+aiosqlite:///{path}")
    if not team.prepare:
        return database
    if made := _MADE.get((team.prepare, today)):
        await asyncio.to_thread(path.write_bytes, made)
        return database
    await prepare(team, database, today)  # nobody has it open then: SQLite has put its log into it
    _MADE[team.prepare, today] = await asyncio.to_thread(path.read_bytes)
    return database
