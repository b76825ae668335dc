"""A team's own function as a guard."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from worker.gate.guard import Finding, Passage
from worker.gate.guards.ruling import Found


class Function:
    """Async, or else in a thread of its own each time: one that hangs holds up nobody, and no end of a call or a worker."""

    def __init__(self, path: str, function: Callable[[Any], Any]) -> None:
        self._path, self._function = path, function
        called = type(function).__call__  # of an object that is called like a function
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)

    async def look(self, passage: Passage) -> Found | Finding | None:
        """Raises TypeError for an answer that is none, and whatever the function raises."""
        answer = await (self._function(passage) if self._is_async else _in_thread(self._function, passage))
        match answer:
            case None | Finding():
                return answer
            case str() if answer.strip():
                return Found(answer.strip())
            case _:
                raise TypeError(f"{self._path} returns neither None, why it must not pass, nor a Finding")


async def _in_thread(function: Callable[[Any], Any], passage: Passage) -> Any:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if answer.done():
            return  # it took too long
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(result)

    def work() -> None:
        result, failed = None, None
        try:
            result = function(passage)
        except BaseException as error:  # whatever it is, who waits must know
            failed = error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=work, name="guard", daemon=True).start()
    return await answer
