"""What the room tells the call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from agents.showing import Source


@dataclass(frozen=True, slots=True)
class Came:
    """Somebody who is heard is in the room; `name` is what they call themselves."""

    participant: str
    name: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who was heard has left; others may be there."""

    participant: str


@dataclass(frozen=True, slots=True)
class MuteAsked:
    """Somebody wants the agent neither to hear nor to speak, or wants it back."""

    participant: str
    muted: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """The caller wrote."""

    participant: str
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller begins to dial on a telephone's keypad."""

    participant: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """What the caller has dialled as one, from the first key to the last: ms since the call began."""

    participant: str
    digits: str
    started_ms: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Press:
    """The caller has pressed something on the card `ref`: the number of an answer, or what they filled in.

    `answer` hears at once whether that is taken: empty, or a sentence why not.
    """

    participant: str
    ref: str
    choice: int | None
    values: Mapping[str, str]
    answer: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Replying:
    """How the caller wants to be answered from now on."""

    participant: str
    how: Literal["speech", "text"]


@dataclass(frozen=True, slots=True)
class Sending:
    """A file of the caller's is on its way: `Shown` comes of it, or `Warned`, by the same `stream`."""

    stream: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The caller has sent a picture, a document or a text.

    `pictures` are JPEGs of the size that the call's providers take: of a document, its first pages. `pages`: how many it
    has in all; 0: it is none. `name` is what the caller's device calls the file, cleaned; it may be empty.
    """

    participant: str
    stream: str
    name: str
    pictures: tuple[bytes, ...]
    text: str = ""
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Filming:
    """Somebody's camera or screen is there to be looked at, or is not any more."""

    participant: str
    source: Source
    on: bool


@dataclass(frozen=True, slots=True)
class Left:
    """Nobody is there to speak to any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something somebody can mend, for the journal and the page. `stream`: the file that it is about."""

    code: str
    detail: str
    stream: str = ""


RoomEvent = (
    Came | Gone | MuteAsked | Typed | Pressed | Dialled | Press | Replying | Sending | Shown | Filming | Left | Warned
)
Tell = Callable[[RoomEvent], None]
