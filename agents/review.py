"""What in a good team file would make its agents stumble: each as a sentence with line, agent, value and the way out."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import yaml
from livekit.agents import llm

from agents import handoff, sub_agent
from agents.loader import load_predicate, load_tool, tool_name
from agents.spec import AgentSpec, TeamSpec
from agents.team_file import line_of
from agents.tool_spec import ToolSpec

_TOOL = re.compile(r"`([a-z][a-z0-9_]*)`|\b(transfer_to_[a-z0-9_]+)")  # how instructions name a tool
_CONFIRM = re.compile(r"(?i)\bconfirm first\b")


def review(path: Path, team: TeamSpec, root: yaml.Node) -> list[str]:
    """`root`: the file's nodes, for the lines. The team's tools have been found before."""
    found = [
        *_strange_tools(team),
        *_unasked(team),
        *_same_examples(team),
        *_undescribed_parameters(team),
        *_idle_facts(team),
    ]
    return [f"{path}:{line_of(root, key.split('.'))}: {problem}" for key, problem in found]


def _strange_tools(team: TeamSpec) -> Iterator[tuple[str, str]]:
    every = {name for agent in team.agents.values() for name in _offered(agent)}
    for agent in team.agents.values():
        for name in sorted(_named(agent.instructions, every) - _offered(agent)):
            yield (
                f"agents.{agent.name}.instructions",
                f"agent {agent.name!r}, instructions: they name {name!r}, which this agent has not got. "
                "Add it to the agent's tools or handoffs, or leave it out.",
            )


def _unasked(team: TeamSpec) -> Iterator[tuple[str, str]]:
    for agent in team.sub_agents.values():
        for number, tool in enumerate(agent.tools):
            if tool.tool and _CONFIRM.search(load_tool(tool.tool).info.description or ""):
                yield (
                    f"agents.{agent.name}.tools.{number}",
                    f"agent {agent.name!r}, tools: {tool.tool!r} says `Confirm first.`, but a sub-agent cannot ask for a "
                    "yes. Give it to the agent who holds the call.",
                )


def _same_examples(team: TeamSpec) -> Iterator[tuple[str, str]]:
    """Who chooses by examples cannot tell two handoffs apart."""
    for agent in team.agents.values():
        first = dict[frozenset[str], str]()
        for number, to in enumerate(agent.handoffs):
            if not (said := frozenset(example.casefold() for example in to.examples)):
                continue
            if said in first:
                yield (
                    f"agents.{agent.name}.handoffs.{number}.examples",
                    f"agent {agent.name!r}, handoffs.{number}.examples: the handoff to {to.to!r} has the same examples as "
                    f"the one to {first[said]!r}, so that nobody can choose. Say what only callers for {to.to!r} say.",
                )
            first.setdefault(said, to.to)


def _undescribed_parameters(team: TeamSpec) -> Iterator[tuple[str, str]]:
    for agent in team.agents.values():
        for number, spec in enumerate(agent.tools):
            for name, told in _parameters(spec).items():
                if not told.get("description"):
                    yield (
                        f"agents.{agent.name}.tools.{number}",
                        f"agent {agent.name!r}, tools.{number}: the parameter {name!r} of {spec.ref!r} has no description; "
                        'the model asks for it by that. Write Annotated[…, Field(description="…")], or `Args:` in the '
                        "docstring.",
                    )


def _idle_facts(team: TeamSpec) -> Iterator[tuple[str, str]]:
    used = set[str]()
    for agent in team.agents.values():
        used |= {name for task in agent.tasks for name in task.collect}
        used |= {name for spec in agent.tools for name in _parameters(spec)}
        used |= {name for spec in agent.tools if spec.tool for name in _constants(_code(load_tool(spec.tool)))}
        predicates = [*(task.done_when for task in agent.tasks), *(to.unless for to in agent.handoffs)]
        used |= {name for path in predicates if path for name in _constants(_code(load_predicate(path)))}
        used |= set(re.findall(r"\w+", agent.instructions))
    for name in team.facts:
        if name not in used:
            yield (
                f"facts.{name}",
                f"facts.{name}: no task collects {name!r}, and no tool, function or instruction names it. "
                "Name it in a task's `collect`, or leave it out.",
            )


def _offered(agent: AgentSpec) -> set[str]:
    tools = {tool_name(tool) for tool in agent.tools}
    asked = {sub_agent.tool_name(use.agent) for use in agent.agents}
    return tools | asked | {handoff.tool_name(to.to) for to in agent.handoffs}


def _named(instructions: str, every: set[str]) -> set[str]:
    """Tools of the team by their bare names, and whatever is written as one."""
    written = {quoted or transfer for quoted, transfer in _TOOL.findall(instructions)}
    words = set(re.findall(r"[a-z][a-z0-9_]*", instructions))
    return written | {name for name in every & words if "_" in name}


def _parameters(spec: ToolSpec) -> dict[str, Any]:
    """Of a function; what an MCP server's tool takes is not known here."""
    if not spec.tool:
        return {}
    schema = llm.utils.build_legacy_openai_schema(load_tool(spec.tool), internally_tagged=True)
    found: dict[str, Any] = schema["parameters"].get("properties", {})
    return found


def _code(function: Any) -> CodeType | None:
    while wrapped := getattr(function, "__wrapped__", None) or getattr(function, "_func", None):
        function = wrapped
    return getattr(function, "__code__", None)


def _constants(code: CodeType | None) -> Iterator[str]:
    """The texts in a function, those in its inner functions too: how it names facts."""
    for constant in code.co_consts if code else ():
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)
