"""Which turns a call had, from its journal's events in order. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from worker.journal import events as journal

TOGETHER_MS = 10_000  # what is said so soon after the last thing that happened in a turn belongs to it


@dataclass(frozen=True, slots=True)
class Turn:
    """From the end of the caller's last sound to the end of what an agent said to it; ms since the call began.

    One that nobody has asked for, such as a greeting, begins with its first sound. `agent` is who was first heard in it;
    empty: nobody was. `latency_ms` is None where the caller has asked nothing, or others than a model were first.
    """

    started_ms: int
    ended_ms: int
    agent: str = ""
    epoch: int = 0
    latency_ms: int | None = None
    interrupted: bool = False


@dataclass(slots=True)
class _Open:
    started_ms: int
    said: list[journal.AgentSaid] = field(default_factory=list)

    @property
    def ended_ms(self) -> int:
        return max((said.at for said in self.said), default=self.started_ms)

    def closed(self) -> Turn:
        first = self.said[0]
        latency_ms = next((said.latency_ms for said in self.said if said.latency_ms is not None), None)
        interrupted = any(said.interrupted for said in self.said)
        return Turn(self.started_ms, self.ended_ms, first.agent, first.epoch, latency_ms, interrupted)


class Turns:
    """Words of callers come late, even after the answer to them, and what was heard is told when it is over.

    So an answer tells when its turn began; a turn is over when the next has begun, and only then is it told.
    """

    def __init__(self) -> None:
        self._turn: _Open | None = None
        self._asked: list[int] = []  # when the caller's sounds ended that nothing heard has come after
        self._acted: list[int] = []  # when tools and handoffs began, since the present turn did
        self._last_ms = 0  # when one of these began or ended

    @property
    def settled_ms(self) -> int:
        """Of what began before then it is known in which turn."""
        return self._turn.started_ms if self._turn else 0

    def take(self, event: journal.JournalEvent) -> Iterator[Turn]:
        """The turns that are over, as this event shows."""
        match event:
            case journal.UserSaid(ended_ms=int(ended_ms)) | journal.UserDialled(ended_ms=ended_ms):
                self._asked.append(ended_ms)
            case journal.UserSaid(at=at) | journal.UserWrote(at=at) | journal.UserPressed(at=at):
                self._asked.append(at)
            case journal.ToolCalled(at=at) | journal.HandoffDecided(at=at):
                self._acted.append(at)
                self._last_ms = at
            case journal.ToolFinished(at=at) | journal.HandoffDone(at=at) | journal.HandoffFailed(at=at):
                self._last_ms = at
            case journal.AgentSaid(started_ms=int(started_ms)):
                yield from self._said(event, started_ms)
            case _:
                pass

    def close(self, at_ms: int) -> Iterator[Turn]:
        """Nothing more happens here: the turn that there is, and one that has no answer."""
        ended = self._ended_ms
        yield from self._settle()
        if asked := [asked for asked in self._asked if ended < asked <= at_ms]:
            yield Turn(asked[0], at_ms)
        self._asked.clear()

    @property
    def _ended_ms(self) -> int:
        return self._turn.ended_ms if self._turn else -1

    def _said(self, said: journal.AgentSaid, started_ms: int) -> Iterator[Turn]:
        if said.latency_ms is not None:
            yield from self._begin(max(0, started_ms - said.latency_ms))
        elif asked := [asked for asked in self._asked if self._ended_ms < asked <= started_ms]:
            yield from self._begin(asked[-1])
        elif not self._turn or started_ms - max(self._turn.ended_ms, self._last_ms) > TOGETHER_MS:
            yield from self._begin(started_ms)
        assert self._turn, "it has begun"
        self._turn.started_ms = min(
            self._turn.started_ms, started_ms
        )  # another's words may have come into the middle of it
        self._turn.said.append(said)
        self._asked = [asked for asked in self._asked if asked > started_ms]

    def _begin(self, at_ms: int) -> Iterator[Turn]:
        """What was said since then, in place of an answer, is in this turn and in none before it."""
        said = self._turn.said if self._turn else []
        mine = [one for one in said if (one.started_ms or 0) >= at_ms]
        if self._turn:
            self._turn.said = [one for one in said if (one.started_ms or 0) < at_ms]
        ended = self._ended_ms
        yield from self._settle()
        unanswered = [asked for asked in self._asked if ended < asked < at_ms]
        if unanswered and any(unanswered[0] <= acted < at_ms for acted in self._acted):
            yield Turn(unanswered[0], at_ms)
        self._acted = [acted for acted in self._acted if acted >= at_ms]
        self._turn = _Open(at_ms, mine)

    def _settle(self) -> Iterator[Turn]:
        turn, self._turn = self._turn, None
        if turn and turn.said:
            yield turn.closed()
