"""Fakes of the embedded model's senses."""

import asyncio
from collections.abc import Callable, Hashable

from worker.local_model.round_robin import RoundRobin

RATE = 24000


class Ears:
    """Takes a second for anything, of which no more than begins can be stopped, and hears what `heard` says of it."""

    def __init__(self, heard: Callable[[bytes], str] = lambda _: "hello", places: int = 2) -> None:
        self._heard, self._turns = heard, RoundRobin(places)
        self.given: list[bytes] = []
        self.most: dict[Hashable, int] = {}  # recognitions of an owner's at once
        self._of: dict[Hashable, int] = {}

    async def recognise(self, pcm: bytes, _: int, owner: Hashable) -> str:
        return await self._turns.run(owner, lambda: self._work(pcm, owner))

    async def _work(self, pcm: bytes, owner: Hashable) -> str:
        self.given.append(pcm)
        self._of[owner] = self._of.get(owner, 0) + 1
        self.most[owner] = max(self.most.get(owner, 0), self._of[owner])
        try:
            await asyncio.sleep(1.0)
        finally:
            self._of[owner] -= 1
        return self._heard(pcm)
