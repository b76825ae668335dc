"""The line to the model is lost or moves, or its provider refuses an agent's settings: who is told, and what is done."""

from collections.abc import Callable

from worker.background import Start
from worker.gate.listening import Listening
from worker.journal import events as journal
from worker.line.events import ArmRefused, LineLost, LineMoved, Move
from worker.line.line import Line
from worker.outage import Outage
from worker.people import People
from worker.team.delegation import Delegation
from worker.turns.floor import Floor
from worker.turns.replies import Replies


class LineChanges:
    """`part` ends the call with last words in the voice that needs no provider, when no line will come any more.

    `listening` is there where guards listen to the caller. Times are seconds on `clock`.
    """

    def __init__(
        self,
        line: Line,
        outage: Outage,
        floor: Floor,
        replies: Replies,
        delegation: Delegation,
        people: People,
        *,
        listening: Listening | None,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
        part: Callable[[Start, str], object],
    ) -> None:
        self._outage, self._floor, self._replies, self._delegation = outage, floor, replies, delegation
        self._people, self._listening, self._clock = people, listening, clock
        self._record, self._part = record, part
        self._provider = line.profile.provider
        self._lost_at: float | None = None

    def refused(self, event: ArmRefused) -> None:
        """It undoes a handoff, or nothing comes of it."""
        if not self._delegation.not_begun(event.epoch, event.message):
            detail = f"The provider refused an agent's settings: {event.message}"
            self._record(journal.CallWarned(code="line.refused", detail=detail))

    def lost(self, event: LineLost, start: Start) -> None:
        self._record(journal.LineLost(reason=event.reason, final=event.final))
        if event.final:
            self._part(start, f"the model is out of reach: {event.reason}")
            return
        self._lost_at = self._clock()
        self._outage.lost()
        self._floor.line_lost()
        if self._listening:
            self._listening.lost()
        self._replies.line_lost()

    def moved(self, moved: LineMoved) -> None:
        self._people.moved()
        if self._lost_at is not None:
            self._record(journal.LineRestored(gap_ms=round((self._clock() - self._lost_at) * 1000)))
            self._lost_at = None
            self._floor.retold()
        if moved.why is not Move.LOST or moved.provider != self._provider:
            switched = journal.LineSwitched(provider=moved.provider, model=moved.model, why=moved.why.value)
            self._record(switched)
        self._provider = moved.provider
