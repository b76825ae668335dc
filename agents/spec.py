"""A team as its file describes it: checked whole when it is read."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from agents.announcements import AnnouncementsSpec
from agents.background import BackgroundSpec
from agents.guarding import GuardSpec, names_alone, of_agent, twice
from agents.limits import LimitsSpec
from agents.memory import MemorySpec
from agents.people import Linked
from agents.providers import ProvidersSpec
from agents.recording import RecordingSpec
from agents.redaction import DigitsSpec, RedactionSpec
from agents.showing import SOURCES, Sees, ShowingSpec, Source
from agents.showing import listed as sees_listed
from agents.strict import Name, Path, Spec, Text
from agents.telephone import TelephoneSpec
from agents.text_model import BudgetSpec, TextModelSpec
from agents.tool_spec import McpSpec, SubAgentSpec, ToolSpec
from agents.turn_taking import Interruptions, TurnTakingSpec

Voice = Literal["warm", "calm", "bright", "deep"]
Provider = Literal["auto", "local", "openai", "azure", "gemini"]
Order = tuple[Provider, ...]  # whose model holds the calls, and who stands in for it
NESTING = 3  # sub-agents below who holds the call; each level multiplies what a wish may cost, and how long it takes


class SpecError(Exception):
    """A team file cannot be used. The message names file, line, key and value, and the way out."""


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


class TaskSpec(Spec):
    """A step of an agent's procedure. It is open when those in `after` are done, and it is not."""

    id: Name
    collect: tuple[Name, ...] = Field(default=(), description="Facts it needs.")
    after: tuple[Name, ...] = Field(default=(), description="Tasks of the same agent that come first.")
    done_when: Path | None = Field(
        default=None,
        description="Dotted path of a function of the facts that tells whether it is done, however it came about.",
    )
    tool: Text | None = Field(
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


def _kind_of_model(given: Any) -> str:
    return "[mapping]" if isinstance(given, dict | TextModelSpec) else "[order]"  # brackets: no key of the file


class AgentSpec(Spec):
    """One agent: what it is told, what it may call, to whom it may hand the caller over."""

    name: Name
    voice: Voice = Field(default="warm", description="A role; each provider's profile maps it to one of its voices.")
    instructions: Text = Field(description="A file beside the team's, or the text itself.")
    interruptions: Interruptions = Field(
        default="free",
        description="What a caller's turn does to what it is saying: `free`: it is cut off; `polite`: it finishes its "
        "sentence; `none`: it is heard to its end, and answers then.",
    )
    must_hear: tuple[Text, ...] = Field(
        default=(),
        description="Words of legal notices: a sentence that has them in it is heard to its end, whatever the caller does.",
    )
    sees: tuple[Sees, ...] = Field(
        default=("images",),
        description="What it looks at: `images` that callers send, their `camera`, their `screen`; one, or a list. `[]`: it "
        "knows that something was shown, and is not billed for pictures.",
    )
    tools: tuple[ToolSpec, ...] = Field(default=(), description="Dotted paths of function tools, or mappings.")
    tasks: tuple[TaskSpec, ...] = Field(default=(), description="The procedure, in order; held outside the prompt.")
    handoffs: tuple[HandoffSpec, ...] = Field(default=(), description="Whom it may hand the caller over to.")
    agents: tuple[SubAgentSpec, ...] = Field(
        default=(), description="Names of sub-agents that it may ask, or mappings."
    )
    description: Text | None = Field(
        default=None, description="Of a sub-agent: what it does, for the model of the agent that asks it."
    )
    model: (
        Annotated[
            Annotated[Order, Tag("[order]")] | Annotated[TextModelSpec, Tag("[mapping]")], Discriminator(_kind_of_model)
        ]
        | None
    ) = Field(
        default=None,
        description="Whose model speaks for it, as the team's `model`, which it is when null; of a sub-agent, see below.",
    )
    budget: BudgetSpec = Field(default=BudgetSpec(), description="Of a sub-agent. See below.")
    timeout_s: float = Field(
        default=60.0, gt=0, le=600, description="Of a sub-agent: seconds after which it has failed."
    )

    guards: tuple[GuardSpec, ...] = Field(
        default=(), description="Guards beside the team's: names of built-in ones, or mappings."
    )
    without_guards: tuple[Name, ...] = Field(default=(), description="Guards of the team that this agent does without.")

    @field_validator("guards", mode="before")
    @classmethod
    def _guards_alone(cls, guards: Any) -> Any:
        return names_alone(guards)

    @field_validator("sees", mode="before")
    @classmethod
    def _sees_alone(cls, sees: Any) -> Any:
        return sees_listed(sees)

    @property
    def watches(self) -> frozenset[Source]:
        """What of the caller's it looks at all the time."""
        return frozenset(source for source in SOURCES if source in self.sees)

    @field_validator("tools", mode="before")
    @classmethod
    def _paths_alone(cls, tools: Any) -> Any:
        return _keyed("tool", tools)

    @field_validator("agents", mode="before")
    @classmethod
    def _names_alone(cls, agents: Any) -> Any:
        return _keyed("agent", agents)

    @field_validator("model", mode="before")
    @classmethod
    def _provider_alone(cls, model: Any) -> Any:
        return {"provider": model} if model == "google" else _listed(model)

    @property
    def text_model(self) -> TextModelSpec:
        """What it thinks with, if it is a sub-agent."""
        if isinstance(self.model, TextModelSpec):
            return self.model
        return TextModelSpec.model_validate({"provider": self.model[0]} if self.model else {})

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
            if task.tool and task.tool not in {tool.ref for tool in self.tools}:
                raise ValueError(f"tasks.{number}.tool: {task.tool!r} is not among the agent's tools; add it there.")
        try:
            TopologicalSorter({task.id: task.after for task in self.tasks}).prepare()
        except CycleError as error:
            raise ValueError(f"tasks: {' -> '.join(error.args[1])} wait for one another; drop one `after`.") from error
        return self


def _listed(given: Any) -> Any:
    """A word alone, as a list. Raises ValueError for an empty one."""
    if given == []:
        raise ValueError("the list is empty; name a provider, or leave this out.")
    return [given] if isinstance(given, str) else given


def _keyed(key: str, entries: Any) -> Any:
    """Entries that are a word alone, as mappings."""
    return [{key: one} if isinstance(one, str) else one for one in entries] if isinstance(entries, list) else entries


class TeamSpec(Spec):
    """Agents who hold a call together."""

    team: Name = Field(description="Its name, in journals and logs.")
    start: Name = Field(description="Who answers.")
    model: Order = Field(
        default=("auto",),
        description="Whose model holds the calls, or a list: who stands in when one fails. `auto`: every provider whose key "
        "is set, in the order openai, azure, gemini; the embedded one when there is none.",
    )
    providers: ProvidersSpec = Field(default=ProvidersSpec(), description="What each provider is told.")
    prepare: Path | None = Field(
        default=None,
        description="Dotted path of an async function of the database and today's date, awaited before calls are taken: "
        "makes what its tools need.",
    )
    facts: dict[Name, FactSpec] = Field(default={}, description="What calls establish; tasks collect these.")
    memory: MemorySpec = Field(default=MemorySpec(), description="How much of a long call the model remembers.")
    standby: Literal["on_decision", "likely", "always"] = Field(
        default="likely",
        description="When another session of a model is opened for an agent whom the present one cannot be (another voice, "
        "model or provider): when the handoff is decided, as soon as an agent is there who may hand over to them, or, in "
        "case the present one is lost, at all times.",
    )
    limits: LimitsSpec = Field(default=LimitsSpec(), description="What a call, and a day, may cost.")
    turn_taking: TurnTakingSpec = Field(
        default=TurnTakingSpec(), description="When a turn is over, and what becomes of a silence."
    )
    announcements: AnnouncementsSpec = Field(
        default=AnnouncementsSpec(), description="What the caller hears while no model can speak."
    )
    recording: RecordingSpec = Field(default=RecordingSpec(), description="Whether calls are recorded.")
    background: BackgroundSpec = Field(
        default=BackgroundSpec(), description="What the caller hears while they wait for a tool."
    )
    redact: RedactionSpec = Field(
        default=RedactionSpec(), description="What is not kept of a call: a list, or a mapping. See below."
    )
    digits: DigitsSpec = Field(default=DigitsSpec(), description="What callers dial on a telephone's keypad.")
    telephone: TelephoneSpec = Field(default=TelephoneSpec(), description="What is known of callers by telephone.")
    linked: Linked = Field(
        default="first",
        description="Who in the room is heard: the `first` who came, or `all`, with their names. See "
        "[several-people.md](several-people.md).",
    )
    showing: ShowingSpec = Field(default=ShowingSpec(), description="What becomes of what callers show.")
    when_unreachable: Path | None = Field(
        default=None,
        description="Dotted path of an async function of a `CallContext`, awaited when all providers have failed: returns "
        "a sentence for the caller, such as when they are called back, or None.",
    )
    guards: tuple[GuardSpec, ...] = Field(
        default=(),
        description="What is checked before it is heard, for all agents: names of built-in guards, or mappings. See "
        "[guards.md](guards.md).",
    )
    when_person_needed: Path | None = Field(
        default=None,
        description="Dotted path of an async function of a `CallContext`, awaited when a guard hands over to a person: "
        "returns a sentence for the caller, such as when they are called back, or None.",
    )
    mcp: dict[Name, McpSpec] = Field(default={}, description="MCP servers whose tools agents may name.")
    agents: dict[Name, AgentSpec] = Field(min_length=1, description="Who is in it, by name.")

    @field_validator("model", mode="before")
    @classmethod
    def _provider_alone(cls, model: Any) -> Any:
        return _listed(model)

    @field_validator("guards", mode="before")
    @classmethod
    def _guards_alone(cls, guards: Any) -> Any:
        return names_alone(guards)

    def guards_of(self, name: str) -> tuple[GuardSpec, ...]:
        """Who judges what an agent says, hears and does, in order."""
        agent = self.agents[name]
        return of_agent(self.guards, agent.guards, agent.without_guards)

    @property
    def sub_agents(self) -> Mapping[str, AgentSpec]:
        """Those that others ask, and who describes pictures; all else take callers."""
        asked = {use.agent for agent in self.agents.values() for use in agent.agents} | {self.showing.described_by}
        return {name: agent for name, agent in self.agents.items() if name in asked}

    @property
    def speakers(self) -> Mapping[str, AgentSpec]:
        """Those who take callers."""
        sub_agents = self.sub_agents
        return {name: agent for name, agent in self.agents.items() if name not in sub_agents}

    @property
    def watches(self) -> frozenset[Source]:
        """What of a caller's some agent looks at all the time."""
        return frozenset(source for agent in self.speakers.values() for source in agent.watches)

    @property
    def needs_embedded_model(self) -> bool:
        """Whether a guard asks the embedded model what something is about, whoever holds the calls."""
        every = [*self.guards, *(guard for agent in self.agents.values() for guard in agent.guards)]
        return any(guard.topics is not None and guard.topics.url is None for guard in every)

    @model_validator(mode="after")
    def _redacts_what_is_there(self) -> Self:
        self.redact.check({name: fact.type for name, fact in self.facts.items()})
        return self

    @model_validator(mode="after")
    def _knows_what_is_there(self) -> Self:
        self.telephone.check({name: fact.type for name, fact in self.facts.items()})
        return self

    def writes(self, name: str) -> bool:
        """Whether an agent's tools, or those of a sub-agent of its own, change the world."""
        agent = self.agents[name]
        return any(tool.effect == "write" for tool in agent.tools) or any(
            self.writes(use.agent) for use in agent.agents
        )

    @model_validator(mode="after")
    def _sub_agents_work_unseen(self) -> Self:
        for agent in self.agents.values():
            names = [use.agent for use in agent.agents]
            for number, name in enumerate(names):
                where = f"agents.{agent.name}.agents.{number}"
                if name not in self.agents:
                    raise ValueError(f"{where}: there is no agent {name!r}. Agents: {', '.join(self.agents)}.")
                if name in names[:number]:
                    raise ValueError(f"{where}: {name!r} is there twice; join the two.")
        self._check_nesting()
        for agent in self.agents.values():
            for use in agent.agents:
                self._check_sub_agent(self.agents[use.agent], agent.name)
        self._check_describer()
        for agent in self.speakers.values():
            if isinstance(agent.model, TextModelSpec):
                raise ValueError(
                    f"agents.{agent.name}.model: only a sub-agent thinks with a text model, and nobody names {agent.name!r} "
                    "in `agents`; do that, or name a provider of the team's `model` here, or a list of them."
                )
            if strange := [key for key in ("budget", "timeout_s") if key in agent.model_fields_set]:
                raise ValueError(
                    f"agents.{agent.name}.{strange[0]}: only a sub-agent has this, and nobody names {agent.name!r} in "
                    "`agents`; do that, or leave this out."
                )
        return self

    def _check_describer(self) -> None:
        where = "showing.described_by"
        if (name := self.showing.described_by) is None:
            return
        if name not in self.agents:
            raise ValueError(f"{where}: there is no agent {name!r}. Agents: {', '.join(self.agents)}.")
        self._check_sub_agent(self.agents[name], where)
        if self.writes(name):
            raise ValueError(
                f"{where}: a tool of {name!r} writes, which nobody asks for when a picture comes; take the tool away."
            )

    def _check_nesting(self) -> None:
        try:
            order = TopologicalSorter(
                {agent.name: [use.agent for use in agent.agents] for agent in self.agents.values()}
            )
            order.prepare()
        except CycleError as error:
            cycle = error.args[1][::-1]
            raise ValueError(f"agents.{cycle[0]}.agents: {' -> '.join(cycle)} ask one another; drop one.") from error
        for name in self.speakers:
            if len(chain := self._longest_chain(name)) > NESTING + 1:
                raise ValueError(
                    f"agents.{name}.agents: {' -> '.join(chain)} is nested too deep; "
                    f"below who holds the call there may be {NESTING} at most."
                )

    def _check_sub_agent(self, agent: AgentSpec, caller: str) -> None:
        """Raises ValueError for what makes no sense where nobody listens, and nobody can be asked for a yes."""
        name, where = agent.name, f"agents.{agent.name}"
        is_one = f"{name!r} is a sub-agent of {caller!r}"
        if name == self.start:
            raise ValueError(f"start: {is_one} and has no voice; start with another, or take it from `agents` there.")
        for other in self.agents.values():
            for number, to in enumerate(other.handoffs):
                if to.to == name:
                    raise ValueError(
                        f"agents.{other.name}.handoffs.{number}.to: {is_one} and has no voice; name it in `agents`, or "
                        "hand over to another."
                    )
        for key, why in (
            ("handoffs", "it has no caller to hand over; leave this out"),
            ("tasks", f"its caller is {caller!r}; hold the steps there"),
            ("voice", "nobody hears it; leave this out"),
            ("interruptions", "nobody hears it; leave this out"),
            ("must_hear", "nobody hears it; leave this out"),
            ("sees", "nobody shows it anything; leave this out"),
        ):
            if key in agent.model_fields_set:
                raise ValueError(f"{where}.{key}: {is_one}: {why}.")
        if agent.description is None:
            raise ValueError(f"{where}.description: {is_one}; say here what it does, for the model of {caller!r}.")
        if isinstance(agent.model, tuple) and not _thinks(agent.model):
            raise ValueError(
                f"{where}.model: {is_one} and thinks with one text model: auto, local, openai, google, or a mapping with "
                f"`url`; it is {', '.join(agent.model)}."
            )
        for number, tool in enumerate(agent.tools):
            if tool.confirm:
                raise ValueError(
                    f"{where}.tools.{number}.confirm: {is_one} and cannot ask for a yes; "
                    "give this tool to the agent who holds the call."
                )

    def _longest_chain(self, name: str) -> list[str]:
        below = (self._longest_chain(use.agent) for use in self.agents[name].agents)
        return [name, *max(below, key=len, default=[])]

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
            for number, tool in enumerate(agent.tools):
                if tool.mcp and (server := tool.mcp.partition(".")[0]) not in self.mcp:
                    known_servers = ", ".join(self.mcp) or "none"
                    raise ValueError(
                        f"agents.{agent.name}.tools.{number}.mcp: there is no MCP server {server!r}. "
                        f"Servers: {known_servers}."
                    )
            for number, task in enumerate(agent.tasks):
                if unknown := [name for name in task.collect if name not in self.facts]:
                    raise ValueError(
                        f"agents.{agent.name}.tasks.{number}.collect: there is no fact {unknown[0]!r}. "
                        f"Facts: {', '.join(self.facts) or 'none'}."
                    )
        if lost := set(self.agents) - self._reachable():
            name = min(lost)
            raise ValueError(f"agents.{name}: nobody hands over to {name!r} or asks it, and it does not start.")
        return self

    @model_validator(mode="after")
    def _guards_stand(self) -> Self:
        lists = [("guards", self.guards), *((f"agents.{a.name}.guards", a.guards) for a in self.agents.values())]
        for where, guards in lists:
            if found := twice(guards):
                raise ValueError(f"{where}.{found[0]}: {found[1]!r} is there twice; rename one.")
            for number, guard in enumerate(guards):
                if guard.action == "hand_over" and not self.when_person_needed:
                    raise ValueError(
                        f"{where}.{number}.action: {guard.name!r} hands over to a person; say by `when_person_needed` "
                        "of the team how."
                    )
        for agent in self.agents.values():
            if unknown := [name for name in agent.without_guards if name not in {guard.name for guard in self.guards}]:
                raise ValueError(
                    f"agents.{agent.name}.without_guards: the team has no guard {unknown[0]!r}. "
                    f"Guards: {', '.join(guard.name for guard in self.guards) or 'none'}."
                )
        return self

    def _reachable(self) -> set[str]:
        found, new = set[str](), {name for name in (self.start, self.showing.described_by) if name}
        while new:
            found |= new
            next_to = (self.agents[name] for name in new)
            new = {name for agent in next_to for name in _named_by(agent)} - found
        return found


def _thinks(model: tuple[str, ...]) -> bool:
    return len(model) == 1 and model[0] in ("auto", "local", "openai")


def _named_by(agent: AgentSpec) -> list[str]:
    return [*(to.to for to in agent.handoffs), *(use.agent for use in agent.agents)]
