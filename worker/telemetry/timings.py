"""How long tools and handoffs of a call take, from its journal's events in order. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from worker.journal import events as journal

Outcome = Literal["done", "failed", "unfinished"]  # unfinished: the call was over, or went to another worker


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool that ran. Times are ms since the call began. `parent` is the call id of the sub-agent that did this."""

    agent: str
    tool: str
    parent: str
    started_ms: int
    ended_ms: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Handoff:
    """Times are ms since the call began; `ended_ms`: of the target's first sound, where that is `heard`."""

    source: str
    target: str
    started_ms: int
    ended_ms: int
    outcome: Outcome
    heard: bool


Timing = ToolRun | Handoff


class Timings:
    """What an answer took that came without a run, or what another worker began, is not told."""

    def __init__(self) -> None:
        self._running: dict[str, journal.ToolCalled] = {}
        self._decided: journal.HandoffDecided | None = None
        self._entered = False  # the target has the call, and is not heard yet

    def take(self, event: journal.JournalEvent) -> Iterator[Timing]:
        """What is over with this event."""
        match event:
            case journal.ToolCalled(call_id=call_id):
                self._running[call_id] = event
            case journal.ToolFinished(call_id=call_id, at=at, failed=failed):
                if called := self._running.pop(call_id, None):
                    yield _ran(called, at, "failed" if failed else "done")
            case journal.HandoffDecided(at=at):
                yield from self._handed_over(at)
                self._decided, self._entered = event, False
            case journal.HandoffDone():
                self._entered = True
            case journal.HandoffFailed(at=at):
                yield from self._handed_over(at, failed=True)
            case journal.AgentSaid(agent=agent, item=item) if not item.startswith(journal.ANNOUNCED):
                if self._decided and self._decided.target == agent:
                    yield from self._said(event, self._decided.at)
            case _:
                pass

    def close(self, at_ms: int) -> Iterator[Timing]:
        """Nothing more happens here: what is not over."""
        yield from self._handed_over(at_ms)
        for called in self._running.values():
            yield _ran(called, at_ms, "unfinished")
        self._running.clear()

    def _said(self, said: journal.AgentSaid, decided_ms: int) -> Iterator[Timing]:
        """The target's first message; it is recorded when it is over. It may have said something before, as well."""
        if said.started_ms is None:
            yield from self._handed_over(said.at)
        elif said.started_ms >= decided_ms:
            self._entered = True
            yield from self._handed_over(said.started_ms, heard=True)

    def _handed_over(self, at_ms: int, *, failed: bool = False, heard: bool = False) -> Iterator[Timing]:
        decided, self._decided = self._decided, None
        if decided:
            outcome: Outcome = "failed" if failed else "done" if self._entered else "unfinished"
            yield Handoff(decided.source, decided.target, decided.at, at_ms, outcome, heard)


def _ran(called: journal.ToolCalled, at_ms: int, outcome: Outcome) -> ToolRun:
    return ToolRun(called.agent, called.tool, called.parent, called.at, at_ms, outcome)
