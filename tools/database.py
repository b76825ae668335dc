"""The database of tools: one URL, a branch of migrations a subject, and rows to begin with."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

_TABLES_LOCK = 0x6261746F6E  # "baton"
VERSION_TABLE = "alembic_version_shop"  # as in databases that are in use; the journal lives in the same one


class Tables(DeclarativeBase):
    """What a subject's tables derive from; they stand in its own module."""


class Database:
    """One URL, sessions by the piece. Cheap to make: connections are opened when they are needed, and not kept."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        # no pool: every call runs on an event loop of its own, and a pooled connection belongs to one loop
        self._engine = create_async_engine(self._url, poolclass=NullPool)
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _share_sqlite)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def migrate(self, branch: str) -> None:
        """Brings the tables of one subject up to date: `branch` is the label of its migrations."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        async with self._engine.begin() as connection:
            await alone(connection)
            await connection.run_sync(_migrate, branch)

    async def fill(self, empty: type[Tables], rows: Callable[[], Sequence[Tables]]) -> None:
        """Stores `rows()` if there is nothing in the table `empty` yet, whichever process comes first."""
        try:
            async with self.session() as session, session.begin():
                if (await session.scalars(select(empty).limit(1))).first() is None:
                    session.add_all(rows())
        except IntegrityError:
            pass  # another process was quicker

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self._sessions() as session:
            yield session


async def alone(connection: AsyncConnection) -> None:
    """Until this transaction ends, no other process that asked the same changes tables."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})")
    else:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection, branch: str) -> None:
    from alembic import command  # 11 MB that nobody needs who only reads and writes
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, f"{branch}@head")


def _share_sqlite(connection: Any, _record: Any) -> None:
    """Readers do not wait for a writer, and a second writer waits 5 s before it gives up."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
