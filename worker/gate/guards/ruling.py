"""What a guard has found, and what its team wants done about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents.guarding import GuardSpec, Place
from worker.gate.guard import Finding, Passage


@dataclass(frozen=True, slots=True)
class Found:
    """`why` names the kind of thing. `rewritten`: the passage without it; `text`: what it is, None for all of it."""

    why: str
    rewritten: str = ""
    arguments: Mapping[str, Any] | None = None
    text: str | None = None


Look = Callable[[Passage], Awaitable[Found | Finding | None]]


class Ruled:
    """A guard that looks for one thing, and rules as its spec says."""

    def __init__(self, spec: GuardSpec, look: Look) -> None:
        self._spec, self._look = spec, look
        self.name = spec.name
        self.places: frozenset[Place] = frozenset(spec.on)
        self.deadline_s = spec.deadline_s

    async def judge(self, passage: Passage) -> Finding | None:
        found = await self._look(passage)
        if found is None:
            return None
        if isinstance(found, Finding):  # of a team's own function, which may rule itself
            return replace(found, guard=self.name, text=found.text if self._spec.keep_text else "")
        spec = self._spec
        return Finding(
            guard=spec.name,
            action=spec.action,
            why=found.why,
            instead=spec.say_instead or (found.rewritten if spec.action == "rewrite" else ""),
            arguments=found.arguments,
            text=(passage.text if found.text is None else found.text) if spec.keep_text else "",
        )
