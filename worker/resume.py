"""A call goes on in another worker: as it stood when the one before was gone, and with a word to the caller."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from agents import handoff
from agents.orchestrator import OURS, Orchestrator
from agents.snapshot import Running, Snapshot
from agents.spec import TeamSpec
from worker.background import Start
from worker.journal import events as journal
from worker.journal.leases import Taken
from worker.journal.replay import Past, replay
from worker.line.memory import Said
from worker.moment import Moment
from worker.recording.recording import Recording
from worker.team.delegation import Delegation
from worker.team.tool_runs import ToolDone, ToolRuns
from worker.team.toolbox import Outcome, Toolbox
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies

logger = logging.getLogger(__name__)

UNKNOWN = (
    "Nobody knows whether this was done: the line broke while it ran. It is not done again by itself. Tell the caller so. "
    "Find out with another tool, if there is one, before anything else."
)
_SORRY = (
    "The line broke for some seconds: the caller has heard nothing of you, and you have not heard them. Say sorry for "
    "that in a few words, in their language. Then "
)


def orphan(
    events: Sequence[journal.JournalEvent],
    team: TeamSpec,
    taken: Taken,
    *,
    screens: bool = False,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> "Orphan | None":
    """None for a call that nobody has begun. `screens`: guards look at what callers say before a model answers it.

    `files` are those of the call that its pictures are in.
    """

    def share(source: str, target: str) -> str:
        agent = team.agents.get(source)
        return next((to.share for to in agent.handoffs if to.to == target), "all") if agent else "all"

    if (past := replay(events, share, screens=screens, files=files)) is None:
        return None
    try:
        snapshot = Snapshot.model_validate(taken.standing) if taken.standing else None
    except ValidationError:  # another version's: what was said is known all the same
        logger.warning("how the team stood in a call cannot be read; it begins anew")
        snapshot = None
    found = Orphan(past, snapshot, Moment.model_validate(taken.moment or {}), taken.silent_s or 0.0)
    if cut := found.cut:
        past.memory.add(Said(cut.item, "assistant", cut.text))
    return found


@dataclass(frozen=True, slots=True)
class Orphan:
    """A call as its last worker left it, which nobody has held for `gap_s` since."""

    past: Past
    snapshot: Snapshot | None
    moment: Moment
    gap_s: float

    @property
    def cut(self) -> Moment | None:
        """The message that was being heard."""
        told = {event.item for event in self.past.events if isinstance(event, journal.AgentSaid)}
        return self.moment if self.moment.text and self.moment.item not in told else None

    @property
    def in_part(self) -> frozenset[str]:
        """The tool calls of whose arguments something was not kept."""
        running = self.snapshot.running if self.snapshot else ()
        return frozenset(run.call_id for run in running if not run.whole)

    def tell(self, recording: Recording) -> None:
        """What the caller has been told of it, and that they have answered."""
        for event in self.past.events:
            match event:
                case journal.AgentSaid(text=text, interrupted=interrupted):
                    recording.heard(text, interrupted=interrupted)
                case journal.UserSaid() | journal.UserWrote() | journal.UserPressed():
                    recording.caller_spoke()

    def restore(self, orchestrator: Orchestrator, speakers: Mapping[str, object]) -> None:
        """A team that has changed meanwhile, and has no such agent any more, begins anew; it knows what was said."""
        if self.snapshot and self.snapshot.agent in speakers:
            orchestrator.restore(self.snapshot)


class Resume:
    """What the new worker does first."""

    def __init__(
        self,
        orphan: Orphan,
        orchestrator: Orchestrator,
        toolboxes: Mapping[str, Toolbox],
        tools: ToolRuns,
        delegation: Delegation,
        replies: Replies,
        *,
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._orphan, self._orchestrator, self._toolboxes = orphan, orchestrator, toolboxes
        self._tools, self._delegation, self._replies, self._record = tools, delegation, replies, record

    def go_on(self, start: Start) -> None:
        """Tells the journal, sees to the tools that ran, and has the caller spoken to."""
        orchestrator = self._orchestrator
        if cut := self._orphan.cut:
            self._record(_said(cut, orchestrator.leaving or orchestrator.agent))
        self._record(journal.CallResumed(agent=orchestrator.agent, gap_ms=round(self._orphan.gap_s * 1000)))
        running = orchestrator.snapshot().running
        again = [run for run in running if self._goes_on(run, start)]
        self._replies.want(Reason.ENTRY, _SORRY + self._next(cut, waits=bool(again)))

    def _goes_on(self, run: Running, start: Start) -> bool:
        """Runs again a tool that only reads, or that changes the world once for each decision, however often asked.

        Not with arguments of which something was not kept.
        """
        box = self._toolboxes.get(run.agent)
        rules = box.role.tools.get(run.tool) if box else None
        if rules is None:  # the team has changed meanwhile, and has no such tool any more
            self._orchestrator.tool_finished(run.call_id, "", failed=True)
        elif (rules.writes and not rules.keyed) or run.call_id in self._orphan.in_part:
            self._leave_open(run)
        else:
            background = run.call_id.startswith(OURS)
            self._tools.start(run.agent, run.call_id, run.tool, run.arguments, start, background=background)
            return True
        return False

    def _leave_open(self, run: Running) -> None:
        """It may have been done, or not: that is told, and nothing is done twice."""
        self._orchestrator.unknown(run.call_id, UNKNOWN)
        outcome = Outcome(UNKNOWN, failed=True)
        self._delegation.tool_done(ToolDone(run.agent, run.call_id, run.tool, outcome, run.call_id.startswith(OURS)))

    def _next(self, cut: Moment | None, *, waits: bool) -> str:
        if leaving := self._orchestrator.leaving:
            return handoff.entry_hint(leaving)
        if self._orphan.moment.caller_speaks or self._orphan.past.unscreened:
            return "ask them to say again what they were saying."
        if cut:
            return f'go on where you were cut off, without saying it again. They have heard this much: "{cut.text}"'
        if waits:
            return "say that you are still at it. What you have looked up comes in a moment; do not look it up again."
        if self._orphan.past.unanswered:
            return "answer what they said last, or tell what a tool has returned since then."
        return 'ask them to go on, as in "I lost you for a moment. You were saying?"'


def _said(cut: Moment, agent: str) -> journal.AgentSaid:
    """Of the message that was being heard, for the journal: its words are about those."""
    return journal.AgentSaid(agent=agent, text=cut.text, item=cut.item, heard_ms=cut.heard_ms, interrupted=True)
