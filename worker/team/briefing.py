"""What each agent is told it is, and how the call stands."""

from collections.abc import Mapping, Sequence

from agents import context
from agents.orchestrator import Orchestrator
from agents.references import References
from agents.spec import TeamSpec
from agents.tasks import Task
from worker.line.endpoint import Endpoint
from worker.line.link import Arms
from worker.team.toolbox import Toolbox


class Briefing:
    """`endpoints` names for each agent whose model speaks; `references` is what the call has seen, and may be pointed at.
    `today` is what agents are told of the date, `how` of how the caller is there."""

    def __init__(
        self,
        team: TeamSpec,
        endpoints: Mapping[str, tuple[Endpoint, ...]],
        toolboxes: Mapping[str, Toolbox],
        orchestrator: Orchestrator,
        references: References,
        today: str,
        how: str = "",
    ) -> None:
        self._team, self._endpoints, self._toolboxes, self._today = team, endpoints, toolboxes, today
        self._how = how
        self._orchestrator, self._references = orchestrator, references
        self.as_of_ms = 0  # of the call: the ages of things are told as they were then

    def present(self) -> Arms:
        """Of the agent who has the call."""
        orchestrator = self._orchestrator
        steps = orchestrator.procedure.open
        return self._arms(orchestrator.agent, self._state(steps), orchestrator.offered)

    def next(self) -> Sequence[Arms]:
        """Of those whom that agent may hand over to."""
        names = [handoff.to for handoff in self._team.agents[self._orchestrator.agent].handoffs]
        return [self._arms(name, self._state(()), self._orchestrator.offerable(name)) for name in names]

    def _arms(self, name: str, state: str, offered: frozenset[str]) -> Arms:
        agent, toolbox = self._team.agents[name], self._toolboxes[name]
        return Arms(
            self._orchestrator.epoch,
            context.told(agent.instructions, self._today, self._how),
            toolbox.schemas(offered),
            agent.voice,
            self._endpoints[name],
            state=state,
            every_tool=toolbox.schemas(self._orchestrator.offerable(name)),
            sees="images" in agent.sees,
            watches=agent.watches,
        )

    def _state(self, steps: Sequence[Task]) -> str:
        known = self._orchestrator
        return context.state(known.facts, steps, known.plan, self._references.told(self.as_of_ms))
