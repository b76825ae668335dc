"""Who may work when there are more wishes than places."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class RoundRobin:
    """At most `places` pieces of work at a time, and one of each owner's; owners take turns, each in its own order.

    Work in a thread cannot be stopped: a place is free when the work has ended, however long nobody waits for it. Work
    that has not begun goes away with whoever waits for it.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting = dict[Hashable, deque[asyncio.Future[None]]]()  # in the order of their turns
        self._working = set[Hashable]()

    async def run(self, owner: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What the work returns, when its turn has come."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave(owner, turn)
            else:  # it came in the same moment
                self._end(owner)
            raise
        working = asyncio.ensure_future(work())
        working.add_done_callback(lambda done: self._end(owner, done))
        return await asyncio.shield(working)

    def _next(self) -> None:
        for owner in list(self._waiting):
            if not self._free:
                return
            if owner in self._working:
                continue
            turn = self._waiting[owner].popleft()
            if not self._waiting[owner]:
                del self._waiting[owner]
            self._free -= 1
            self._working.add(owner)
            turn.set_result(None)

    def _leave(self, owner: Hashable, turn: asyncio.Future[None]) -> None:
        self._waiting[owner].remove(turn)
        if not self._waiting[owner]:
            del self._waiting[owner]

    def _end(self, owner: Hashable, done: "asyncio.Future[T] | None" = None) -> None:
        if done and not done.cancelled():
            done.exception()  # fetched, for nobody may wait any more; who does has it too
        self._free += 1
        self._working.discard(owner)
        if owner in self._waiting:
            self._waiting[owner] = self._waiting.pop(owner)  # behind everybody else
        self._next()
