"""Which worker holds which call, and until when: a call whose worker is gone finds another.

A worker tells that it lives, once for all its calls. One that has not for HOLDS_S is taken to be gone; one whose process
is known to have ended (see `presence`), when it is LATE_S late. Its calls are then offered by a watcher, and one worker
takes each. Whoever holds a call no more can write nothing into its journal.

Times are the database's, in seconds: no two machines' clocks are compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, Float, String, and_, bindparam, delete, false, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from worker.journal.presence import HOLDER

HOLDS_S = 3.0  # a busy machine is later than one thinks, and a call that is moved in vain is a gap for nothing
LIVES_S = 0.5  # how often a worker tells that it lives
LATE_S = 0.75  # after the last time: then it is worth a look whether its process is there
OFFERED_S = (
    2.0  # an offer that nobody has taken by then is made again: LiveKit may have given it to the worker that hangs
)
WAITED_S = 3.0  # so long it holds that somebody waits in a front desk's line, which tells it anew before
_FORGOTTEN_S = 3600.0  # a worker that has not told that it lives for so long
_OFFER = "offer-"  # how the holder of a call begins that a watcher offers
_NOBODY = ""  # holds what its worker has given up


class LeaseLost(Exception):
    """Another worker has the call, or is about to."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A call, as its worker finds it.

    `age_s` is how long ago it began; `silent_s`, how long nobody has held it: None for one that begins. `standing` and
    `moment` are what its last worker left, see `hold` and `Leases.live`.
    """

    age_s: float
    silent_s: float | None
    standing: Mapping[str, Any] | None
    moment: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Lost:
    """A call that nobody holds, or whose worker is `late`. `agent` is the participant that its worker was.

    `until` is when the holder's time is over, by the database's clock; None: there is no such holder any more.
    """

    call: str
    room: str
    holder: str
    agent: str
    until: float | None
    late: bool


class LeaseTables(DeclarativeBase):
    pass


class _Holder(LeaseTables):
    """A worker, an offer of a watcher, or a front desk's line in which somebody waits."""

    __tablename__ = "journal_holders"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[float] = mapped_column(Float(53))


class _Lease(LeaseTables):
    __tablename__ = "journal_leases"
    call: Mapped[str] = mapped_column(String(64), primary_key=True)
    room: Mapped[str] = mapped_column(String(255))
    holder: Mapped[str] = mapped_column(String(64), index=True)
    agent: Mapped[str] = mapped_column(String(255))
    began: Mapped[float] = mapped_column(Float(53))
    silent: Mapped[float | None] = mapped_column(Float(53))  # since then nobody has held it
    standing: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    moment: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class _Now(GenericFunction[float]):
    """The database's clock, in seconds."""

    type = Float(53)
    inherit_cache = True
    name = "baton_now"


@compiles(_Now, "sqlite")
def _sqlite_now(_element: _Now, _compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(_Now, "postgresql")
def _postgresql_now(_element: _Now, _compiler: SQLCompiler, **_: Any) -> str:
    return "(extract(epoch from clock_timestamp())::double precision)"


# What is asked several times a second is put together once.
_LIVES = update(_Holder).where(_Holder.id == bindparam("who")).values(until=_Now() + bindparam("seconds"))
_HELD = select(_Lease.call).where(_Lease.holder == bindparam("who"))
_THIS = _Lease.call == bindparam("which"), _Lease.holder == bindparam("who")
_IS_HELD = select(_Lease.call).where(*_THIS).with_for_update(read=True)
_STANDS = update(_Lease).where(*_THIS).values(standing=bindparam("new", type_=JSON))
_MOMENT = update(_Lease).where(*_THIS).values(moment=bindparam("new", type_=JSON))


class Leases:
    """A worker and its calls by `holder`, the worker's own id. All methods may be used by any number of processes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def live(
        self, holder: str, moments: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    ) -> frozenset[str]:
        """A worker lives, and holds all its calls for HOLDS_S. Returns which these are: others have what is missing.

        `moments`: what of calls is in no event yet, by the call: it changes too often for the journal.
        """
        async with self._engine.begin() as connection:
            await _live(connection, holder, HOLDS_S)
            for call, moment in moments.items():
                await remember(connection, call, holder, moment)
            return frozenset(await connection.scalars(_HELD, {"who": holder}))

    async def take(self, call: str, room: str, holder: str, agent: str) -> Taken | None:
        """A worker takes a call that begins, is offered or was given up. None: another has it."""
        free = or_(_Lease.holder.startswith(_OFFER), _Lease.holder == _NOBODY)
        mine = {"holder": holder, "agent": agent}
        async with self._engine.begin() as connection:
            taken = await connection.execute(update(_Lease).where(_Lease.call == call, free).values(**mine))
            if taken.rowcount:
                columns = (_Now() - _Lease.began, _Now() - _Lease.silent, _Lease.standing, _Lease.moment)
                found = (await connection.execute(select(*columns).where(_Lease.call == call))).one()
                await connection.execute(update(_Lease).where(_Lease.call == call).values(silent=None))
                return Taken(*found)
            known = await connection.scalar(select(_Lease.call).where(_Lease.call == call))
        if known:
            return None
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(_Lease).values(call=call, room=room, began=_Now(), **mine))
        except IntegrityError:  # another began with it at this moment
            return None
        return Taken(0.0, None, None, None)

    async def give_up(self, holder: str, calls: Mapping[str, Mapping[str, Any]]) -> None:
        """A worker cannot hold them any more: they are offered to others at once, each with its moment, see `live`."""
        given = {"holder": _NOBODY, "silent": _Now()}
        async with self._engine.begin() as connection:
            for call, moment in calls.items():
                await remember(connection, call, holder, moment)
            await connection.execute(
                update(_Lease).where(_Lease.call.in_(calls), _Lease.holder == holder).values(**given)
            )

    async def release(self, call: str, holder: str) -> None:
        """The call is over."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(_Lease).where(_Lease.call == call, _Lease.holder == holder))

    async def leave(self, holder: str) -> None:
        """A worker, or an offer, is no more."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(_Holder).where(_Holder.id == holder))

    async def wait(self, team: str, desk: str) -> None:
        """In the line of a front desk callers of a team wait for a place."""
        async with self._engine.begin() as connection:
            await _live(connection, _line(team) + desk, WAITED_S)

    async def wait_no_more(self, team: str, desk: str) -> None:
        await self.leave(_line(team) + desk)

    async def waited_for(self, team: str) -> bool:
        """Whether callers of a team wait in any line."""
        line = _Holder.id.startswith(_line(team), autoescape=True)
        async with self._engine.connect() as connection:
            return await connection.scalar(select(_Holder.id).where(line, _Holder.until >= _Now()).limit(1)) is not None

    async def lost(self) -> list[Lost]:
        """The calls that nobody holds any more, or whose worker is late."""
        late = and_(_Holder.until >= _Now(), _Lease.holder.startswith(HOLDER))
        columns = (_Lease.call, _Lease.room, _Lease.holder, _Lease.agent, _Holder.until, func.coalesce(late, false()))
        overdue = and_(late, _Holder.until < _Now() + HOLDS_S - LATE_S)
        query = (
            select(*columns)
            .outerjoin(_Holder, _Holder.id == _Lease.holder)
            .where(or_(_Holder.id.is_(None), _Holder.until < _Now(), overdue))
        )
        async with self._engine.connect() as connection:
            return [Lost(*row) for row in await connection.execute(query)]

    async def offer(self, lost: Lost, name: str) -> str | None:
        """A watcher is about to find a call another worker. Returns the offer's id, its holder; None: others were faster."""
        offer = f"{_OFFER}{name}"
        async with self._engine.begin() as connection:
            await _live(connection, offer, OFFERED_S)
            last = select(_Holder.until - HOLDS_S).where(_Holder.id == lost.holder).scalar_subquery()
            lives = select(_Holder.id).where(_Holder.id == lost.holder, _Holder.until != lost.until).exists()
            won = await connection.execute(
                update(_Lease)
                .where(_Lease.call == lost.call, _Lease.holder == lost.holder, ~lives)
                .values(holder=offer, silent=func.coalesce(_Lease.silent, last, _Now()))
            )
            if won.rowcount:
                await connection.execute(delete(_Holder).where(_Holder.until < _Now() - _FORGOTTEN_S))
                return offer
            await connection.execute(delete(_Holder).where(_Holder.id == offer))
            return None


def _line(team: str) -> str:
    """How the holder begins by which a desk tells that callers of a team wait. No team's name is longer, or has a `-`."""
    return f"line-{team[:40]}-"


async def hold(connection: AsyncConnection, call: str, holder: str, standing: Mapping[str, Any] | None) -> None:
    """Within the transaction that writes into a call's journal: nobody else takes it before that is written.

    `standing`, if there is a new one, is what another worker would need to know. Raises LeaseLost.
    """
    held = {"which": call, "who": holder}
    if standing is not None:
        found = bool((await connection.execute(_STANDS, {**held, "new": standing})).rowcount)
    else:
        found = await connection.scalar(_IS_HELD, held) is not None
    if not found:
        raise LeaseLost(f"call {call} is held by another worker")


async def remember(connection: AsyncConnection, call: str, holder: str, moment: Mapping[str, Any] | None) -> None:
    """Within a transaction: what of a call is in no event yet."""
    await connection.execute(_MOMENT, {"which": call, "who": holder, "new": moment})


async def _live(connection: AsyncConnection, holder: str, seconds: float) -> None:
    if not (await connection.execute(_LIVES, {"who": holder, "seconds": seconds})).rowcount:
        await connection.execute(insert(_Holder).values(id=holder, until=_Now() + seconds))
