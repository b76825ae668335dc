"""A team as its file describes it: read once, checked whole, and wrong files explained by line, agent and key."""

import importlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from livekit.agents import llm
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from agents import handoff

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Voice = Literal["warm", "calm", "bright", "deep"]
Provider = Literal["auto", "local", "openai"]


class SpecError(Exception):
    """A team file cannot be used. The message names file, line, key and value, and the way out."""


class Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HandoffSpec(Spec):
    """To whom an agent may hand the caller over."""

    to: Name = Field(description="The agent who takes the caller.")
    when: Text = Field(description="The condition, in a sentence the model reads.")
    examples: tuple[Text, ...] = Field(default=(), description="What callers say who want this.")
    announce: bool = Field(default=False, description="Say so first; else the next agent simply goes on.")


class AgentSpec(Spec):
    """One agent: what it is told, what it may call, to whom it may hand the caller over."""

    name: Name
    voice: Voice = Field(default="warm", description="A role; each provider's profile maps it to one of its voices.")
    instructions: Text = Field(description="A file beside the team's, or the text itself.")
    tools: tuple[Text, ...] = Field(default=(), description="Dotted paths of function tools.")
    handoffs: tuple[HandoffSpec, ...] = ()


class TeamSpec(Spec):
    """Agents who hold a call together."""

    team: Name
    start: Name = Field(description="Who answers.")
    model: Provider = Field(default="auto", description="`auto`: a provider whose key is set, else the embedded one.")
    agents: dict[Name, AgentSpec] = Field(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        known = ", ".join(self.agents)
        if self.start not in self.agents:
            raise ValueError(f"start: there is no agent {self.start!r}. Agents: {known}.")
        for agent in self.agents.values():
            targets = [to.to for to in agent.handoffs]
            for number, target in enumerate(targets):
                where = f"agents.{agent.name}.handoffs.{number}.to"
                if target not in self.agents:
                    raise ValueError(f"{where}: there is no agent {target!r}. Agents: {known}.")
                if target == agent.name:
                    raise ValueError(f"{where}: {target!r} cannot hand over to itself.")
                if target in targets[:number]:
                    raise ValueError(f"{where}: {target!r} is there twice; join the two.")
        if lost := set(self.agents) - self._reachable():
            name = min(lost)
            raise ValueError(f"agents.{name}: nobody hands over to {name!r}, and it does not start.")
        return self

    def _reachable(self) -> set[str]:
        found, new = set[str](), {self.start}
        while new:
            found |= new
            new = {to.to for name in new for to in self.agents[name].handoffs} - found
        return found


def load_team(path: Path) -> TeamSpec:
    """Reads a team file, its instructions and the names of its tools. Raises SpecError."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}. Set BATON_TEAM, or give --team, to a team file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not YAML: {error}") from error
    if not isinstance(data, dict):
        raise SpecError(f"{path}: a team file is a mapping with `team`, `start` and `agents`.")
    try:
        team = TeamSpec.model_validate(_with_instructions(data, path.parent))
    except ValidationError as error:
        raise SpecError("\n".join(_explain(path, root, fault) for fault in error.errors())) from error
    for agent in team.agents.values():
        for number, tool in enumerate(agent.tools):
            try:
                load_tool(tool)
            except SpecError as error:
                line = _line(root, ["agents", agent.name, "tools", str(number)])
                raise SpecError(f"{path}:{line}: agent {agent.name!r}, tools: {error}") from error
        load_tools(agent)
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


def _with_instructions(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The file's data, with each agent's name in it, and with text where a file of instructions is named."""
    agents = data.get("agents")
    if not isinstance(agents, dict):
        return data
    whole = {}
    for name, agent in agents.items():
        if isinstance(agent, dict):
            agent = {**agent, "name": name}
            told = agent.get("instructions")
            if isinstance(told, str) and told.endswith(".md") and "\n" not in told:
                try:
                    agent["instructions"] = (folder / told).read_text(encoding="utf-8")
                except OSError as error:
                    raise SpecError(f"agent {name!r}, instructions: {folder / told}: {error.strerror}.") from error
        whole[name] = agent
    return {**data, "agents": whole}


def _explain(path: Path, root: yaml.Node | None, fault: Any) -> str:
    location = [str(part) for part in fault["loc"] if part != "[key]"]
    message = fault["msg"].removeprefix("Value error, ")
    if not location and ": " in message:  # a rule of the whole names its place itself
        key, _, message = message.partition(": ")
        location = key.split(".")
    agent = f"agent {location[1]!r}, " if len(location) > 1 and location[0] == "agents" else ""
    key = ".".join(location[2:] if agent else location) or "the file"
    value = fault.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int | float | bool) and len(str(value)) < 60 else ""
    if fault["type"] == "extra_forbidden":
        message = "there is no such key. See the docs for those there are"
        shown = ""
    return f"{path}:{_line(root, location)}: {agent}{key}: {message.rstrip('.')}{shown}."


def _line(node: yaml.Node | None, location: list[str]) -> int:
    """The line of the value at `location`, or of the nearest thing above it; from 1."""
    line = 1
    for part in location:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == part), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            return line
    return line
