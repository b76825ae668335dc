"""How a team stands in a call, as data: another process goes on from it."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from agents.plan import Step


class Decision(BaseModel):
    """A tool call by its meaning, and when it was made: `turn` counts the caller's."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    agent: str
    tool: str
    arguments: str
    turn: int = 0
    output: str = ""


class Running(BaseModel):
    """A tool call that has no result yet; `joined` are those that get the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    call_id: str
    agent: str
    tool: str
    arguments: str
    joined: tuple[str, ...] = ()
    slow: bool = False
    whole: bool = True  # not with arguments of which something may not be kept


class Snapshot(BaseModel):
    """An orchestrator's state. `leaving`: who had the call, while a handoff is not settled."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # one of an earlier version may know more
    agent: str
    epoch: int
    leaving: str | None = None
    held: tuple[str, ...] = ()
    handoffs: int = 0
    turn: int = 0
    facts: dict[str, Any] = {}
    plan: tuple[Step, ...] = ()
    former_plan: tuple[Step, ...] = ()
    delegated: int = 0
    stumbled: bool = False
    running: tuple[Running, ...] = ()
    proposed: tuple[Decision, ...] = ()
    written: tuple[Decision, ...] = ()
    done: dict[str, tuple[dict[str, Any], ...]] = {}
    carried_out: dict[str, tuple[str, ...]] = {}  # the steps that its tools have done, by agent

    def as_json(self) -> dict[str, Any]:
        """What no JSON can hold, as a tool may have put among the facts, stands there in words."""
        return self.model_dump(mode="json", fallback=str)
