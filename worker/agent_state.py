"""What clients are shown of the agent: whether it listens, thinks or speaks, who it is, what it looks at, and the plan."""

from collections.abc import Callable

from agents.orchestrator import Orchestrator
from agents.plan import Step
from agents.showing import Source
from agents.spec import TeamSpec
from worker.journal import events as journal
from worker.room.outbox import AGENT, MUTED, SEES, STATE, Outbox
from worker.side_talk import SideTalk
from worker.turns.silence import Silence


class AgentState:
    """As attributes of our participant, and the plan as an event. An agent that is muted is idle, and looks at nothing."""

    def __init__(
        self,
        team: TeamSpec,
        orchestrator: Orchestrator,
        silence: Silence,
        side_talk: SideTalk,
        outbox: Outbox,
        *,
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._team, self._orchestrator, self._silence, self._side_talk = team, orchestrator, silence, side_talk
        self._outbox, self._record = outbox, record
        self._plan: tuple[Step, ...] = ()  # as it is shown

    @property
    def watches(self) -> frozenset[Source]:
        """What of the caller's the present agent looks at all the time."""
        return frozenset() if self._side_talk.on else self._team.agents[self._orchestrator.agent].watches

    def show(self) -> None:
        muted, agent = self._side_talk.on, self._orchestrator.agent
        state, sees = "idle" if muted else self._silence.state, " ".join(sorted(self.watches))
        self._outbox.attributes({STATE: state, AGENT: agent, MUTED: "true" if muted else "", SEES: sees})

    def show_plan(self) -> None:
        """If it is another."""
        if (steps := self._orchestrator.plan) != self._plan:
            self._plan = steps
            shown = tuple(journal.PlanStep(wish=step.wish, agent=step.agent, state=step.state) for step in steps)
            self._record(journal.PlanChanged(steps=shown))
