"""What the room tells the call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typed:
    """The caller wrote."""

    participant: str
    text: str


@dataclass(frozen=True, slots=True)
class Left:
    """Nobody is there to speak to any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something somebody can mend, for the journal and the page."""

    code: str
    detail: str


RoomEvent = Typed | Left | Warned
