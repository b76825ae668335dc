"""Where journals, costs and leases are kept, in SQLite or PostgreSQL; read by the front desk and `baton calls`."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Float,
    Integer,
    String,
    bindparam,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tools.database import alone
from worker.journal import leases
from worker.journal.events import CallEnded, CallStarted, CostUpdated, JournalEvent, journal_event
from worker.journal.inline_sqlite import Connection
from worker.journal.presence import Presence, presence

_BUSY_MS = 5000  # so long a second writer waits


class StoreError(Exception):
    """The database cannot be used; the message says why, for whoever set BATON_DATABASE_URL."""


class _Tables(DeclarativeBase):
    pass


class _Call(_Tables):
    __tablename__ = "journal_calls"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    room: Mapped[str] = mapped_column(String(255))
    team: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(String(255))


class _Entry(_Tables):
    __tablename__ = "journal_events"
    call: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class _Cost(_Tables):
    """What an agent's model has cost in a call, on a day: a day's sum reads a few rows, not all that was said."""

    __tablename__ = "journal_costs"
    call: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)  # UTC
    agent: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(String(64), primary_key=True)
    model: Mapped[str] = mapped_column(String(255), primary_key=True)
    currency: Mapped[str] = mapped_column(String(8), primary_key=True)
    cost: Mapped[float] = mapped_column(Float(53))
    tokens: Mapped[int] = mapped_column(BigInteger)
    unpriced: Mapped[int] = mapped_column(Integer)  # how many of its replies are not in `cost`, or not wholly


# What is asked with every event, and every reply, is put together once.
_ENTER = insert(_Entry)
_SAME = ("call", "day", "agent", "provider", "model", "currency")
_MORE = ("cost", "tokens", "unpriced")
_COSTS_MORE = (
    update(_Cost)
    .where(*(getattr(_Cost, name) == bindparam(f"same_{name}") for name in _SAME))
    .values({name: getattr(_Cost, name) + bindparam(f"more_{name}") for name in _MORE})
)


class Store:
    """Journals of all calls. Belongs to the event loop that opened it; any number of processes may share the database.

    `waits`: nothing else is on that loop, and it may stand still while a SQLite database is asked.
    """

    def __init__(self, url: str, *, waits: bool = False) -> None:
        self._url, self._waits = make_url(url), waits
        self._engine: AsyncEngine | None = None
        self._stale = False  # the log has something that was rewritten
        self._presence: Presence | None = None

    async def open(self) -> None:
        """Connects, and makes the tables where they are missing. Raises StoreError."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        inline = self._waits and self._url.get_backend_name() == "sqlite"
        creator = {"async_creator": self._connect} if inline else {}
        # parameters would stand in errors, and in logs
        self._engine = create_async_engine(self._url, hide_parameters=True, **creator)
        self._presence = presence(self._engine)
        if self._url.get_backend_name() == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _share_sqlite)
        try:
            async with self._engine.begin() as connection:
                await alone(connection)
                await connection.run_sync(_Tables.metadata.create_all)
                await connection.run_sync(leases.LeaseTables.metadata.create_all)
        except (SQLAlchemyError, OSError) as error:
            await self.close()
            shown = self._url.render_as_string(hide_password=True)
            raise StoreError(f"The database {shown} cannot be opened: {error}. Check BATON_DATABASE_URL.") from error

    async def _connect(self) -> Connection:
        (path,), options = self._open_engine.dialect.create_connect_args(self._url)
        return Connection(sqlite3.connect(path, **options))

    async def close(self) -> None:
        if self._presence:
            await self._presence.leave()
            self._presence = None
        if self._engine:
            await self._engine.dispose()
            self._engine = None

    @property
    def leases(self) -> leases.Leases:
        return leases.Leases(self._open_engine)

    @property
    def presence(self) -> Presence:
        assert self._presence, "open() comes first"
        return self._presence

    async def append(
        self,
        call: str,
        number: int,
        events: Sequence[JournalEvent],
        holder: str = "",
        standing: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes events that follow one another, in one transaction; the first is the call's `number`-th, from 0.

        With a `holder`, and how the call stands for whoever takes it over, if that has changed: raises LeaseLost, and
        writes nothing, when another worker has the call.
        """
        try:
            await self._append(call, number, events, holder, standing)
        except IntegrityError:
            if holder:  # whoever has the call now may have written that number
                async with self._open_engine.begin() as connection:
                    await leases.hold(connection, call, holder, None)
            raise
        await self._empty_log()

    async def _append(
        self, call: str, number: int, events: Sequence[JournalEvent], holder: str, standing: Mapping[str, Any] | None
    ) -> None:
        async with self._open_engine.begin() as connection:
            for entry in events:
                if isinstance(entry, CallStarted):
                    started = {"id": call, "room": entry.room, "team": entry.team, "model": entry.model}
                    await connection.execute(insert(_Call).values(**started, started_at=datetime.now(UTC)))
                if isinstance(entry, CallEnded):
                    ended = {"ended_at": datetime.now(UTC), "reason": entry.reason}
                    await connection.execute(update(_Call).where(_Call.id == call).values(**ended))
                if isinstance(entry, CostUpdated):
                    await _add_cost(connection, call, entry)
            rows = [
                {"call": call, "number": number + offset, "body": entry.model_dump(mode="json")}
                for offset, entry in enumerate(events)
            ]
            await connection.execute(_ENTER, rows)
            if holder:
                await leases.hold(connection, call, holder, standing)

    async def rewrite(
        self,
        call: str,
        events: Mapping[int, JournalEvent],
        holder: str = "",
        moment: Mapping[str, Any] | None = None,
    ) -> None:
        """Events of a call, by number, as they are to stand from now on; nothing is left of what stood there.

        With a `holder`, and what is noted of the moment, as that is to stand: raises LeaseLost, as `append` does.

        SQLite's own files are meant: it overwrites what it frees, and its log is emptied. A PostgreSQL keeps old rows
        until its next vacuum, and whatever its archive holds.
        """
        if not events and moment is None:
            return
        async with self._open_engine.begin() as connection:
            for number, entry in events.items():
                same = _Entry.call == call, _Entry.number == number
                await connection.execute(update(_Entry).where(*same).values(body=entry.model_dump(mode="json")))
            if holder:
                await leases.remember(connection, call, holder, moment)
                await leases.hold(connection, call, holder, None)
        self._stale = True
        await self._empty_log()

    async def _empty_log(self) -> None:
        """What was written once stands in SQLite's write-ahead log until that is emptied; a reader may be in the way."""
        if self._stale and self._url.get_backend_name() == "sqlite":
            async with self._open_engine.connect() as connection:
                await connection.exec_driver_sql("PRAGMA busy_timeout=0")  # it is tried again after the next event
                done = await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                self._stale = bool(done.scalar_one())
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_MS}")

    async def calls(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest calls first: id, room, team, model, started_at, ended_at (None while it lasts), reason, events, cost.

        `unpriced` counts the replies that `cost` does not hold, or not wholly; None when there are none.
        """
        counted = select(_Entry.call, func.count().label("events")).group_by(_Entry.call).subquery()
        sums = func.sum(_Cost.cost).label("cost"), func.nullif(func.sum(_Cost.unpriced), 0).label("unpriced")
        paid = select(_Cost.call, *sums).group_by(_Cost.call).subquery()
        query = (
            select(_Call.__table__, func.coalesce(counted.c.events, 0).label("events"), paid.c.cost, paid.c.unpriced)
            .outerjoin(counted, counted.c.call == _Call.id)
            .outerjoin(paid, paid.c.call == _Call.id)
            .order_by(_Call.started_at.desc())
            .limit(limit)
        )
        async with self._open_engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def costs(self, since: date) -> list[dict[str, Any]]:
        """Each day's costs, the latest first, by agent and model: day (UTC), agent, provider, model, calls, tokens, cost.

        `unpriced` counts the replies that `cost` does not hold, or not wholly.
        """
        by = (_Cost.day, _Cost.agent, _Cost.provider, _Cost.model, _Cost.currency)
        sums = [func.sum(column).label(column.key) for column in (_Cost.tokens, _Cost.unpriced, _Cost.cost)]
        calls = func.count(func.distinct(_Cost.call)).label("calls")
        query = select(*by, calls, *sums).where(_Cost.day >= since).group_by(*by).order_by(_Cost.day.desc(), *by[1:])
        async with self._open_engine.connect() as connection:
            rows = (await connection.execute(query)).mappings()
            return [{**row, "tokens": int(row["tokens"]), "unpriced": int(row["unpriced"])} for row in rows]

    async def spent(self, day: date) -> float:
        """What all calls have cost on a day (UTC)."""
        query = select(func.coalesce(func.sum(_Cost.cost), 0.0)).where(_Cost.day == day)
        async with self._open_engine.connect() as connection:
            return float((await connection.execute(query)).scalar_one())

    async def begun(self, calls: Iterable[str]) -> set[str]:
        """Those of the calls that have begun: there is something in their journals."""
        async with self._open_engine.connect() as connection:
            first = select(_Entry.call).where(_Entry.call.in_(calls), _Entry.number == 0)
            return set(await connection.scalars(first))

    async def events(self, call: str, after: int = 0) -> list[JournalEvent]:
        """A call's events in order, without the first `after`; an unknown call has none."""
        return list((await self.numbered(call, after)).values())

    async def numbered(self, call: str, after: int = 0) -> dict[int, JournalEvent]:
        """The same, by number."""
        entries = select(_Entry.number, _Entry.body).where(_Entry.call == call, _Entry.number >= after)
        async with self._open_engine.connect() as connection:
            rows = (await connection.execute(entries.order_by(_Entry.number))).all()
        return {number: journal_event.validate_python(body) for number, body in rows}

    @property
    def _open_engine(self) -> AsyncEngine:
        assert self._engine, "open() comes first"
        return self._engine


async def _add_cost(connection: AsyncConnection, call: str, entry: CostUpdated) -> None:
    """Only the worker that holds a call adds to its costs, one event after the other."""
    row = {
        "call": call,
        "day": datetime.now(UTC).date(),
        "agent": entry.agent,
        "provider": entry.provider,
        "model": entry.model,
        "currency": entry.currency,
    }
    more = {"cost": entry.cost or 0.0, "tokens": sum(entry.tokens.values()), "unpriced": int(bool(entry.unpriced))}
    told = {f"same_{name}": row[name] for name in _SAME} | {f"more_{name}": more[name] for name in _MORE}
    if not (await connection.execute(_COSTS_MORE, told)).rowcount:
        await connection.execute(insert(_Cost).values(**row, **more))


def _share_sqlite(connection: Any, _record: Any) -> None:
    """Readers do not wait for the writer, and a second writer waits before it gives up."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA secure_delete=ON")  # what is rewritten or deleted is overwritten, too
    cursor.close()
