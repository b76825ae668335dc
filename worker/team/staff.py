"""The agents of a call: what each of them may call, who of them has the caller, and what that one is told."""

from collections.abc import Callable, Mapping
from typing import Any

from livekit.agents import llm

from agents.orchestrator import Orchestrator
from agents.references import References
from agents.spec import AgentSpec, FactSpec, TeamSpec
from tools.context import CallContext
from worker.arrival import Arrival
from worker.journal import events as journal
from worker.line.endpoint import Endpoint
from worker.mcp.servers import McpServers
from worker.resume import Orphan
from worker.team.briefing import Briefing
from worker.team.sub_agents import SubAgents
from worker.team.text_models import TextModel
from worker.team.tool_runs import Tell, ToolEvent, ToolRuns
from worker.team.toolbox import Check, Toolbox


class Staff:
    """A call's `toolboxes` (by agent), `orchestrator`, `tools` that run, `briefing` and `sub_agents`.

    `endpoints` names for each agent whose model speaks, `text_models` what each sub-agent thinks with. `today` is what
    agents are told of the date, `references` what of the call they may be told. `make_context` gives a tool what it may
    see, `check` is asked before one is called, `put` gets what becomes of it. `orphan` is the call as another worker has
    left it, `arrival` what is known of the caller.
    """

    def __init__(
        self,
        team: TeamSpec,
        *,
        endpoints: Mapping[str, tuple[Endpoint, ...]],
        text_models: Mapping[str, TextModel],
        today: str,
        references: References,
        make_context: Callable[[str, llm.FunctionToolCall, dict[str, Any], Tell], CallContext],
        mcp: McpServers | None,
        check: Check | None,
        record: Callable[[journal.JournalEvent], None],
        put: Callable[[ToolEvent], None],
        orphan: Orphan | None,
        arrival: Arrival | None,
    ) -> None:
        self.team, self.text_models, self._make_context = team, text_models, make_context
        self.sub_agents = SubAgents(team, text_models, today, record, mcp, check)
        self.toolboxes: Mapping[str, Toolbox] = {
            name: Toolbox(agent, team.facts, list(team.speakers), self.sub_agents.asked_by(agent), mcp, check)
            for name, agent in team.speakers.items()
        }
        roles = {name: box.role for name, box in self.toolboxes.items()}
        self.orchestrator = Orchestrator(roles, team.start, team.facts)
        if orphan:
            orphan.restore(self.orchestrator, team.speakers)
        if arrival:
            self.orchestrator.facts.update(arrival.facts)
        self.tools = ToolRuns(self.toolboxes, self.context, put)
        told = arrival.told if arrival else ""
        self.briefing = Briefing(team, endpoints, self.toolboxes, self.orchestrator, references, today, told)

    def context(self, agent: str, call: llm.FunctionToolCall, tell: Tell) -> CallContext:
        """What a tool may see that an agent calls."""
        return self._make_context(agent, call, self.orchestrator.facts, tell)

    def present(self) -> tuple[str, int]:
        """Who has the caller, and since which epoch."""
        return self.orchestrator.agent, self.orchestrator.epoch

    def agent(self) -> AgentSpec:
        """Who has the caller."""
        return self.team.agents[self.orchestrator.agent]

    def wanted(self) -> list[FactSpec]:
        """What is being asked for."""
        facts, steps = self.orchestrator.facts, self.orchestrator.procedure.open
        return [self.team.facts[name] for step in steps for name in step.collect if name not in facts]

    def caller_spoke(self) -> None:
        """They took a turn."""
        self.orchestrator.caller_spoke()
        self.sub_agents.caller_spoke()
