"""A conversation turn by turn: each waits for what the journal holds of the one before, not for a silence.

An answer may come in parts with a wait between them, which a busy machine makes longer: who goes by silence alone speaks
into the second part, or judges the first.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.system.conftest import House
from worker.caller import Caller

_TURNS = ("user.said", "user.wrote", "user.dialled")
_PATIENCE_S = 60.0  # a guard against waiting for ever
_QUIET_S = 0.5  # what the journal has to be heard may be on its way to us


@dataclass(frozen=True)
class Conversation:
    """In a room of `house`. `ear` listens there: the caller, or somebody unseen."""

    house: House
    room: str
    ear: Caller

    async def greeted(self) -> None:
        """The greeting is over, whether or not we were there in time to hear it."""
        await self._over(0)
        await self.ear.until(lambda: self.ear.state == "listening", _PATIENCE_S, "an agent who listens")

    async def answered(self, doing: Awaitable[object]) -> float:
        """Does a turn of the caller's, until the answer has been heard to its end; returns since when (loop time)."""
        turn = len(turns(self.house.journal(self.room))) + 1
        await doing
        since = asyncio.get_running_loop().time()
        await self._over(turn)
        await self.ear.answered(since, within=_PATIENCE_S, quiet=_QUIET_S)  # more may come: then nobody listens yet
        return since

    def told(self) -> str:
        """What agents said to the last turn, by the journal, in lower case."""
        events = self.house.journal(self.room)
        return " ".join(event["text"] for event in since_turn(events) if event["type"] == "agent.said").lower()

    async def _over(self, turn: int) -> None:
        def wanted(events: Sequence[dict[str, Any]]) -> bool:
            return len(turns(events)) >= turn and is_answered(events)

        await self.house.until(self.room, wanted, "the end of an answer")


def turns(events: Sequence[dict[str, Any]]) -> list[int]:
    """Where the caller's are."""
    return [number for number, event in enumerate(events) if event["type"] in _TURNS]


def since_turn(events: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """What came after the caller's last one."""
    return events[max(turns(events), default=-1) + 1 :]


def is_answered(events: Sequence[dict[str, Any]]) -> bool:
    """Whether something has been said to its end since then."""
    return any(event["type"] == "agent.said" and not event["interrupted"] for event in since_turn(events))
