"""A worker's hold on one call, as long as it has it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol

from worker.journal.leases import HOLDS_S, Taken

HUNG_S = 4.0  # a call whose loop does not turn for so long is given up: nobody is heard in it anyway
_SIGN_S = 0.5


class Mask(Protocol):
    """What of a call may be kept."""

    def standing(self, standing: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def moment(self, moment: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Whole:
    """All of it may."""

    def standing(self, standing: Mapping[str, Any]) -> Mapping[str, Any]:
        return standing

    def moment(self, moment: Mapping[str, Any]) -> Mapping[str, Any]:
        return moment


class Lease:
    """`taken` is how the call was found. Belongs to the loop of its call; the recorder's thread looks at it.

    One that is not `held` is no hold at all: the database was away, and the call begins all the same. `moment` is what
    another worker would have to know, and what is in no event yet; the recorder writes it down, through `mask`.
    """

    def __init__(self, call: str, taken: Taken, *, held: bool = True) -> None:
        self.call, self.taken, self.held = call, taken, held
        self.moment: Mapping[str, Any] = {}
        self.mask: Mask = Whole()
        self.lost = False  # another worker has the call, or is about to
        self.alive_at = time.monotonic()
        self.told_at = time.monotonic()  # when the database was last told that our worker lives, or could not be
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()

    def lose(self) -> None:
        """Another worker has the call: from any thread."""
        self.lost = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._gone.set)

    @property
    def may_speak(self) -> bool:
        """Not after a standstill in which another worker may have taken the call, until we know that none has.

        Our own clock tells: whoever was stopped knows nothing else yet. A database that is away is no standstill.
        """
        return not self.lost and (not self.held or time.monotonic() - self.told_at < HOLDS_S)

    @property
    def hung(self) -> bool:
        return time.monotonic() - self.alive_at > HUNG_S

    async def until_lost(self) -> None:
        """Returns when another worker has the call. Until then it tells that the call's loop turns."""
        while not self.lost:
            self.alive_at = time.monotonic()
            try:
                async with asyncio.timeout(_SIGN_S):
                    await self._gone.wait()
            except TimeoutError:
                pass
