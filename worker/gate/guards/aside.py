"""One event loop beside all calls, for the guards that ask others: calls have loops of their own, connections have one."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Answer = TypeVar("Answer")


class Aside:
    """A loop in a daemon thread, and the HTTP connections that live there, kept open between questions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: dict[tuple[str, str], AsyncOpenAI] = {}

    async def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """What comes of it there. Whoever gives up waiting cancels it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._running()))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on there, whoever waits or not. It may not raise."""
        asyncio.run_coroutine_threadsafe(work, self._running())

    def client(self, url: str, key: str) -> "AsyncOpenAI":
        """For use on the loop. What fails at once is tried once more: the deadline is the guard's."""
        if (url, key) not in self._clients:
            from openai import AsyncOpenAI

            logging.getLogger("httpx2").setLevel(logging.WARNING)  # else a line in the log for every sentence
            self._clients[url, key] = AsyncOpenAI(base_url=url, api_key=key, max_retries=1, http_client=self._http)
        return self._clients[url, key]

    @cached_property
    def _http(self) -> Any:
        from openai import DefaultAsyncHttpxClient

        return DefaultAsyncHttpxClient(timeout=30.0)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="guards", daemon=True).start()
            return self._loop


aside = Aside()
