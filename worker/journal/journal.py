"""A call's journal while the call lasts, and the thread that writes the journals of all calls of a process."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from livekit.agents.utils import shortuuid
from sqlalchemy.exc import SQLAlchemyError

from worker.journal.events import AgentSaid, JournalEvent, ToolFinished, UserDialled, UserSaid
from worker.journal.lease import Lease
from worker.journal.leases import LIVES_S, LeaseLost, Taken
from worker.journal.presence import HOLDER
from worker.journal.store import Store
from worker.redaction.kept import Redaction
from worker.redaction.policy import Value, without
from worker.redaction.standing import KeptStanding
from worker.redaction.walk import Mask, masked

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

LARGE = 8000  # characters of a tool's output: to look through them takes some 20 ms
MARGIN_MS = 300  # more than a microphone's way to us takes; no provider tells its times more precisely
Mute = Callable[[Literal["caller", "agent"], int, int], None]


class Recorder:
    """Owns the store, on an event loop in a thread of its own: calls come from many loops, a database has one.

    It holds the calls that are taken with it, as long as it lives. A context manager; leaving it waits until all is
    written.
    """

    def __init__(self, url: str) -> None:
        self._store = Store(url)
        self._holder = shortuuid(HOLDER)
        self._leases = set[Lease]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="journal", daemon=True)
        self._writes = asyncio.Queue[
            Callable[[], Awaitable[None]] | None
        ]()  # unbounded: a few events a second and call
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

    async def spent_today(self) -> float | None:
        """What all calls of all workers have cost today (UTC), from any loop; None when the database does not tell."""
        try:
            return await self._ask(self._store.spent(datetime.now(UTC).date()))
        except (SQLAlchemyError, OSError):
            logger.exception("what the day has cost is not known")
            return None

    async def _ask(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _later(self, write: Callable[[], Awaitable[None]]) -> None:
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


class Journal:
    """One call's events in order, stamped and handed to the recorder and to `publish` (the page).

    Neither gets what `redaction` takes out. What may turn out to be a piece of something more the page of who said it
    gets by `whisper` at once, all others by `reveal` when it is settled. `count` is how many there are already. With a
    `lease`, how the call stands goes with each event, as `standing` tells, and without what may not be kept.
    """

    def __init__(
        self,
        call: str,
        recorder: Recorder,
        *,
        elapsed_ms: Callable[[], int],
        publish: Callable[[JournalEvent], None],
        redaction: Redaction | None = None,
        whisper: Callable[[JournalEvent], None] | None = None,
        reveal: Callable[[JournalEvent], None] = lambda _: None,
        lease: Lease | None = None,
        count: int = 0,
    ) -> None:
        self.call = call
        self._recorder, self._elapsed_ms, self._publish = recorder, elapsed_ms, publish
        self._redaction = redaction
        self._mute: Mute = lambda *_: None
        self._whisper, self._reveal = whisper or publish, reveal
        self._lease, self._count = lease, count
        if lease and redaction:
            lease.mask = KeptStanding(redaction)
        self._stood: Mapping[str, Any] | None = None
        self.standing: Callable[[], Mapping[str, Any] | None] = lambda: None

    @property
    def now_ms(self) -> int:
        """Since the call began."""
        return self._elapsed_ms()

    def note(self, moment: Mapping[str, Any]) -> None:
        """What another worker would have to know, and what is in no event yet."""
        if self._lease:
            self._lease.moment = moment

    def record(self, event: JournalEvent, epoch: int) -> JournalEvent:
        """Stamps `at` and `epoch`, and keeps it. Returns it whole, as nobody may keep it."""
        stamped = event.model_copy(update={"at": self._elapsed_ms(), "epoch": epoch})
        number, self._count = self._count, self._count + 1
        lease = self._lease
        if not self._redaction:
            self._recorder.record(self.call, number, stamped, lease, self._stands(anew=False))
            self._publish(stamped)
            return stamped
        if isinstance(event, ToolFinished) and len(event.output) > LARGE:
            stands = self._stands(anew=False)
            self._recorder.record_large(self.call, number, stamped, self._redaction.text, self._publish, lease, stands)
            return stamped
        kept = self._redaction.take(number, stamped)
        stands = self._stands(anew=bool(kept.values or kept.again))
        self._recorder.record(self.call, number, kept.event, lease, stands)
        for earlier, changed in kept.again:
            self._recorder.rewrite(self.call, earlier, changed, lease)
        if kept.values:
            self._recorder.take_out(self.call, kept.values, self._silence, lease)
        for settled in kept.settled:
            self._reveal(settled)
        (self._whisper if kept.open else self._publish)(kept.event)
        for secret in kept.secret:
            self._silence(secret)
        return stamped

    async def past(self) -> list[JournalEvent]:
        """What was recorded until now, as everybody may see it: without what may turn out to be a piece of a secret."""
        held_back = self._redaction.held_back if self._redaction else frozenset()
        events = await self._recorder.written(self.call)
        return [event for number, event in events.items() if number not in held_back]

    def _stands(self, *, anew: bool) -> Mapping[str, Any] | None:
        """How the call stands, if that has changed, or something is to be taken out of it."""
        stands = self.standing() if self._lease else None
        before, self._stood = self._stood, stands
        return stands if anew or stands != before else None

    def follow(self, facts: Mapping[str, Any]) -> None:
        """What the call establishes, as it grows: some of it may not be kept."""
        if self._redaction:
            self._redaction.follow(facts)

    def mutes(self, mute: Mute) -> None:
        """`mute` gets whose sound a secret was in, and from when to when, in ms since the call began."""
        self._mute = mute

    def close(self) -> None:
        """Nothing more will be recorded: what waits to be told to everybody is told now."""
        for settled in self._redaction.settle() if self._redaction else ():
            self._reveal(settled)

    def _silence(self, event: JournalEvent) -> None:
        match event:
            case UserSaid(started_ms=int(start)) | UserDialled(started_ms=start):
                self._mute("caller", max(0, start - MARGIN_MS), (event.ended_ms or event.at) + MARGIN_MS)
            case AgentSaid(started_ms=int(start), at=end):
                self._mute("agent", max(0, start - MARGIN_MS), end + MARGIN_MS)
