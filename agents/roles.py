"""What each agent may do, as the orchestrator knows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.tasks import Task


@dataclass(frozen=True, slots=True)
class ToolRules:
    """`writes`: it changes the world. `stoppable`: the caller may give up waiting for it. `claims`: it is done, in words.

    `asks`: the sub-agent that it asks. `keyed`: it changes the world once for each decision, however often it is asked.
    """

    confirm: bool = False
    writes: bool = False
    stoppable: bool = False
    claims: tuple[str, ...] = ()
    asks: str = ""
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class HandoffRules:
    """`unless`: what it returns of the facts, if anything, is why the handoff is refused."""

    announce: bool = False
    share: str = "all"
    unless: Callable[[Mapping[str, Any]], object] | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """What an agent may do. `notes`: facts that it may note, those that its tasks ask for aside."""

    tools: Mapping[str, ToolRules]
    handoffs: Mapping[str, HandoffRules]
    tasks: tuple[Task, ...] = ()
    notes: tuple[str, ...] = ()
