"""Whether a worker's process still exists, as the kernel tells: what a dead process held is let go of at once.

A worker that is late may only be busy; one whose lock is gone is dead. With SQLite all workers are on one machine, and
the lock is one on a file beside the database; with PostgreSQL it is one of the database's, held over a connection.
"""

import fcntl
import hashlib
import os
import time
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

HOLDER = "worker-"  # how the id of a worker begins
_TOLD_S = 24 * 3600.0  # since a worker began: by then, nobody looks any more for one that is dead


class Presence(Protocol):
    """By the holder's id."""

    async def hold(self, holder: str) -> None:
        """From now on, until `leave` or the end of the process, this one exists."""

    async def is_gone(self, holder: str) -> bool:
        """Whether one that has held this has ended. Where nobody can tell, it has not."""

    async def leave(self) -> None: ...


def presence(engine: AsyncEngine) -> Presence:
    """For the database that leases are kept in."""
    if engine.dialect.name == "postgresql":
        return _Locks(engine)
    database = engine.url.database
    return _Files(Path(f"{database}.workers") if database and database != ":memory:" else None)


class _Files:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: list[tuple[Path, int]] = []

    async def hold(self, holder: str) -> None:
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            _tidy(self._folder)
            path = self._folder / holder
            held = os.open(path, os.O_CREAT | os.O_RDWR)
            fcntl.flock(held, fcntl.LOCK_EX)
            self._held.append((path, held))

    async def is_gone(self, holder: str) -> bool:
        return self._folder is not None and _is_let_go(self._folder / holder)

    async def leave(self) -> None:
        for path, held in self._held:
            path.unlink(missing_ok=True)
            os.close(held)
        self._held.clear()


def _is_let_go(path: Path) -> bool:
    """Whether a file that was locked is there, and is locked no more."""
    try:
        looked = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(looked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(looked)


def _tidy(folder: Path) -> None:
    """Away with what dead processes have left; of one that has just died, the file still tells so."""
    for path in list(folder.iterdir()):
        if _is_let_go(path) and time.time() - path.stat().st_mtime > _TOLD_S:
            path.unlink(missing_ok=True)


class _Locks:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def hold(self, holder: str) -> None:
        connection = self._connection = await self._engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(holder)})

    async def is_gone(self, holder: str) -> bool:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            key = {"key": _key(holder)}
            if gone := bool(await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key)):
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            return gone

    async def leave(self) -> None:
        if self._connection:
            await self._connection.close()
            self._connection = None


def _key(holder: str) -> int:
    return int.from_bytes(hashlib.sha256(holder.encode()).digest()[:8], signed=True)
