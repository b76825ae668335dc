"""Reads a team file; what is wrong with it is explained by line, agent and key."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from agents.spec import SpecError, TeamSpec


def read_team(path: Path) -> TeamSpec:
    """A team with the instructions that its file names; its tools are not looked for. Raises SpecError."""
    return read_with_lines(path)[0]


def read_with_lines(path: Path) -> tuple[TeamSpec, yaml.Node]:
    """The team, and the file's nodes for `line_of`. Raises SpecError."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}. Set BATON_TEAM, or give --team, to a team file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not YAML: {error}") from error
    if not isinstance(data, dict) or root is None:
        raise SpecError(f"{path}: a team file is a mapping with `team`, `start` and `agents`.")
    try:
        return TeamSpec.model_validate(_with_instructions(path, data, root)), root
    except ValidationError as error:
        raise SpecError("\n".join(_explain(path, root, fault) for fault in error.errors())) from error


def _with_instructions(path: Path, data: dict[str, Any], root: yaml.Node) -> dict[str, Any]:
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
                    agent["instructions"] = (path.parent / told).read_text(encoding="utf-8")
                except OSError as error:
                    line = line_of(root, ["agents", str(name), "instructions"])
                    raise SpecError(
                        f"{path}:{line}: agent {name!r}, instructions: {path.parent / told}: {error.strerror}."
                    ) from error
        whole[name] = agent
    return {**data, "agents": whole}


def _explain(path: Path, root: yaml.Node, fault: Any) -> str:
    location = [str(part) for part in fault["loc"] if not str(part).startswith("[")]
    message = fault["msg"].removeprefix("Value error, ")
    if place := re.match(r"([a-z_]\w*(?:\.\w+)*): ", message):  # a rule of the whole names its place itself
        location += place[1].split(".")
        message = message[place.end() :]
    agent = f"agent {location[1]!r}, " if len(location) > 1 and location[0] == "agents" else ""
    key = ".".join(location[2:] if agent else location) or "the file"
    value = fault.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int | float | bool) and len(str(value)) < 60 else ""
    if {"env", "headers"} & set(location):
        shown = ""  # it may be a secret
    if fault["type"] == "extra_forbidden":
        message = "there is no such key. See the docs for those there are"
        shown = ""
    return f"{path}:{line_of(root, location)}: {agent}{key}: {message.rstrip('.')}{shown}."


def line_of(node: yaml.Node | None, location: list[str]) -> int:
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
