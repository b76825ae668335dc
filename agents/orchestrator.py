"""Who has the call, and what becomes of the model's tool calls. Pure: events in, commands out; no I/O, no clock."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from agents import handoff

HANDOFF_LIMIT = 4  # without a word of the caller in between: agents that pass them round in a circle are stopped


@dataclass(frozen=True, slots=True)
class Run:
    """Run a tool of the present agent."""

    call_id: str
    tool: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell the model that its tool call does nothing, and why."""

    call_id: str
    tool: str
    message: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Prepare `target`: from now on `source` asks for no reply. `announce`: what it is saying may be heard out."""

    call_id: str
    source: str
    target: str
    epoch: int
    announce: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """`target` has the call."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class RollBack:
    """`source` keeps the call, and says that `target` could not be reached."""

    source: str
    target: str
    epoch: int
    reason: str


Command = Run | Refuse | Switch | Entered | RollBack


@dataclass(frozen=True, slots=True)
class Role:
    """What an agent may do: the names of its tools, and whom it may hand over to (agent -> announced or not)."""

    tools: Set[str]
    handoffs: Mapping[str, bool]


class Orchestrator:
    """One agent has the call, or a handoff is on its way to the next: never neither, never both.

    `epoch` counts the attempts to change who speaks; what belongs to an older one is stale.
    """

    def __init__(self, roles: Mapping[str, Role], start: str) -> None:
        self._roles = roles
        self.agent = start  # who has the call: the next one from the decision on, so that nobody else begins to speak
        self.epoch = 0
        self._leaving: str | None = None  # who had it, while the handoff is not settled
        self._handoffs = 0

    @property
    def switching(self) -> bool:
        return self._leaving is not None

    def caller_spoke(self) -> None:
        """The caller took a turn: what agents do next answers it."""
        self._handoffs = 0

    def tool_requested(self, epoch: int, call_id: str, tool: str, arguments: str) -> Command:
        """The model calls a tool in a reply that was asked for in `epoch`."""
        if self.switching or epoch != self.epoch:
            return Refuse(call_id, tool, "The caller has been handed over meanwhile; this was not done.")
        role = self._roles[self.agent]
        if (to := handoff.target(tool)) is not None:
            return self._hand_over(role, call_id, tool, to)
        if tool not in role.tools:
            return Refuse(
                call_id, tool, f"There is no tool {tool!r}. Tools: {', '.join(sorted(role.tools)) or 'none'}."
            )
        return Run(call_id, tool, arguments)

    def prepared(self, epoch: int) -> Command | None:
        """The model has taken the next agent's part. None if that handoff is over already."""
        if self._leaving is None or epoch != self.epoch:
            return None
        source, self._leaving = self._leaving, None
        return Entered(source, self.agent)

    def failed(self, epoch: int, reason: str) -> Command | None:
        """The next agent cannot be had. None if that handoff is over already."""
        if self._leaving is None or epoch != self.epoch:
            return None
        target, self.agent, self._leaving = self.agent, self._leaving, None
        self.epoch += 1
        return RollBack(self.agent, target, self.epoch, reason)

    def _hand_over(self, role: Role, call_id: str, tool: str, to: str) -> Command:
        if to not in role.handoffs:
            return Refuse(
                call_id, tool, f"You cannot hand over to {to!r}. You may to: {', '.join(role.handoffs) or 'nobody'}."
            )
        if self._handoffs >= HANDOFF_LIMIT:
            return Refuse(
                call_id, tool, "The caller has been passed round often enough. Help them yourself, or say you cannot."
            )
        self._handoffs += 1
        self.epoch += 1
        self._leaving, self.agent = self.agent, to
        return Switch(call_id, self._leaving, to, self.epoch, role.handoffs[to])
