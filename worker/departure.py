"""That a worker has to go, as its calls hear of it: each has a thread and an event loop of its own."""

import asyncio
import threading
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Departed(Exception):
    """The worker has to go, and somebody was still waited for."""


class Departure:
    """Told once; whoever waits for something else then waits no longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = False
        self._waiting = set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    def tell(self) -> None:
        """From any thread."""
        with self._lock:
            self._told = True
            for loop, told in self._waiting:
                loop.call_soon_threadsafe(told.set)

    async def told(self) -> None:
        """Returns when the worker has to go."""
        waiting = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            if self._told:
                waiting[1].set()
            self._waiting.add(waiting)
        try:
            await waiting[1].wait()
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    async def or_else(self, coming: Awaitable[T]) -> T:
        """What comes, as long as the worker stays. Raises Departed."""
        awaited, told = asyncio.ensure_future(coming), asyncio.ensure_future(self.told())
        try:
            await asyncio.wait([awaited, told], return_when=asyncio.FIRST_COMPLETED)
            if not awaited.done():
                raise Departed
            return awaited.result()
        finally:
            awaited.cancel()
            told.cancel()
