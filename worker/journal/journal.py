"""A call's journal while the call lasts, and the thread that writes the journals of all calls of a process."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from worker.journal.events import AgentSaid, JournalEvent, ToolFinished, UserDialled, UserSaid
from worker.journal.store import Store
from worker.redaction.kept import Redaction
from worker.redaction.policy import Value, without
from worker.redaction.walk import Mask, masked

logger = logging.getLogger(__name__)

LARGE = 8000  # characters of a tool's output: to look through them takes some 20 ms
MARGIN_MS = 300  # more than a microphone's way to us takes; no provider tells its times more precisely
Mute = Callable[[Literal["caller", "agent"], int, int], None]


class Recorder:
    """Owns the store, on an event loop in a thread of its own: calls come from many loops, a database has one.

    A context manager; leaving it waits until all is written.
    """

    def __init__(self, url: str) -> None:
        self._store = Store(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="journal", daemon=True)
        self._writes = asyncio.Queue[
            tuple[str, Callable[[], Awaitable[None]]] | None
        ]()  # unbounded: a few events a second and call
        self._written: Future[None] | None = None

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
        asyncio.run_coroutine_threadsafe(self._store.close(), self._loop).result()
        self._stop()

    def record(self, call: str, number: int, event: JournalEvent) -> None:
        """The `number`-th event of a call, from any thread; returns before it is written."""
        self._put(call, lambda: self._store.append(call, number, [event]))

    def record_large(
        self, call: str, number: int, event: JournalEvent, mask: Mask, then: Callable[[JournalEvent], None]
    ) -> None:
        """The same of one with so much text that the call cannot wait for `mask`. `then` gets what is written."""
        loop = asyncio.get_running_loop()

        async def write() -> None:
            kept = masked(event, mask)
            _hand_over(loop, then, kept)
            await self._store.append(call, number, [kept])

        self._put(call, write)

    def rewrite(self, call: str, number: int, event: JournalEvent) -> None:
        """The `number`-th event of a call as it is to stand from now on; nothing is left of what stood there."""
        self._put(call, lambda: self._store.rewrite(call, {number: event}))

    def take_out(self, call: str, values: Sequence[Value], changed: Callable[[JournalEvent], None]) -> None:
        """Takes values out of all that was written of a call so far. `changed` gets the events that they were in."""
        loop = asyncio.get_running_loop()
        self._put(call, lambda: self._take_out(call, values, lambda event: _hand_over(loop, changed, event)))

    async def _take_out(self, call: str, values: Sequence[Value], changed: Callable[[JournalEvent], None]) -> None:
        written = await self._store.numbered(call)
        new = {number: masked(event, lambda text: without(text, values)) for number, event in written.items()}
        new = {number: event for number, event in new.items() if event != written[number]}
        await self._store.rewrite(call, new)
        for event in new.values():
            changed(event)

    def _put(self, call: str, write: Callable[[], Awaitable[None]]) -> None:
        self._loop.call_soon_threadsafe(self._writes.put_nowait, (call, write))

    async def spent_today(self) -> float | None:
        """What all calls of all workers have cost today (UTC), from any loop; None when the database does not tell."""
        asked = asyncio.run_coroutine_threadsafe(self._store.spent(datetime.now(UTC).date()), self._loop)
        try:
            return await asyncio.wrap_future(asked)
        except (SQLAlchemyError, OSError):
            logger.exception("what the day has cost is not known")
            return None

    async def _write(self) -> None:
        while (write := await self._writes.get()) is not None:
            call, do = write
            try:
                await do()
            except (SQLAlchemyError, OSError):
                logger.exception("an event of call %s is not in the journal", call)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _hand_over(loop: asyncio.AbstractEventLoop, take: Callable[[JournalEvent], object], event: JournalEvent) -> None:
    """To another thread's loop, which may be closed by now: its call is over."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(take, event)


class Journal:
    """One call's events in order, stamped and handed to the recorder and to `publish` (the page).

    Neither gets what `redaction` takes out. What may turn out to be a piece of something more the page of who said it
    gets by `whisper` at once, all others by `reveal` when it is settled.
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
    ) -> None:
        self.call = call
        self._recorder, self._elapsed_ms, self._publish = recorder, elapsed_ms, publish
        self._redaction = redaction
        self._mute: Mute = lambda *_: None
        self._whisper, self._reveal = whisper or publish, reveal
        self._count = 0

    @property
    def now_ms(self) -> int:
        """Since the call began."""
        return self._elapsed_ms()

    def record(self, event: JournalEvent, epoch: int) -> JournalEvent:
        """Stamps `at` and `epoch`, and keeps it. Returns it whole, as nobody may keep it."""
        stamped = event.model_copy(update={"at": self._elapsed_ms(), "epoch": epoch})
        number, self._count = self._count, self._count + 1
        if not self._redaction:
            self._recorder.record(self.call, number, stamped)
            self._publish(stamped)
            return stamped
        if isinstance(event, ToolFinished) and len(event.output) > LARGE:
            self._recorder.record_large(self.call, number, stamped, self._redaction.text, self._publish)
            return stamped
        kept = self._redaction.take(number, stamped)
        self._recorder.record(self.call, number, kept.event)
        for earlier, changed in kept.again:
            self._recorder.rewrite(self.call, earlier, changed)
        if kept.values:
            self._recorder.take_out(self.call, kept.values, self._silence)
        for settled in kept.settled:
            self._reveal(settled)
        (self._whisper if kept.open else self._publish)(kept.event)
        for secret in kept.secret:
            self._silence(secret)
        return stamped

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
