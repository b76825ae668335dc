"""A team ready to work: its file, and the tools that it names."""

import importlib
from pathlib import Path
from typing import Any

from livekit.agents import llm

from agents import handoff
from agents.spec import AgentSpec, SpecError, TeamSpec
from agents.team_file import line_of, read_with_lines


def load_team(path: Path) -> TeamSpec:
    """Reads a team file, and finds all its tools. Raises SpecError."""
    team, root = read_with_lines(path)
    for agent in team.agents.values():
        for number, tool in enumerate(agent.tools):
            where = ["agents", agent.name, "tools", str(number)]
            try:
                load_tool(tool)
            except SpecError as error:
                raise SpecError(f"{path}:{line_of(root, where)}: agent {agent.name!r}, tools: {error}") from error
        try:
            load_tools(agent)
        except SpecError as error:
            raise SpecError(f"{path}:{line_of(root, ['agents', agent.name, 'tools'])}: {error}") from error
    return team


def load_tools(agent: AgentSpec) -> list[llm.Tool | llm.Toolset]:
    """An agent's function tools. Raises SpecError when two of them bear one name."""
    tools = [load_tool(path) for path in agent.tools]
    names = [tool.info.name for tool in tools]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SpecError(f"agent {agent.name!r}, tools: two are called {min(twice)!r}; rename one.")
    return [*tools]


def load_tool(path: str) -> llm.FunctionTool[..., Any]:
    """The function tool at a dotted path. Raises SpecError."""
    module, _, name = path.rpartition(".")
    try:
        tool = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SpecError(f"{path!r} cannot be found ({error}). Write `package.module.function`.") from error
    if not isinstance(tool, llm.FunctionTool):
        raise SpecError(f"{path!r} is no tool. Decorate the async function with @function_tool.")
    if not tool.info.description:
        raise SpecError(f"{path!r} has no docstring; the model reads there when to call it.")
    if handoff.target(tool.info.name) is not None:
        raise SpecError(f"{path!r} may not be called {tool.info.name!r}: such names are handoffs.")
    return tool
