"""Which session of which provider holds the call, which shall next, and which stand by."""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from worker.line import memory
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import Connected, Failure, GoingAway, LinkEvent, LinkLost, Move
from worker.line.link import Arms, Dial
from worker.line.session import Session, fitted

logger = logging.getLogger(__name__)

GIVE_UP_S = 20.0  # without any session; longer, and nobody is at the other end any more
DIALLED_S = 6.0  # a session that is not there by then is given up
DRAIN_S = 1.5  # the old session's last words, of caller or agent, are waited for so long before a handoff (Gemini: 1 s)
EARLY = 1 / 6  # of a session's time is left when a pause is first used to leave it
LATE_S = 5.0  # before its end, it is left in the middle of whatever is said
_WAITS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # before each attempt to dial


class Owner(Protocol):
    """Whose sessions they are."""

    def entries(self) -> Sequence[memory.Entry]:
        """What a new session is to remember."""

    def fits(self, session: Session) -> bool:
        """Whether a session that stands by may remember what it does."""

    @property
    def waits(self) -> bool:
        """Whether words of the caller are still to come from the present session."""

    def on_event(self, session: Session, event: LinkEvent) -> None:
        """The present session says something."""

    def on_lost(self, reason: str, *, final: bool) -> None:
        """There is no session; `final`: there will be none."""

    def on_refused(self, epoch: int, reason: str) -> None:
        """There is no session for what `arm` asked; the present one goes on."""

    def take_over(self, old: Session, new: Session, why: Move, *, lost: bool) -> None:
        """`new` is the present session from now on; `lost`: there was none meanwhile."""


class Sessions:
    """Dials on construction. All of a call's sessions come and go here; what they say, and are told, is their owner's."""

    def __init__(
        self,
        first: Arms,
        owner: Owner,
        breaker: Breaker,
        dials: Mapping[str, Dial],
        given: Sequence[memory.Entry] = (),
    ) -> None:
        self._owner, self._breaker, self._dials = owner, breaker, dials
        self.armed = first
        self._next: Session | None = None  # is to take the place of the present one
        self._why = Move.LOST
        self._spares: list[Session] = []  # stand by, in case
        self._quiet = self._drained = False
        self.stale = False  # the present session remembers what it shall not, and cannot forget
        self._lost_since: float | None = None
        self._failure = LinkLost(Failure.NETWORK, "")  # the last one
        self._attempts = 0
        self._tried: list[Endpoint] = []  # that have failed since the line was lost
        self._in_vain: list[Endpoint] = []  # of these, where no session was to be had
        self._closing = set[asyncio.Task[None]]()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.present = self._dial(breaker.choose(first.endpoints), first, given)
        self.up = True  # it may be asked for a reply

    @property
    def open(self) -> bool:
        """There is a session that hears the caller."""
        return self._lost_since is None

    def arm(self, arms: Arms) -> None:
        """From the next reply on the model is this agent: in the present session if it can be, else in another."""
        self.armed = arms
        if not self.open:
            return  # whoever comes next is told
        if self.present.can_be(arms):
            self.present.arm(arms)
            if self._next and self._why is Move.HANDOFF:
                self._stay()
        else:
            self.move(Move.HANDOFF)

    def expect(self, next_agents: Sequence[Arms], *, loss: bool) -> None:
        """Holds a session ready for each of these that the present one cannot be, and, if so wished, for its loss.

        The present one may be about to speak for the first time, and keeps its voice then.
        """
        wanted = [(arms, arms.endpoints) for arms in next_agents if not self.present.can_be(arms, after_speaking=True)]
        if loss:
            others = tuple(one for one in self.armed.endpoints if one is not self.present.endpoint)
            wanted.append((self.armed, others or self.armed.endpoints))
        before, self._spares = self._spares, []
        for arms, endpoints in wanted:
            ready = next((one for one in (*self._spares, *before) if one.can_be(arms)), None)
            ready = ready or self._dial(self._breaker.choose(endpoints), arms, self._owner.entries())
            if ready not in self._spares:
                self._spares.append(ready)
        for spare in before:
            if spare not in self._spares:
                self._part_with(spare)

    def lose(self, lost: LinkLost) -> None:
        """The present session is of no use any more."""
        if not self.open:
            return
        self._breaker.failed(self.present.endpoint, lost.failure)
        self._failure, self._lost_since, self._attempts, self.up = lost, self._now(), 0, False
        self._tried = [self.present.endpoint]
        self._in_vain = [] if self.present.connected else [self.present.endpoint]
        self._cancel("ends")
        self._part_with(self.present)
        self._owner.on_lost(lost.reason, final=False)
        self._why = Move.LOST
        if self._next:
            self.try_to_take_over()
        else:
            self._replace()

    def pause(self, quiet: bool) -> None:
        """Whether nobody speaks, or is about to: then the session can be changed unheard."""
        self._quiet = quiet
        if not quiet or not self.open:
            return
        if self._next:
            self.try_to_take_over()
        elif self.present.can_be(self.armed):
            endpoints = self.armed.endpoints
            if self.stale:
                self.move(Move.MEMORY)
            elif self._now() >= self.present.leaves_at:
                self.move(Move.LIMIT)
            elif endpoints.index(self._breaker.choose(endpoints)) < endpoints.index(self.present.endpoint):
                self.move(Move.RETURN)

    def move(self, why: Move) -> None:
        """A new session is dialled, or one that stands by, or will soon, is taken; see `try_to_take_over`."""
        self._stay()
        self._why, self._drained = why, False
        self.up = why not in (Move.HANDOFF, Move.LOST)
        self._next = self._spare() or self._dial(self._choose(), self.armed, self._owner.entries())
        if self._next.connected:
            self._on_next_connected()
        else:
            self._after("dialled", DIALLED_S, lambda: self._on_next_lost(LinkLost(Failure.NETWORK, "nobody answers")))

    def try_to_take_over(self) -> None:
        """The next session takes over when it is there, and the present one has ended what it was at."""
        if not self._next or not self._next.connected:
            return
        busy = self.present.replying or self._owner.waits
        match self._why:
            case Move.LOST:
                ready = True
            case Move.HANDOFF:
                ready = not busy or self._drained
            case _:
                ready = self._quiet or self._now() >= self.present.ends_at - LATE_S
        if ready or not self.open:
            self._take_over(self._next)

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for session in (self.present, *self._spares, *([self._next] if self._next else [])):
            self._part_with(session)
        await asyncio.gather(*self._closing)

    # ---- coming and going

    def _dial(self, endpoint: Endpoint, arms: Arms, given: Sequence[memory.Entry]) -> Session:
        session = Session(endpoint, fitted(arms, endpoint.profile), given)
        if limit := endpoint.profile.session_s:
            session.ends_at = self._now() + limit
            session.leaves_at = session.ends_at - limit * EARLY
        dial = self._dials[endpoint.profile.protocol]
        session.link = dial(endpoint, session.arms, session.given, lambda event: self._on_event(session, event))
        return session

    def _part_with(self, session: Session) -> None:
        """Nothing of it counts any more."""
        closing = asyncio.ensure_future(session.link.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _stay(self) -> None:
        """There is no move."""
        if self._next:
            self._part_with(self._next)
        self._next = None
        self.up = self.open
        self._cancel("dialled", "drained")

    def _spare(self) -> Session | None:
        """A session that stands by for what the model is to be now; it stands by no more."""
        for spare in self._spares:
            if spare.leaves_at > self._now() and spare.can_be(self.armed) and self._owner.fits(spare):
                self._spares.remove(spare)
                return spare
        return None

    def _take_over(self, new: Session) -> None:
        old, why, lost = self.present, self._why, not self.open
        self._cancel("dialled", "drained", "ends")
        self.present, self._next = new, None
        self._lost_since, self._attempts, self.up, self.stale = None, 0, True, False
        if not lost:
            self._part_with(old)
        self.arm(self.armed)  # what it is to be may have changed while it was dialled
        self._owner.take_over(old, new, why, lost=lost)
        self._watch_the_end()

    def _replace(self) -> None:
        """Dials whoever may hold the call now that the line is lost; at once whoever has not failed yet."""
        assert self._lost_since is not None, "somebody is missing"
        endpoint = self._choose()
        wait = _WAITS_S[min(self._attempts, len(_WAITS_S) - 1)] if endpoint in self._tried else 0.0
        self._attempts += 1
        rests = self._breaker.rests(endpoint)
        hopeless = rests and self._failure.failure in (Failure.AUTH, Failure.QUOTA)
        if hopeless or self._now() + wait > self._lost_since + GIVE_UP_S:
            self._owner.on_lost(self._failure.reason, final=True)
        else:
            self._after("dial", wait, lambda: self.move(Move.LOST))

    def _choose(self) -> Endpoint:
        """Who is dialled: a lost session may have been an accident, one that was not to be had is for later."""
        endpoints = self.armed.endpoints
        fresh = [] if self.open else [one for one in endpoints if one not in self._in_vain]
        return next((one for one in fresh if not self._breaker.rests(one)), None) or self._breaker.choose(endpoints)

    def _watch_the_end(self) -> None:
        """A session that its provider ends is left before, at a pause or not."""
        if self.present.ends_at < math.inf:
            self._after("ends", self.present.ends_at - LATE_S - self._now(), self._leave)

    def _leave(self) -> None:
        if self._next:
            self.try_to_take_over()
        else:
            self.move(Move.LIMIT)

    # ---- what they say

    def _on_event(self, session: Session, event: LinkEvent) -> None:
        """Of a session that has been parted with, nothing counts."""
        if session is self.present and self.open:
            self._on_present(session, event)
        elif session is self._next:
            match event:
                case Connected():
                    session.connected = True
                    self._on_next_connected()
                case LinkLost():
                    self._on_next_lost(event)
                case _:
                    pass
        elif session in self._spares:
            match event:
                case Connected():
                    session.connected = True
                case LinkLost(failure, _):
                    self._breaker.failed(session.endpoint, failure)
                    self._spares.remove(session)
                    self._part_with(session)
                case _:
                    pass

    def _on_present(self, session: Session, event: LinkEvent) -> None:
        match event:
            case Connected():
                session.connected = True
                self._watch_the_end()
            case GoingAway(within_s):
                session.ends_at, session.leaves_at = min(self._now() + within_s, session.ends_at), self._now()
                self._watch_the_end()
                self.pause(self._quiet)
            case LinkLost():
                self.lose(event)
            case _:
                self._owner.on_event(session, event)
                self.try_to_take_over()

    def _on_next_connected(self) -> None:
        self._cancel("dialled")
        self._after("drained", DRAIN_S, self._on_drained)
        self.try_to_take_over()

    def _on_drained(self) -> None:
        self._drained = True
        self.try_to_take_over()

    def _on_next_lost(self, lost: LinkLost) -> None:
        assert self._next, "it was being dialled"
        logger.warning("%s is not there: %s", self._next.endpoint.profile.provider, lost.reason)
        self._breaker.failed(self._next.endpoint, lost.failure)
        why, endpoint = self._why, self._next.endpoint
        self._stay()
        if not self.open:
            self._failure = lost
            self._tried.append(endpoint)
            self._in_vain.append(endpoint)
            self._replace()
            return
        self._attempts += 1
        if why is Move.HANDOFF and self._attempts > len(self.armed.endpoints):
            self._attempts = 0
            self._owner.on_refused(self.armed.epoch, f"no session for it: {lost.reason}")
        elif why is Move.HANDOFF:
            self.move(why)
        elif why is Move.LIMIT:
            self._after("ends", _WAITS_S[-1], self._leave)

    # ---- time

    def _after(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), act)

    def _cancel(self, *names: str) -> None:
        for name in names:
            if timer := self._timers.pop(name, None):
                timer.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
