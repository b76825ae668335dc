"""Tries the providers of a team with what its first agent is: its instructions and tools, as a call would send them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from agents import context, sub_agent
from agents.orchestrator import Orchestrator
from agents.spec import TeamSpec
from worker.line.endpoint import missing_variable, orders, reach
from worker.line.profile import LOCAL
from worker.line.trial import Trial, try_out
from worker.mcp.servers import McpServers
from worker.settings import Settings, SettingsError, variables
from worker.team.toolbox import Toolbox


async def tried(settings: Settings, team: TeamSpec) -> AsyncIterator[Trial]:
    """One trial a provider in use; of one without a key that it has none. The embedded model is no matter of keys."""
    names = dict.fromkeys(name for order in orders(settings, team).values() for name in order if name != LOCAL.provider)
    schemas = _tools(team) if names else ()
    agent = team.agents[team.start]
    told = context.told(agent.instructions, f"{datetime.now():%A %d %B %Y}")
    for name in names:
        if missing := missing_variable(name, settings):
            yield Trial(True, f"{name}: not tried, {missing} is not set.")
            continue
        try:
            endpoint = reach(name, settings, team)
            if endpoint.azure and endpoint.azure.token:
                await asyncio.to_thread(endpoint.azure.token.sign_in)
        except SettingsError as error:
            yield Trial(False, f"{name}: {error}")
            continue
        yield await try_out(endpoint, told, schemas, agent.voice)


def _tools(team: TeamSpec) -> tuple[Mapping[str, Any], ...]:
    """All that the first agent may be offered, its sub-agents as the tools they are."""
    speakers = list(team.speakers)
    with McpServers(team.mcp, variables()) as mcp:
        boxes = {name: Toolbox(agent, team.facts, speakers, mcp=mcp) for name, agent in team.speakers.items()}
        roles = {name: box.role for name, box in boxes.items()}
        offered = boxes[team.start].schemas(Orchestrator(roles, team.start, team.facts).offerable(team.start))
    asked = (team.agents[use.agent] for use in team.agents[team.start].agents)
    return (*offered, *({"type": "function", **sub_agent.schema(one.name, one.description or "")} for one in asked))
