"""What a guard is: somebody who is asked whether a passage may pass, and who answers in time, or the passage does not."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.guarding import Action, Place

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """What is judged: a sentence that is about to be heard, what the caller said or wrote, or what a tool is called with.

    `before` is what came before `text` in the same message. `told`: what is known in this call, as text: what its tools
    have returned, and its facts. `text` of a tool's call is its `arguments` as JSON.
    """

    place: Place
    agent: str
    text: str
    before: str = ""
    told: Sequence[str] = ()
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a passage does not pass as it is. `why` names the kind of thing, never the thing: it goes to the journal.

    `instead`: what is said in its place (block), or stands there (rewrite). `arguments`: what a tool is called with
    instead (rewrite of a tool's call). `text`: what was found, if the team wants it kept: it goes to the journal.
    """

    guard: str
    action: Action
    why: str
    instead: str = ""
    arguments: Mapping[str, Any] | None = None
    text: str = ""


_SEVERITY: Sequence[Action] = ("warn", "rewrite", "block", "hand_over")


def gravest(findings: Sequence[Finding]) -> Finding | None:
    """The one that counts, the first of its kind; None if the passage may pass as it is."""
    worst = max(findings, key=lambda finding: _SEVERITY.index(finding.action), default=None)
    return worst if worst and worst.action != "warn" else None


class Guard(Protocol):
    """A check. `judge` may take `deadline_s`; one that takes longer, or raises, has found something to block."""

    @property
    def name(self) -> str: ...

    @property
    def places(self) -> frozenset[Place]: ...

    @property
    def deadline_s(self) -> float: ...

    async def judge(self, passage: Passage) -> Finding | None:
        """None: it may pass."""


class Panel:
    """The guards of a team, by agent. All are asked at once."""

    def __init__(self, guards: Mapping[str, Sequence[Guard]]) -> None:
        self._guards = guards

    def watches(self, place: Place, agent: str) -> bool:
        """Whether anybody is to be asked: where nobody is, nothing is held back."""
        return any(place in guard.places for guard in self._guards.get(agent, ()))

    async def judge(self, passage: Passage) -> tuple[Finding, ...]:
        """All findings, in the order of the guards; a guard that fails or is late blocks."""
        asked = [guard for guard in self._guards.get(passage.agent, ()) if passage.place in guard.places]
        found = await asyncio.gather(*(_judge(guard, passage) for guard in asked))
        return tuple(finding for finding in found if finding)


async def _judge(guard: Guard, passage: Passage) -> Finding | None:
    try:
        async with asyncio.timeout(guard.deadline_s):
            return await guard.judge(passage)
    except TimeoutError:
        return Finding(guard.name, "block", f"no verdict in {guard.deadline_s:g} s")
    except Exception as error:  # whatever is wrong with it, nothing unchecked is heard
        logger.warning("guard %s has failed: %s", guard.name, type(error).__name__)
        return Finding(guard.name, "block", f"the guard failed: {type(error).__name__}")
