"""A memory that has outgrown its budget: a summary is made of the oldest of it, and takes its place."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agents.orchestrator import Orchestrator
from worker.background import Start
from worker.journal import events as journal
from worker.line.line import Line
from worker.line.memory import Outgrown
from worker.team.briefing import Briefing
from worker.team.delegation import Delegation


@dataclass(frozen=True, slots=True)
class Summarised:
    """There is a summary for what has outgrown the model's memory."""

    outgrown: Outgrown
    summary: str


class Summarising:
    """`shorten` summarises what is given as (role, text); it takes its time, and never raises. `put` gets `Summarised`,
    which comes back by `ready`. Call `watch` when nobody speaks. `now_ms` is how old the call is."""

    def __init__(
        self,
        line: Line,
        orchestrator: Orchestrator,
        briefing: Briefing,
        delegation: Delegation,
        *,
        shorten: Callable[[Sequence[tuple[str, str]]], Awaitable[str]],
        now_ms: Callable[[], int],
        record: Callable[[journal.JournalEvent], None],
        put: Callable[[Summarised], None],
    ) -> None:
        self._line, self._orchestrator, self._briefing, self._delegation = line, orchestrator, briefing, delegation
        self._shorten, self._now_ms, self._record, self._put = shorten, now_ms, record, put
        self._running = False
        self._ready: Summarised | None = None  # waits for a quiet moment

    def ready(self, summarised: Summarised) -> None:
        self._ready = summarised

    def watch(self, start: Start) -> None:
        if (ready := self._ready) and not self._orchestrator.switching:
            self._ready, self._running = None, False
            if sizes := self._line.compact(ready.outgrown, ready.summary):
                before, after = sizes
                items = len(ready.outgrown.items)
                self._record(journal.MemoryCompacted(items=items, tokens_before=before, tokens_after=after))
                self._briefing.as_of_ms = self._now_ms()  # the provider reads all anew, so it may read new ages
                self._delegation.rearm()
        elif not self._running and (outgrown := self._line.outgrown()):
            self._running = True
            start(self._summarise(outgrown))

    async def _summarise(self, outgrown: Outgrown) -> None:
        self._put(Summarised(outgrown, await self._shorten(outgrown.turns)))
