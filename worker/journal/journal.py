"""A call's journal while the call lasts, and the thread that writes the journals of all calls of a process."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from worker.journal.events import JournalEvent
from worker.journal.store import Store

logger = logging.getLogger(__name__)


class Recorder:
    """Owns the store, on an event loop in a thread of its own: calls come from many loops, a database has one.

    A context manager; leaving it waits until all is written.
    """

    def __init__(self, url: str) -> None:
        self._store = Store(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="journal", daemon=True)
        self._writes = asyncio.Queue[
            tuple[str, int, JournalEvent] | None
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
        self._loop.call_soon_threadsafe(self._writes.put_nowait, (call, number, event))

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
            call, number, event = write
            try:
                await self._store.append(call, number, [event])
            except (SQLAlchemyError, OSError):
                logger.exception("an event of call %s is not in the journal", call)

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Journal:
    """One call's events in order, stamped and handed to the recorder and to `publish` (the page)."""

    def __init__(
        self,
        call: str,
        recorder: Recorder,
        *,
        elapsed_ms: Callable[[], int],
        publish: Callable[[JournalEvent], None],
    ) -> None:
        self.call = call
        self._recorder, self._elapsed_ms, self._publish = recorder, elapsed_ms, publish
        self._count = 0

    @property
    def now_ms(self) -> int:
        """Since the call began."""
        return self._elapsed_ms()

    def record(self, event: JournalEvent, epoch: int) -> JournalEvent:
        """Stamps `at` and `epoch`, and keeps it."""
        stamped = event.model_copy(update={"at": self._elapsed_ms(), "epoch": epoch})
        self._recorder.record(self.call, self._count, stamped)
        self._count += 1
        self._publish(stamped)
        return stamped
