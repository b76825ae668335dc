"""What the line asks of a provider: one session over one socket, from the dial to its end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agents.showing import Source
from worker.line import memory
from worker.line.endpoint import Endpoint
from worker.line.events import LinkEvent


@dataclass(frozen=True, slots=True)
class Arms:
    """Who the model is: what an agent is told, may call, sounds like, and whose model speaks for it.

    `instructions` are the agent's own, `state` is how the call stands for them. `tools` are JSON schemas as OpenAI's
    Realtime API takes them: those that are offered now, of `every_tool` that they may be offered.
    """

    epoch: int
    instructions: str
    tools: tuple[Mapping[str, Any], ...]
    role: str
    endpoints: tuple[Endpoint, ...]  # in the order of preference
    state: str = ""
    every_tool: tuple[Mapping[str, Any], ...] = ()
    sees: bool = True  # pictures
    watches: frozenset[Source] = frozenset()

    @property
    def told(self) -> str:
        return f"{self.instructions}\n\n{self.state}" if self.state else self.instructions


class Link(Protocol):
    """Dials on construction, given `endpoint`, `arms`, the `entries` that the model shall remember, and `emit`.

    `emit` gets the session's events in order, on the loop's thread: first `Connected`, last `LinkLost`. What is sent
    before the session is there goes out, in order, when it is. A link never mends itself: a lost one is replaced. What
    its profile says that the provider cannot do is never asked of it.
    """

    def hear(self, pcm: bytes) -> None:
        """The caller's audio, PCM16 mono at the profile's rate, any length."""

    def arm(self, arms: Arms) -> None:
        """From the next reply on: all of it is taken, or ArmRefused(epoch) comes."""

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """Asks for a reply; `hint` is added to what the agent is told, once. Returns the id its events will name."""

    def cancel(self, reply: str | None = None) -> None:
        """Ends a reply, by default the one that runs; without effect when none does."""

    def truncate(self, item: str, heard_ms: int) -> None:
        """The model forgets what it said in `item` after `heard_ms`."""

    def forget(self, item: str) -> None: ...

    def remember(self, entry: memory.Entry, after: str | None = None) -> None:
        """Adds something to the model's memory: after an item, at the beginning (`root`), or at the end."""

    async def close(self) -> None:
        """Ends the session; nothing is emitted any more."""


class Dial(Protocol):
    """How a link begins."""

    def __call__(
        self, endpoint: Endpoint, arms: Arms, entries: Sequence[memory.Entry], emit: Callable[[LinkEvent], None]
    ) -> Link: ...
