"""What is wrong with a team file, as sentences: faults that stop a call, and what a reader of it would stumble over."""

import re
from pathlib import Path

from agents import handoff, sub_agent
from agents.loader import load_team, load_tool, tool_name
from agents.spec import AgentSpec, SpecError

_TOOL = re.compile(r"`([a-z][a-z0-9_]*)`|\b(transfer_to_[a-z0-9_]+)")  # how instructions name a tool
_CONFIRM = re.compile(r"(?i)\bconfirm first\b")


def check(path: Path) -> list[str]:
    """The problems of a team file, none when it is good. Imports the modules of its tools."""
    try:
        team = load_team(path)
    except SpecError as error:
        return str(error).splitlines()
    every = {name for agent in team.agents.values() for name in _offered(agent)}
    unasked = [
        f"{path}: agent {agent.name!r}, tools: {tool.tool!r} says `Confirm first.`, but a sub-agent cannot ask for a yes. "
        "Give it to the agent who holds the call."
        for agent in team.sub_agents.values()
        for tool in agent.tools
        if tool.tool and _CONFIRM.search(load_tool(tool.tool).info.description or "")
    ]
    return unasked + [
        f"{path}: agent {agent.name!r}, instructions: they name {name!r}, which this agent has not got. "
        "Add it to the agent's tools or handoffs, or leave it out."
        for agent in team.agents.values()
        for name in sorted(_named(agent.instructions, every) - _offered(agent))
    ]


def _offered(agent: AgentSpec) -> set[str]:
    tools = {tool_name(tool) for tool in agent.tools}
    asked = {sub_agent.tool_name(use.agent) for use in agent.agents}
    return tools | asked | {handoff.tool_name(to.to) for to in agent.handoffs}


def _named(instructions: str, every: set[str]) -> set[str]:
    """Tools of the team by their bare names, and whatever is written as one."""
    written = {quoted or transfer for quoted, transfer in _TOOL.findall(instructions)}
    words = set(re.findall(r"[a-z][a-z0-9_]*", instructions))
    return written | {name for name in every & words if "_" in name}
