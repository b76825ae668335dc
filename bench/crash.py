"""What a caller hears when the worker that holds their call is killed, and another is free."""

import asyncio
import random
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil

from bench.house import House, Provider, Worker, house
from bench.measure import TURN_MS, greeted
from bench.report import Report, Row
from bench.tones import ALFA, LONG

_RTT_MS = 100  # to the provider
_HEARD_S = 15.0


async def crash(*, rounds: int) -> Report:
    """`kill -9` at random moments: how long until the caller is spoken to again."""
    report = Report("crash")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home, home.provider(_RTT_MS) as provider, home.desk():
            waited = await crashes(home, provider, rounds)
    report.rows.append(Row("worker killed: caller is spoken to again", "baton", "ms", waited, budget=3000))
    return report


async def crashes(house: House, provider: Provider, count: int) -> list[float]:
    """Each in a call of its own, at some moment between the caller's word and the middle of the reply; ms."""
    waited = list[float]()
    dice = random.Random(1)
    async with _free_workers(house, provider) as workers:
        for _ in range(count):
            async with house.caller() as caller:
                await greeted(caller)
                await caller.say(LONG, TURN_MS)
                await asyncio.sleep(dice.uniform(0.0, 4.0))
                killed = time.monotonic()
                await workers.kill()
                again = await caller.until(
                    lambda heard: next((sound.at for sound in heard if sound.track and sound.hz == ALFA), None),
                    _HEARD_S,
                )
                waited.append((again - killed) * 1000)
            await workers.fill()
    return waited


class _Workers:
    """Two of them, at every round's beginning."""

    def __init__(self, house: House, provider: Provider, stack: AsyncExitStack) -> None:
        self._house, self._provider, self._stack = house, provider, stack
        self._running = deque[Worker]()

    async def fill(self) -> None:
        while len(self._running) < 2:
            self._running.append(await self._stack.enter_async_context(self._house.worker("baton", self._provider)))

    async def kill(self) -> None:
        """Whoever has the call: its socket to the provider tells."""
        port = int(self._provider.url.split(":")[2].split("/")[0])
        holder = next(one for one in self._running if port in _remote_ports(one.process))
        holder.process.kill()
        self._running.remove(holder)


@asynccontextmanager
async def _free_workers(house: House, provider: Provider) -> AsyncIterator[_Workers]:
    async with AsyncExitStack() as stack:
        workers = _Workers(house, provider, stack)
        await workers.fill()
        yield workers


def _remote_ports(process: psutil.Process) -> set[int]:
    return {one.raddr.port for one in process.net_connections(kind="tcp") if one.raddr}
