"""What of one call may be kept: each event as it is written, and those written before that have to be written again."""

import math
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.redaction import INSTEAD
from worker.journal import events as journal
from worker.journal.events import JournalEvent
from worker.redaction.policy import PART, Hole, Policy, Value, filled, merged, valued, without
from worker.redaction.split import Pieces, Turn
from worker.redaction.walk import masked

_DIALLED = 4  # digits from which on what was dialled is a secret: the key of a menu stands everywhere
_PART = 4  # and from which on a piece of a secret is one, for the logs

Spoken = journal.UserSaid | journal.UserWrote | journal.UserDialled | journal.AgentSaid


@dataclass(frozen=True, slots=True)
class Kept:
    """`event` may be kept. `open`: it may turn out to be a piece of something: only who said it may see it yet.

    `again`: earlier events, by number, as they are to stand now. `settled`: those that were open, as others may see them.
    `secret`: raw events with something in them that was taken out. `values`: something new was established that is to be
    taken out of all that was written so far.
    """

    event: JournalEvent
    open: bool = False
    again: tuple[tuple[int, JournalEvent], ...] = ()
    settled: tuple[JournalEvent, ...] = ()
    secret: tuple[JournalEvent, ...] = ()
    values: tuple[Value, ...] = ()


@dataclass(slots=True)
class _Told:
    """A turn, and the event that it was. `shown`: to everybody in the room."""

    turn: Turn
    event: Spoken
    shown: bool = False


class Redaction:
    """A policy in one call: it knows the call's facts, what was dialled, and the numbers that are told in pieces.

    `take` gets every event, in order. For the loop's thread; `parts` may be called from any.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._facts: Mapping[str, Any] = {}
        self._values: tuple[Value, ...] = ()
        self._parts: tuple[Value, ...] = ()  # of secrets that were told in pieces
        self._open: tuple[Value, ...] = ()  # and of what may become one
        self._pieces: dict[str, Pieces] = {}  # by speaker
        self._told: dict[int, _Told] = {}  # those that may still change, by number
        with _LOCK:
            _LIVE.add(self)

    def knows_caller(self, number: str) -> None:
        """The number somebody calls from is taken out wherever it stands, however it is written, where the team says so."""
        if self._policy.hides_phones and number:
            self._values += (Value(number, INSTEAD["phones"]),)

    def follow(self, facts: Mapping[str, Any]) -> None:
        """What the call establishes, as it grows."""
        self._facts = facts

    def go_on(self, events: Sequence[JournalEvent]) -> None:
        """Of a call that another process began, all that it has written: a number may go on that was begun there."""
        for number, event in enumerate(events):
            self.take(number, event)

    def text(self, text: str) -> str:
        """A text of this call, as it may be kept."""
        return self._policy.text(text, self._values)

    def parts(self, text: str) -> str:
        """A text without what only this call knows to be a secret, or the beginning of one."""
        return without(text, (*self._values, *self._parts, *self._open))

    def standing(self, text: str) -> str:
        """A text of how the call stands, without what was established this moment, too."""
        return without(self.parts(self.text(text)), self._established())

    def take(self, number: int, event: JournalEvent) -> Kept:
        """The next event of the call, whose `number`-th it is."""
        values = self._learn(event)
        changed = list[int]()
        secret: list[JournalEvent] = []
        if isinstance(event, Spoken):
            told = self._told[number] = _Told(self._turn(number, event), event)
            changed = self._join(told)
            secret += [self._told[earlier].event for earlier in changed]
            secret += [event] if told.turn.holes else []
            kept = self._kept(told)
        else:
            kept = masked(self._unfilled(event), self.text)
        waits = self._waiting(event.at)
        if number in self._told:
            self._told[number].shown = number not in waits
        return Kept(
            kept,
            open=number in waits,
            again=tuple((earlier, self._kept(self._told[earlier])) for earlier in changed),
            settled=self._settled(waits, event.at),
            secret=tuple(secret),
            values=values,
        )

    @property
    def held_back(self) -> frozenset[int]:
        """The events, by number, that only who said them may see yet; others are told of them later."""
        return frozenset(number for number, told in self._told.items() if not told.shown)

    def settle(self) -> tuple[JournalEvent, ...]:
        """The call is over: what was open is the beginning of nothing."""
        return self._settled(frozenset(), math.inf)

    def _learn(self, event: JournalEvent) -> tuple[Value, ...]:
        """What is to be taken out from now on; returns what of it is new."""
        known = self._established()
        if isinstance(event, journal.UserDialled) and self._policy.hides_dialled and len(event.digits) >= _DIALLED:
            known.add(Value(event.digits, INSTEAD["digits"]))
        new = tuple(known.difference(self._values))
        self._values += new
        for told in self._told.values():  # some of them nobody else has seen yet
            told.turn.holes = merged([*told.turn.holes, *valued(told.turn.text, new)])
        return new

    def _unfilled(self, event: JournalEvent) -> JournalEvent:
        """Without what a form says of a fact that may not be kept: it is not known as one yet."""
        if not isinstance(event, journal.UserPressed):
            return event
        values = {key: self._policy.facts.get(key, value) for key, value in event.values.items()}
        return event.model_copy(update={"values": values})

    def _established(self) -> set[Value]:
        told = {name: str(self._facts.get(name) or "") for name in self._policy.facts}
        return {Value(text, self._policy.facts[name]) for name, text in told.items() if text.strip()}

    def _turn(self, number: int, event: Spoken) -> Turn:
        if isinstance(event, journal.UserDialled):
            whole = [Hole(0, len(event.digits), INSTEAD["digits"])] if self._policy.hides_dialled else []
            return Turn(number, event.at, event.digits, whole or self._policy.holes(event.digits, self._values))
        return Turn(number, event.at, event.text, self._policy.holes(event.text, self._values))

    def _join(self, told: _Told) -> list[int]:
        """What this turn and those before it tell together; returns which of those change."""
        if not self._policy.splits:
            return []
        speaker = "" if isinstance(told.event, journal.AgentSaid) else told.event.participant
        found = self._pieces.setdefault(speaker, Pieces(self._policy)).take(told.turn)
        parts = {Value(piece.text, PART) for piece in found if piece.digits >= _PART}
        self._parts += tuple(parts.difference(self._parts))
        return sorted({piece.turn.number for piece in found} - {told.turn.number})

    def _kept(self, told: _Told) -> JournalEvent:
        text = filled(told.turn.text, told.turn.holes)
        key = "digits" if isinstance(told.event, journal.UserDialled) else "text"
        return masked(told.event.model_copy(update={key: text}), lambda one: one if one == text else self.text(one))

    def _waiting(self, now_ms: int) -> frozenset[int]:
        """The events that only who said them may see yet."""
        pieces = [piece for speaker in self._pieces.values() for piece in speaker.open(now_ms)]
        self._open = tuple({Value(piece.text, PART) for piece in pieces})
        return frozenset(piece.turn.number for piece in pieces)

    def _settled(self, waits: frozenset[int], now_ms: float) -> tuple[JournalEvent, ...]:
        """Those that wait no longer, for everybody; what cannot change any more is forgotten."""
        settled = [told for number, told in self._told.items() if number not in waits and not told.shown]
        for told in settled:
            told.shown = True
        shown = tuple(self._kept(told) for told in settled)
        last = {piece.turn.number for speaker in self._pieces.values() for piece in speaker.last(now_ms)}
        self._told = {number: told for number, told in self._told.items() if number in last}
        return shown


_LIVE = weakref.WeakSet[Redaction]()
_LOCK = threading.Lock()  # calls begin in threads of their own


def without_parts(text: str) -> str:
    """A text of whatever call, or of none, without what only the calls of this process know to be a secret."""
    with _LOCK:
        calls = list(_LIVE)
    for call in calls:
        text = call.parts(text)
    return text
