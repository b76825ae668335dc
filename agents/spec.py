"""A team as its file describes it: checked whole when it is read."""

import re
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+$")]  # of a Python object
Voice = Literal["warm", "calm", "bright", "deep"]
Provider = Literal["auto", "local", "openai"]


class SpecError(Exception):
    """A team file cannot be used. The message names file, line, key and value, and the way out."""


class Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactSpec(Spec):
    """Something a call establishes, and how it must look. Facts travel with the caller from agent to agent."""

    type: Literal["text", "integer", "number", "date", "yes_no"] = Field(
        default="text", description="`date` is written YYYY-MM-DD, `yes_no` true or false."
    )
    description: Text = Field(description="What it is, for the model.")
    pattern: str | None = Field(default=None, description="A regular expression that a text must match as a whole.")
    minimum: float | None = Field(default=None, description="The least an integer or number may be.")
    maximum: float | None = Field(default=None, description="The most.")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern


class ToolSpec(Spec):
    """A tool of an agent, and how it runs beside the conversation. A dotted path alone means all defaults."""

    tool: Path = Field(description="Dotted path of a `@function_tool` function.")
    effect: Literal["read", "write"] = Field(
        default="read",
        description="`write` changes the world: the same decision is carried out once, and never cancelled.",
    )
    confirm: bool = Field(
        default=False,
        description="Carried out when it was read back, the caller has spoken since, and it is asked for again.",
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="Seconds after which it has failed.")
    while_running: Literal["wait", "filler", "background"] = Field(
        default="filler",
        description="`wait`: silence until it is done; `filler`: a word after a moment; `background`: the conversation "
        "goes on, the result is news.",
    )
    result: Literal["speak", "when_idle", "silent"] = Field(
        default="speak", description="Told at once, when nobody has anything else to say, or only remembered."
    )
    claims: tuple[Text, ...] = Field(
        default=(),
        description="How an agent says that it is done, such as `your return is open`. Said before the tool has done it, "
        "it is put right.",
    )


class TaskSpec(Spec):
    """A step of an agent's procedure. It is open when those in `after` are done, and it is not."""

    id: Name
    collect: tuple[Name, ...] = Field(default=(), description="Facts it needs.")
    after: tuple[Name, ...] = Field(default=(), description="Tasks of the same agent that come first.")
    done_when: Path | None = Field(
        default=None, description="Dotted path of a function of the facts that tells whether it is done."
    )
    tool: Path | None = Field(
        default=None, description="The tool that does it: offered while the task is open, and done when it succeeds."
    )
    confirm: bool = Field(default=False, description="As a tool's `confirm`, for this task's tool.")


class HandoffSpec(Spec):
    """To whom an agent may hand the caller over."""

    to: Name = Field(description="The agent who takes the caller.")
    when: Text = Field(description="The condition, in a sentence the model reads.")
    examples: tuple[Text, ...] = Field(default=(), description="What callers say who want this.")
    announce: bool = Field(default=False, description="Say so first; else the next agent simply goes on.")
    share: Annotated[str, StringConstraints(pattern=r"^(all|none|summary|last: ?[1-9]\d{0,2})$")] = Field(
        default="all",
        description="What the next agent knows of the talk: `all`, `summary`, `last: N` turns, `none`. Facts always.",
    )
    unless: Path | None = Field(
        default=None,
        description="Dotted path of a function of the facts: what it returns, if anything, is why this handoff is refused.",
    )

    @field_validator("share", mode="before")
    @classmethod
    def _written_as_mapping(cls, share: Any) -> Any:
        """`share: last: 3` would be no YAML, so `share: {last: 3}` is taken too."""
        return f"last: {share['last']}" if isinstance(share, dict) and list(share) == ["last"] else share


class AgentSpec(Spec):
    """One agent: what it is told, what it may call, to whom it may hand the caller over."""

    name: Name
    voice: Voice = Field(default="warm", description="A role; each provider's profile maps it to one of its voices.")
    instructions: Text = Field(description="A file beside the team's, or the text itself.")
    tools: tuple[ToolSpec, ...] = Field(default=(), description="Dotted paths of function tools, or mappings.")
    tasks: tuple[TaskSpec, ...] = Field(default=(), description="The procedure, in order; held outside the prompt.")
    handoffs: tuple[HandoffSpec, ...] = Field(default=(), description="Whom it may hand the caller over to.")

    @field_validator("tools", mode="before")
    @classmethod
    def _paths_alone(cls, tools: Any) -> Any:
        return (
            [{"tool": tool} if isinstance(tool, str) else tool for tool in tools] if isinstance(tools, list) else tools
        )

    @model_validator(mode="after")
    def _tasks_hang_together(self) -> Self:
        known = [task.id for task in self.tasks]
        for number, task in enumerate(self.tasks):
            if known.index(task.id) != number:
                raise ValueError(f"tasks.{number}.id: {task.id!r} is there twice; rename one.")
            if lost := [name for name in task.after if name not in known]:
                raise ValueError(f"tasks.{number}.after: there is no task {lost[0]!r}. Tasks: {', '.join(known)}.")
            if not (task.collect or task.done_when or task.tool):
                raise ValueError(f"tasks.{number}: {task.id!r} is never done; give it collect, done_when or tool.")
            if task.tool and task.tool not in {tool.tool for tool in self.tools}:
                raise ValueError(f"tasks.{number}.tool: {task.tool!r} is not among the agent's tools; add it there.")
        try:
            TopologicalSorter({task.id: task.after for task in self.tasks}).prepare()
        except CycleError as error:
            raise ValueError(f"tasks: {' -> '.join(error.args[1])} wait for one another; drop one `after`.") from error
        return self


class TeamSpec(Spec):
    """Agents who hold a call together."""

    team: Name = Field(description="Its name, in journals and logs.")
    start: Name = Field(description="Who answers.")
    model: Provider = Field(default="auto", description="`auto`: a provider whose key is set, else the embedded one.")
    facts: dict[Name, FactSpec] = Field(default={}, description="What calls establish; tasks collect these.")
    agents: dict[Name, AgentSpec] = Field(min_length=1, description="Who is in it, by name.")

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
            for number, task in enumerate(agent.tasks):
                if unknown := [name for name in task.collect if name not in self.facts]:
                    raise ValueError(
                        f"agents.{agent.name}.tasks.{number}.collect: there is no fact {unknown[0]!r}. "
                        f"Facts: {', '.join(self.facts) or 'none'}."
                    )
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
