"""The thread that writes the journals of all calls of a process, and holds their leases."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from livekit.agents.utils import shortuuid
from sqlalchemy.exc import SQLAlchemyError

from worker.journal.events import JournalEvent
from worker.journal.lease import Lease
from worker.journal.leases import LIVES_S, LeaseLost, Taken
from worker.journal.presence import HOLDER
from worker.journal.store import Store
from worker.redaction.policy import Value, without
from worker.redaction.walk import Mask, masked

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")
_Write = Callable[[], Awaitable[None]]


class Recorder:
    """Owns the store, on an event loop in a thread of its own: calls come from many loops, a database has one.

    It holds the calls that are taken with it, as long as it lives. A context manager; leaving it waits until all is
    written.
    """

    def __init__(self, url: str) -> None:
        self._store = Store(url, waits=True)
        self._holder = shortuuid(HOLDER)
        self._leases = set[Lease]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="journal", daemon=True)
        self._writes = asyncio.Queue[_Write | None]()  # unbounded: a few events a second and call
        self._written: Future[None] | None = None
        self._living: asyncio.Task[None] | None = None
        self._beginning, self._ending = asyncio.Lock(), asyncio.Event()

    def __enter__(self) -> "Recorder":
        """Raises StoreError when the database cannot be used."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._store.open(), self._loop).result()
        except BaseException:
            self._stop()
            raise
        self._written = asyncio.run_coroutine_threadsafe(self._write(), self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._written, "a context manager"
        self._loop.call_soon_threadsafe(self._writes.put_nowait, None)
        self._written.result()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._stop()

    def record(
        self,
        call: str,
        number: int,
        event: JournalEvent,
        lease: Lease | None = None,
        standing: Mapping[str, Any] | None = None,
    ) -> None:
        """The `number`-th event of a call, from any thread; returns before it is written.

        With a `lease`, only as long as that holds. `standing`: how the call stands with it, if that has changed, for a
        worker that may take it over.
        """
        self._put(call, lease, lambda holder: self._append(call, number, event, holder, lease, standing))

    def record_large(
        self,
        call: str,
        number: int,
        event: JournalEvent,
        mask: Mask,
        then: Callable[[JournalEvent], None],
        lease: Lease | None = None,
        standing: Mapping[str, Any] | None = None,
    ) -> None:
        """The same of one with so much text that the call cannot wait for `mask`. `then` gets what is written."""
        loop = asyncio.get_running_loop()

        async def write(holder: str) -> None:
            kept = masked(event, mask)
            _hand_over(loop, then, kept)
            await self._append(call, number, kept, holder, lease, standing)

        self._put(call, lease, write)

    def rewrite(self, call: str, number: int, event: JournalEvent, lease: Lease | None = None) -> None:
        """The `number`-th event of a call as it is to stand from now on; nothing is left of what stood there."""
        self._put(call, lease, lambda holder: self._rewrite(call, {number: event}, holder, lease))

    def take_out(
        self,
        call: str,
        values: Sequence[Value],
        changed: Callable[[JournalEvent], None],
        lease: Lease | None = None,
    ) -> None:
        """Takes values out of all that was written of a call so far. `changed` gets the events that they were in."""
        loop = asyncio.get_running_loop()

        async def write(holder: str) -> None:
            written = await self._store.numbered(call)
            new = {number: masked(event, lambda text: without(text, values)) for number, event in written.items()}
            new = {number: event for number, event in new.items() if event != written[number]}
            await self._rewrite(call, new, holder, lease)
            for event in new.values():
                _hand_over(loop, changed, event)

        self._put(call, lease, write)

    # ---- who holds a call

    async def take(self, call: str, room: str, agent: str) -> Lease | None:
        """Holds a call from now on, from the call's loop. `agent` is our participant. None: another has it."""
        try:
            taken = await self._ask(self._take(call, room, agent))
        except (SQLAlchemyError, OSError):
            logger.exception("call %s is held by nobody: it ends with this worker", call)
            return Lease(call, Taken(0.0, None, None, None), held=False)
        if taken is None:
            return None
        lease = Lease(call, taken)
        self._leases.add(lease)
        return lease

    async def events(self, call: str) -> list[JournalEvent]:
        """What is in a call's journal, from any loop."""
        return await self._ask(self._store.events(call))

    async def written(self, call: str) -> Mapping[int, JournalEvent]:
        """The same by number, with all that was recorded before this was asked for; nothing if the database is away."""
        loop, found = asyncio.get_running_loop(), asyncio.Event()
        events = dict[int, JournalEvent]()

        async def read() -> None:
            try:
                events.update(await self._store.numbered(call))
            except (SQLAlchemyError, OSError):
                logger.exception("the journal of call %s cannot be read", call)
            with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
                loop.call_soon_threadsafe(found.set)

        self._later(read)
        await found.wait()
        return events

    def release(self, lease: Lease) -> None:
        """The call is over."""
        self._later(lambda: self._release(lease))

    def give_up(self, lease: Lease) -> None:
        """The call is not over, but must be held by another worker."""
        self._later(lambda: self._give_up(lease))
        self.release(lease)

    async def waited_for(self, team: str) -> bool:
        """Whether callers of a team wait in a front desk's line, from any loop; False when the database does not tell."""
        try:
            return await self._ask(self._store.leases.waited_for(team))
        except (SQLAlchemyError, OSError):
            logger.exception("whether callers wait is not known")
            return False

    async def spent_today(self) -> float | None:
        """What all calls of all workers have cost today (UTC), from any loop; None when the database does not tell."""
        try:
            return await self._ask(self._store.spent(datetime.now(UTC).date()))
        except (SQLAlchemyError, OSError):
            logger.exception("what the day has cost is not known")
            return None

    async def _ask(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _later(self, write: _Write) -> None:
        self._loop.call_soon_threadsafe(self._writes.put_nowait, write)

    async def _write(self) -> None:
        while (write := await self._writes.get()) is not None:
            await write()

    def _put(self, call: str, lease: Lease | None, write: Callable[[str], Awaitable[None]]) -> None:
        """`write` gets the holder's id: none for a call that nobody holds."""
        self._later(lambda: self._do(call, lease, write))

    async def _do(self, call: str, lease: Lease | None, write: Callable[[str], Awaitable[None]]) -> None:
        if lease and lease.lost:
            return
        try:
            await write(self._holder if lease and lease.held else "")
        except LeaseLost:
            assert lease, "only what is held can be lost"
            lease.lose()
        except (SQLAlchemyError, OSError):
            logger.exception("an event of call %s is not in the journal", call)

    async def _append(
        self,
        call: str,
        number: int,
        event: JournalEvent,
        holder: str,
        lease: Lease | None,
        standing: Mapping[str, Any] | None,
    ) -> None:
        stands = lease.mask.standing(standing) if lease and standing is not None else None
        await self._store.append(call, number, [event], holder, stands)

    async def _rewrite(self, call: str, events: Mapping[int, JournalEvent], holder: str, lease: Lease | None) -> None:
        """What is noted of the moment may hold the same: it is written anew with them."""
        moment = lease.mask.moment(lease.moment) if lease and lease.held else None
        await self._store.rewrite(call, events, holder, moment)

    async def _take(self, call: str, room: str, agent: str) -> Taken | None:
        async with self._beginning:
            if self._living is None:
                await self._store.presence.hold(self._holder)
                await self._store.leases.live(self._holder)
                self._living = asyncio.ensure_future(self._live())
        return await self._store.leases.take(call, room, self._holder, agent)

    async def _release(self, lease: Lease) -> None:
        self._leases.discard(lease)
        if lease.held and not lease.lost:  # a lost one may be ours again, in another job
            with _logged(f"call {lease.call} is over, but not released"):
                await self._store.leases.release(lease.call, self._holder)

    async def _give_up(self, lease: Lease) -> None:
        if lease.lost or not lease.held:
            return
        lease.lose()
        with _logged(f"call {lease.call} is not given up"):
            await self._store.leases.give_up(self._holder, {lease.call: lease.mask.moment(lease.moment)})

    async def _live(self) -> None:
        """Tells every LIVES_S that this worker lives. What it holds no more, it is told then."""
        noted: dict[Lease, Mapping[str, Any]] = {}
        hung = set[Lease]()  # once seen so: the whole process may have stood still until now
        while not self._ending.is_set():
            mine = self._leases.copy()  # calls begin meanwhile, in other threads
            for lease in mine & hung:
                if lease.hung and not lease.lost:
                    logger.error("call %s does not answer, and is given up", lease.call)
                    await self._give_up(lease)
            hung = {lease for lease in mine if lease.hung}
            told_at = time.monotonic()
            moments = {lease: lease.mask.moment(lease.moment) for lease in mine if not lease.lost}
            new = {one.call: moment for one, moment in moments.items() if moment != noted.get(one, {})}
            with _logged("the database does not know that this worker lives"):
                try:
                    held = await self._store.leases.live(self._holder, new)
                except (SQLAlchemyError, OSError):
                    for lease in mine:
                        lease.told_at = time.monotonic()
                    raise
                for lease in mine & self._leases:
                    if lease.call not in held:
                        lease.lose()
                    lease.told_at = told_at  # after that: whoever has lost it must not speak for a moment
                noted = moments
            try:
                async with asyncio.timeout(LIVES_S):
                    await self._ending.wait()
            except TimeoutError:
                pass

    async def _close(self) -> None:
        if self._living:
            self._ending.set()
            await self._living  # what it asks of the database is not broken off: that would outlive this loop
            with _logged("the database does not know that this worker is gone"):
                await self._store.leases.leave(self._holder)
        await self._store.close()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _hand_over(loop: asyncio.AbstractEventLoop, take: Callable[[JournalEvent], object], event: JournalEvent) -> None:
    """To another thread's loop, which may be closed by now: its call is over."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(take, event)


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """A database that is away for a moment ends nothing."""
    try:
        yield
    except (SQLAlchemyError, OSError):
        logger.exception("%s", what)
