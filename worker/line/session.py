"""A session of a provider, as the line keeps it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from worker.line import memory
from worker.line.endpoint import Endpoint
from worker.line.events import (
    AskRefused,
    LineEvent,
    LinkEvent,
    MessageEnded,
    MessageStarted,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
)
from worker.line.link import Arms, Link
from worker.line.profile import Profile


@dataclass(slots=True, eq=False)
class Session:
    """A link, and what it has been given. Positions count samples since the call began."""

    endpoint: Endpoint
    arms: Arms
    given: Sequence[memory.Entry]  # of the call's memory, as text, when it was dialled
    connected: bool = False
    spoke: bool = False
    began: int = 0  # where its audio begins
    ends_at: float = math.inf  # by its provider's rules, on the loop's clock
    leaves_at: float = math.inf  # from then on, a pause is used to leave it
    onsets: dict[str, int] = field(default_factory=dict)  # speech that goes on: item -> where it began, in its own ms
    replies: dict[str, set[str]] = field(default_factory=dict)  # that run: their messages that are not ended
    asked: set[str] = field(default_factory=set)  # and those that are to come
    items: set[str] = field(default_factory=set)  # that its model remembers, or did
    frames: int = 0  # of camera and screen that it was given since
    link: Link = field(init=False)

    def __post_init__(self) -> None:
        self.items |= {entry.item for entry in self.given}

    def remember(self, entry: memory.Entry, after: str | None = None) -> None:
        self.items.add(entry.item)
        self.link.remember(entry, after)

    @property
    def profile(self) -> Profile:
        return self.endpoint.profile

    @property
    def replying(self) -> bool:
        return bool(self.replies or self.asked)

    @property
    def unfinished(self) -> frozenset[str]:
        """Messages that it is in the middle of."""
        return frozenset(item for items in self.replies.values() for item in items)

    def on_event(self, event: LinkEvent) -> None:
        """What it says tells what it is at."""
        match event:
            case SpeechStarted(item, at_ms):
                self.onsets[item] = at_ms
            case SpeechStopped(item):
                self.onsets.pop(item, None)
                self.items.add(item)
            case ReplyStarted(reply, ask):
                self.asked.discard(ask)
                self.replies[reply] = set()
            case AskRefused(ask):
                self.asked.discard(ask)
            case MessageStarted(reply, item):
                self.spoke = True
                self.replies.setdefault(reply, set()).add(item)
                self.items.add(item)
            case MessageEnded(reply, item):
                self.replies.get(reply, set()).discard(item)
            case ReplyEnded(reply):
                self.replies.pop(reply, None)
            case ToolRequested(_, item):
                self.items.add(item)
            case _:
                pass

    def left(self, failure: str) -> list[LineEvent]:
        """How what it is at ends for the call when it is left open; `failure` is told of its replies."""
        ended: list[LineEvent] = [MessageEnded(reply, item) for reply, items in self.replies.items() for item in items]
        ended += [ReplyEnded(reply, failure) for reply in self.replies]
        return ended + [AskRefused(ask, "moved") for ask in self.asked]

    def can_be(self, arms: Arms, *, after_speaking: bool = False) -> bool:
        """Whether it can be this agent, as it is open now, or still once it has spoken."""
        profile, known = self.profile, self.arms
        spoke = self.spoke or after_speaking
        return (
            self.endpoint in arms.endpoints
            and (profile.changes_voice or not spoke or profile.voice(arms.role) == profile.voice(known.role))
            and (profile.changes_instructions or arms.instructions == known.instructions)
            and (profile.changes_tools or arms.every_tool == known.every_tool)
        )

    def arm(self, arms: Arms) -> None:
        """It is this agent from now on, as it can be."""
        if (fit := fitted(arms, self.profile)) != self.arms:
            self.arms = fit
            self.link.arm(fit)


def fitted(arms: Arms, profile: Profile) -> Arms:
    """As a provider takes it: one whose tools cannot change is given all that there may be."""
    return arms if profile.changes_tools else replace(arms, tools=arms.every_tool)
