"""What the room tells the call."""

from dataclasses import dataclass


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
class Left:
    """Nobody is there to speak to any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something somebody can mend, for the journal and the page."""

    code: str
    detail: str


RoomEvent = Typed | Pressed | Dialled | Left | Warned
