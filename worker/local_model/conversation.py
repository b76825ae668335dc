"""What the brain is given and what it answers: a session's conversation, free of the wire's names."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SILENCE = "(silence)"  # a turn of the user's who had time to say something, and did not


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the client offers. `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is what was typed, recognised, read in a picture, or spoken (as far as it was heard)."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str  # JSON, as the client will get it
    call_id: str = ""  # empty in an answer of the brain: the server gives it


@dataclass(frozen=True, slots=True)
class ToolResult:
    call_id: str
    output: str


Item = Message | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that a reply may rest on. `instructions` are the response's own where it has some."""

    instructions: str
    tools: tuple[Tool, ...]
    items: tuple[Item, ...]
    tool_choice: str = "auto"  # auto | none | required | a tool's name


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of the reply, to be spoken at once; whole sentences, or words as they come."""

    text: str


class Brain(Protocol):
    def reply(self, conversation: Conversation) -> AsyncGenerator[Say | ToolCall]:
        """Answers one turn: words, tool calls, or words and then calls."""
        ...

    async def close(self) -> None:
        """The process ends."""
        ...
