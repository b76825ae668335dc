"""SQLite in the thread that asks, for a loop that has nothing else to do but to wait for it.

aiosqlite hands each step of a statement to a thread of its own and back. That is right for a loop with callers on it; for
the recorder's it is half of all that a journal costs.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Self

_Parameters = Sequence[Any] | Mapping[str, Any]


class Connection:
    """What SQLAlchemy's aiosqlite dialect asks of a connection (`create_async_engine(async_creator=...)`).

    Each call is done when it returns, so a transaction that awaits nothing else is never in another's way. Errors are
    sqlite3's own.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def cursor(self) -> "Cursor":
        return Cursor(self._connection.cursor())

    async def commit(self) -> None:
        self._connection.commit()

    async def rollback(self) -> None:
        self._connection.rollback()

    async def close(self) -> None:
        self._connection.close()

    def stop(self) -> None:
        self._connection.close()

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        self._connection.create_function(*arguments, **options)


class Cursor:
    """The same of a cursor."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: _Parameters = ()) -> None:
        self._cursor.execute(statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[_Parameters]) -> None:
        self._cursor.executemany(statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid
