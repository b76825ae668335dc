"""A team ready to work: its file, and the tools that it names."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from livekit.agents import llm

from agents import handoff, plan, sub_agent
from agents.consent import with_consent
from agents.guarding import GuardSpec
from agents.orchestrator import NOTE, STOP
from agents.recording import CONSENT
from agents.spec import AgentSpec, SpecError, TeamSpec
from agents.team_file import line_of, read_with_lines
from agents.tool_spec import ToolSpec
from tools.context import CallContext
from tools.database import Database

Promise = Callable[[CallContext], Coroutine[Any, Any, str | None]]


def load_team(path: Path) -> TeamSpec:
    """Reads a team file, and finds all its tools, in modules beside the file too. Raises SpecError."""
    team, root = read_with_lines(path)
    if (folder := str(path.resolve().parent)) not in sys.path:
        sys.path.append(folder)  # at the end: a module beside a team file takes the place of no other
    if team.prepare:
        try:
            _preparation(team.prepare)
        except SpecError as error:
            raise SpecError(f"{path}:{line_of(root, ['prepare'])}: prepare: {error}") from error
    promises = {"when_unreachable": team.when_unreachable, "when_person_needed": team.when_person_needed}
    for key, promise in promises.items():
        try:
            if promise:
                load_promise(promise)
        except SpecError as error:
            raise SpecError(f"{path}:{line_of(root, [key])}: {key}: {error}") from error
    _check_guards(path, team, root)
    for agent in team.agents.values():
        for number, tool in enumerate(agent.tools):
            where = ["agents", agent.name, "tools", str(number), "mcp" if tool.mcp else "tool"]
            try:
                tool_name(tool)
            except SpecError as error:
                raise SpecError(f"{path}:{line_of(root, where)}: agent {agent.name!r}, tools: {error}") from error
        for key, path_of in _predicates(agent):
            try:
                load_predicate(path_of)
            except SpecError as error:
                where = ["agents", agent.name, *key.split(".")]
                raise SpecError(f"{path}:{line_of(root, where)}: agent {agent.name!r}, {key}: {error}") from error
        try:
            load_tools(agent)
        except SpecError as error:
            raise SpecError(f"{path}:{line_of(root, ['agents', agent.name, 'tools'])}: {error}") from error
    try:
        return with_consent(team)
    except SpecError as error:
        raise SpecError(f"{path}:{line_of(root, ['facts', CONSENT])}: {error}") from error


async def prepare(team: TeamSpec, database: Database, today: date) -> None:
    """Makes what the team's tools need before the first call."""
    if team.prepare:
        await _preparation(team.prepare)(database, today)


def load_tools(agent: AgentSpec) -> list[llm.Tool | llm.Toolset]:
    """An agent's function tools. Raises SpecError when two of its tools bear one name, or one that of a sub-agent's."""
    names = [*map(tool_name, agent.tools), *(sub_agent.tool_name(use.agent) for use in agent.agents)]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SpecError(
            f"agent {agent.name!r}, tools: two are called {min(twice)!r}; rename one, an MCP tool by `name`."
        )
    return [load_tool(spec.tool) for spec in agent.tools if spec.tool]


def tool_name(spec: ToolSpec) -> str:
    """What the model calls a tool. Raises SpecError when it cannot, or may not."""
    name = load_tool(spec.tool).info.name if spec.tool else spec.name or spec.ref.partition(".")[2]
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name):
        raise SpecError(f"{spec.ref!r} is no name a model can call. Give it another one by `name`.")
    if handoff.target(name) is not None or name in (NOTE, STOP, plan.MAKE, plan.SETTLE):
        raise SpecError(f"{spec.ref!r} may not be called {name!r}: that name is ours. Rename it.")
    return name


def load_predicate(path: str) -> Callable[[Mapping[str, Any]], object]:
    """The function of the facts at a dotted path. Raises SpecError."""
    found = _at(path)
    if not callable(found):
        raise SpecError(f"{path!r} is no function; it is called with the facts, a mapping.")
    if inspect.iscoroutinefunction(found):
        raise SpecError(f"{path!r} is async; it is called in passing, so write `def` and look at the facts alone.")
    try:
        inspect.signature(found).bind({})
    except TypeError as error:
        raise SpecError(f"{path!r} cannot be called with the facts alone: {error}. Give it one parameter.") from error
    return found  # type: ignore[no-any-return]  # what it is, its first call tells


def load_promise(path: str) -> Promise:
    """What is asked for a sentence to the caller when no agent can go on, at a dotted path. Raises SpecError."""
    found = _at(path)
    if not inspect.iscoroutinefunction(found):
        raise SpecError(
            f"{path!r} is no async function; it is called with a CallContext, and returns a sentence or None."
        )
    try:
        inspect.signature(found).bind(None)
    except TypeError as error:
        raise SpecError(
            f"{path!r} cannot be called with a CallContext alone: {error}. Give it one parameter."
        ) from error
    return found  # type: ignore[no-any-return]  # what it is, its first call tells


def load_guard(path: str) -> Callable[[Any], Any]:
    """The function of a passage at a dotted path, async or not. Raises SpecError."""
    found = _at(path)
    if not callable(found):
        raise SpecError(f"{path!r} is no function; it is called with a Passage.")
    try:
        inspect.signature(found).bind(None)
    except TypeError as error:
        raise SpecError(f"{path!r} cannot be called with a Passage alone: {error}. Give it one parameter.") from error
    return found  # type: ignore[no-any-return]  # what it is, its first call tells


def load_tool(path: str) -> llm.FunctionTool[..., Any]:
    """The function tool at a dotted path. Raises SpecError."""
    tool = _at(path)
    if not isinstance(tool, llm.FunctionTool):
        raise SpecError(f"{path!r} is no tool. Decorate the async function with @function_tool.")
    if not tool.info.description:
        raise SpecError(f"{path!r} has no docstring; the model reads there when to call it.")
    return tool


def _at(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SpecError(f"{path!r} cannot be found ({error}). Write `package.module.function`.") from error


def _check_guards(path: Path, team: TeamSpec, root: Any) -> None:
    """Finds the functions of guards. Raises SpecError."""
    lists: list[tuple[list[str], str, tuple[GuardSpec, ...]]] = [([], "", team.guards)]
    lists += [(["agents", agent.name], f"agent {agent.name!r}, ", agent.guards) for agent in team.agents.values()]
    for above, whose, guards in lists:
        for number, guard in enumerate(guards):
            if guard.python:
                try:
                    load_guard(guard.python)
                except SpecError as error:
                    line = line_of(root, [*above, "guards", str(number), "python"])
                    raise SpecError(f"{path}:{line}: {whose}guards: {guard.name!r}: {error}") from error


def _preparation(path: str) -> Callable[[Database, date], Coroutine[Any, Any, None]]:
    found = _at(path)
    if not inspect.iscoroutinefunction(found):
        raise SpecError(f"{path!r} is no async function; it is called with the database and today's date.")
    return found  # type: ignore[no-any-return]  # what it is, its first call tells


def _predicates(agent: AgentSpec) -> list[tuple[str, str]]:
    """Where an agent names a function of the facts: (key, dotted path)."""
    tasks = [(f"tasks.{number}.done_when", task.done_when) for number, task in enumerate(agent.tasks)]
    handoffs = [(f"handoffs.{number}.unless", to.unless) for number, to in enumerate(agent.handoffs)]
    return [(key, path) for key, path in [*tasks, *handoffs] if path]
