"""One caller's link to a model, across any number of its sessions: their audio and the call's memory outlive each.

A lost socket, a session's end by its provider's rules, another voice or another provider are all one thing: a new session
is dialled with what the agent is and what the model must remember, is told again what nobody has written down, and takes
the place of the old one.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from livekit.agents.utils import shortuuid

from agents.spec import MemorySpec
from worker.line import compaction, memory
from worker.line.breaker import PROCESS, Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    AskRefused,
    Audio,
    Connected,
    Failure,
    GoingAway,
    LineEvent,
    LineLost,
    LineMoved,
    LinkEvent,
    LinkLost,
    MessageEnded,
    MessageStarted,
    Move,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
)
from worker.line.link import Arms, Dial, Link
from worker.line.openai import OpenAILink
from worker.line.profile import Profile
from worker.line.ring import Ring
from worker.line.speech import Speech

logger = logging.getLogger(__name__)

GIVE_UP_S = 20.0  # without any session; longer, and nobody is at the other end any more
DIALLED_S = 6.0  # a session that is not there by then is given up
DRAIN_S = 1.0  # the old session's last words, of caller or agent, are waited for so long before a handoff
EARLY_S = 300.0  # before a session's end, a pause is used to leave it
LATE_S = 5.0  # before it, it is left in the middle of whatever is said
HEARD_S = 1.5  # what a new session has not heard of a caller's speech by then has ended
_WAITS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # before each attempt to dial
DIALS: Mapping[str, Dial] = {"openai": OpenAILink}


@dataclass(slots=True, eq=False)
class _Session:
    """A link, and what it has been given. Positions count samples since the call began."""

    endpoint: Endpoint
    arms: Arms
    given: Sequence[memory.Entry]  # of the call's memory, as text, when it was dialled
    connected: bool = False
    spoke: bool = False
    began: int = 0  # where its audio begins
    ends_at: float | None = None  # by its provider's rules, on the loop's clock
    onsets: dict[str, int] = field(default_factory=dict)  # speech that goes on: item -> where it began, in its own ms
    replies: dict[str, set[str]] = field(default_factory=dict)  # that run: their messages that are not ended
    asked: set[str] = field(default_factory=set)  # and those that are to come
    link: Link = field(init=False)

    def arm(self, arms: Arms) -> None:
        self.arms = arms
        self.link.arm(arms)


class Line:
    """Speaks to the provider, remembers what it must know, and finds another when it is lost.

    Dials on construction. `emit` gets the events in order, on the loop's thread. While it is not `up`, nothing may be
    asked; all else may be done at any time. It wants to know when there is a `pause`.
    """

    def __init__(
        self,
        first: Arms,
        emit: Callable[[LineEvent], None],
        limits: MemorySpec | None = None,
        *,
        breaker: Breaker = PROCESS,
        dials: Mapping[str, Dial] = DIALS,
    ) -> None:
        self._emit, self._breaker, self._dials = emit, breaker, dials
        self._memory, self._limits = memory.Memory(), limits or MemorySpec()
        self.armed = first
        self._closing = set[asyncio.Task[None]]()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._next: _Session | None = None  # is to take the place of the present one
        self._why = Move.LOST
        self._quiet = self._drained = False
        self._lost_since: float | None = None
        self._lost_at = 0
        self._attempts = 0
        self._failure: LinkLost | None = None
        self._session = self._dial(breaker.choose(first.endpoints))
        self._ring = Ring(self.profile.sample_rate)
        self._speech = Speech(self.profile.sample_rate)
        self.up = True

    @property
    def profile(self) -> Profile:
        """Of the provider that speaks now."""
        return self._session.endpoint.profile

    def hear(self, pcm: bytes) -> None:
        """The caller's audio, PCM16 mono at the profile's rate."""
        self._ring.append(pcm)
        if self._open:
            self._session.link.hear(pcm)

    def arm(self, arms: Arms) -> None:
        """From the next reply on the model is this agent: in the open session if it can be, else in another."""
        self.armed = arms
        if not self._open:
            return  # whoever comes next is told
        if self._can_be(self._session, arms):
            self._session.arm(_fit(arms, self.profile))
            if self._next and self._why is Move.HANDOFF:
                self._stay()
        else:
            self._move(Move.HANDOFF, self._breaker.choose(arms.endpoints))

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """Asks for a reply; `hint` is added to the agent's instructions for this reply only. Returns the request's id."""
        assert self.up, "nobody is there to be asked"
        ask = self._session.link.ask(hint, tools=tools)
        self._session.asked.add(ask)
        return ask

    def cancel(self, reply: str | None = None) -> None:
        if self._open:
            self._session.link.cancel(reply)

    def mute(self, reason: str) -> None:
        """The model does not answer, though its socket is open: as good as lost."""
        if self._open:
            self._on_lost(LinkLost(Failure.OVERLOAD, reason))

    def pause(self, quiet: bool) -> None:
        """Whether nobody speaks, or is about to: then the session can be changed unheard."""
        self._quiet = quiet
        if not quiet or not self._open:
            return
        if self._next:
            self._try_to_take_over()
            return
        best = self._breaker.choose(self.armed.endpoints)
        if self._ends_within(EARLY_S):
            self._move(Move.LIMIT, best)
        elif self.armed.endpoints.index(best) < self.armed.endpoints.index(self._session.endpoint):
            self._move(Move.RETURN, best)

    def write(self, text: str) -> None:
        """What the caller typed."""
        self._remember(memory.Said(shortuuid("typed_"), "user", text))

    def note(self, text: str) -> None:
        """Something the model shall know that nobody said."""
        self._remember(memory.Said(shortuuid("note_"), "system", text))

    def share(self, share: str, summary: Callable[[Sequence[tuple[str, str]]], str]) -> Callable[[], None]:
        """From now on the model knows as much as a handoff's `share` says. Returns what takes that back."""
        before = self._memory.hidden
        hidden = self._memory.shared(share)
        self._show(hidden)
        if share == "summary" and hidden:
            entry = memory.Said(shortuuid(memory.SUMMARY), "system", summary(self._memory.turns()))
            self._memory.put_first(entry)
            before |= {entry.item}
            if self._open:
                self._session.link.remember(entry, after="root")
        return lambda: self._show(before)

    def outgrown(self) -> memory.Outgrown | None:
        """What of the model's memory is to be summarised now, if it has outgrown its budget. Ask when no tool runs."""
        items = compaction.outgrown(self._memory, self._limits, self._speech.unwritten)
        return self._memory.plan(items) if items else None

    def compact(self, outgrown: memory.Outgrown, summary: str) -> tuple[int, int] | None:
        """The model forgets what has outgrown its budget for a summary of it, while it does not reply.

        Returns what it remembered before and remembers now, in tokens; None, without effect, if a handoff has changed
        meanwhile what it shall know.
        """
        size, before = compaction.size(self._memory), self._memory.held()
        if not self._memory.compact(outgrown, summary):
            return None
        self._sync(before, self._memory.held())
        return size, compaction.size(self._memory)

    def _show(self, hidden: frozenset[str]) -> None:
        if hidden == self._memory.hidden:
            return
        before = self._memory.held()
        self._memory.hide(hidden)
        self._sync(before, self._memory.held())

    def _sync(self, before: Sequence[memory.Entry], after: Sequence[memory.Entry]) -> None:
        """Brings the provider's memory from what it was to what it shall be."""
        if not self._open:
            return  # the session to come is filled with what is shared
        known, wanted = {entry.item for entry in before}, {entry.item for entry in after}
        gone = [entry.item for entry in before if entry.item not in wanted]
        if gone and not self.profile.removes_items:
            self._move(Move.MEMORY, self._session.endpoint)
            return
        for item in gone:
            self._session.link.forget(item)
        previous = "root"
        for entry in after:
            if entry.item not in known:
                self._session.link.remember(entry, after=previous)
                self._memory.sounds(entry.item, 0)
            previous = entry.item

    def give_result(self, call_id: str, name: str, output: str) -> None:
        """What a tool returned, or why it did not."""
        before = self._memory.held()
        if self._memory.recall(call_id):
            self._sync(before, self._memory.held())
        self._remember(memory.Returned(shortuuid("result_"), call_id, name, output))

    def heard(self, item: str, text: str, heard_ms: int, *, interrupted: bool) -> None:
        """What the caller heard of a message; of an interrupted one the model forgets the rest."""
        if not interrupted:
            return
        as_sound = self._memory.audio_ms(item) > 0
        if heard_ms > 0:
            self._memory.word(item, text)
            self._memory.sounds(item, heard_ms if as_sound else 0)
        else:
            self._memory.forget(item)
        if not self._open:
            return
        if as_sound and heard_ms > 0 and self.profile.truncates:
            self._session.link.truncate(item, heard_ms)
        elif self.profile.removes_items:
            self._session.link.forget(item)
            if not as_sound:  # another session made it
                self._put_back(item)
        else:
            self.note(f'Of your last words the caller has heard only: "{text if heard_ms > 0 else ""}"')

    def _put_back(self, item: str) -> None:
        previous = "root"
        for entry in self._memory.held():
            if entry.item == item:
                self._session.link.remember(entry, after=previous)
            previous = entry.item

    def words(self, item: str) -> str:
        """What the model has said in a message so far."""
        return self._memory.text(item)

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._part_with(self._session)
        if self._next:
            self._part_with(self._next)
        await asyncio.gather(*self._closing)

    def _remember(self, entry: memory.Entry) -> None:
        self._memory.add(entry)
        if self._open:
            self._session.link.remember(entry)

    # ---- sessions

    def _dial(self, endpoint: Endpoint) -> _Session:
        arms = _fit(self.armed, endpoint.profile)
        session = _Session(endpoint, arms, self._memory.entries())
        if limit := endpoint.profile.session_s:
            session.ends_at = self._now() + limit
        dial = self._dials[endpoint.profile.protocol]
        session.link = dial(endpoint, arms, session.given, lambda event: self._on_event(session, event))
        return session

    def _part_with(self, session: _Session) -> None:
        """Nothing of it counts any more."""
        closing = asyncio.ensure_future(session.link.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _can_be(self, session: _Session, arms: Arms) -> bool:
        """Whether a session can be this agent as it is open now."""
        profile, known = session.endpoint.profile, session.arms
        return (
            session.endpoint in arms.endpoints
            and (profile.changes_voice or not session.spoke or profile.voice(arms.role) == profile.voice(known.role))
            and (profile.changes_instructions or arms.instructions == known.instructions)
            and (profile.changes_tools or arms.every_tool == known.every_tool)
        )

    def _move(self, why: Move, endpoint: Endpoint) -> None:
        """A new session is dialled while the old one goes on; see `_try_to_take_over`."""
        self._stay()
        self._why, self._drained = why, False
        self.up = why not in (Move.HANDOFF, Move.LOST)
        self._next = self._dial(endpoint)
        self._after("dialled", DIALLED_S, lambda: self._on_next_lost(LinkLost(Failure.NETWORK, "nobody answers")))

    def _stay(self) -> None:
        """There is no move."""
        if self._next:
            self._part_with(self._next)
        self._next = None
        self.up = self._open
        self._cancel("dialled", "drained")

    def _try_to_take_over(self) -> None:
        """The new session takes over when it is there, and the old one has ended what it was at."""
        if not self._next or not self._next.connected:
            return
        if not self._open:
            self._take_over()
        elif self._why is Move.HANDOFF:
            busy = self._session.replies or self._session.asked or self._speech.awaited
            if not busy or self._drained:
                self._take_over()
        elif self._quiet or self._ends_within(LATE_S):
            self._take_over()

    def _take_over(self) -> None:
        assert self._next, "somebody is there to take over"
        old, new = self._session, self._next
        self._cancel("dialled", "drained", "ends")
        start, again = self._speech.replay(self._ring.position if self._open else self._lost_at)
        left = self._left(old) if self._open else []
        for item in again:
            self._memory.forget(item)
        self._memory.restored()
        self._session, self._next = new, None
        new.began = start
        self._lost_since, self._attempts, self.up = None, 0, True
        if not self._can_be(new, self.armed):
            self.arm(self.armed)  # what it is to be has changed while it was dialled
        elif (arms := _fit(self.armed, self.profile)) != new.arms:
            new.arm(arms)
        self._sync(new.given, self._memory.entries())
        new.link.hear(self._ring.since(start))
        self._part_with(old)
        for event in left:
            self._emit(event)
        self._emit(LineMoved(self._why, self.profile.provider, self.profile.model))
        self._watch_the_end()

    def _left(self, old: _Session) -> list[LineEvent]:
        """How what an open session was at ends for the call. Speech that goes on will be heard by the new one."""
        why = "" if self._why is Move.HANDOFF else "its session had to be left"
        ended: list[LineEvent] = [MessageEnded(reply, item) for reply, items in old.replies.items() for item in items]
        ended += [ReplyEnded(reply, why) for reply in old.replies]
        ended += [AskRefused(ask, "moved") for ask in old.asked]
        for item in old.onsets:
            self._after("speech", HEARD_S, partial(self._emit, SpeechStopped(item, 0)))
        return ended

    def _replace(self) -> None:
        """Dials whoever may hold the call now that the line is lost."""
        assert self._lost_since is not None, "somebody is missing"
        assert self._failure, "it was lost for a reason"
        wait = _WAITS_S[min(self._attempts, len(_WAITS_S) - 1)]
        self._attempts += 1
        endpoint = self._breaker.choose(self.armed.endpoints)
        hopeless = self._failure.failure in (Failure.AUTH, Failure.QUOTA) and self._breaker.rests(endpoint)
        if hopeless or self._now() + wait > self._lost_since + GIVE_UP_S:
            self._emit(LineLost(self._failure.reason, final=True))
        else:
            self._after("dial", wait, lambda: self._move(Move.LOST, endpoint))

    def _watch_the_end(self) -> None:
        """A session that its provider ends is left before, at a pause or not."""
        if (ends_at := self._session.ends_at) is not None:
            self._after("ends", ends_at - LATE_S - self._now(), self._leave)

    def _leave(self) -> None:
        if self._next:
            self._try_to_take_over()
        else:
            self._move(Move.LIMIT, self._breaker.choose(self.armed.endpoints))

    def _ends_within(self, seconds: float) -> bool:
        ends_at = self._session.ends_at
        return ends_at is not None and ends_at - self._now() <= seconds

    @property
    def _open(self) -> bool:
        """There is a session that hears the caller."""
        return self._lost_since is None

    def _after(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), act)

    def _cancel(self, *names: str) -> None:
        for name in names:
            if timer := self._timers.pop(name, None):
                timer.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # ---- events

    def _on_event(self, session: _Session, event: LinkEvent) -> None:
        if session is self._next:
            self._on_next(session, event)
        elif session is self._session:
            if isinstance(event, LinkLost):
                self._on_lost(event)
            else:
                self._on_present(session, event)
                self._try_to_take_over()

    def _on_next(self, session: _Session, event: LinkEvent) -> None:
        match event:
            case Connected():
                session.connected = True
                self._cancel("dialled")
                self._after("drained", DRAIN_S, self._on_drained)
                self._try_to_take_over()
            case LinkLost():
                self._on_next_lost(event)
            case _:
                pass

    def _on_drained(self) -> None:
        self._drained = True
        self._try_to_take_over()

    def _on_next_lost(self, lost: LinkLost) -> None:
        assert self._next, "it was being dialled"
        logger.warning("%s is not there: %s", self._next.endpoint.profile.provider, lost.reason)
        self._breaker.failed(self._next.endpoint, lost.failure)
        why, endpoints = self._why, self.armed.endpoints
        self._stay()
        self._attempts += 1
        if not self._open:
            self._failure = lost
            self._replace()
        elif why is Move.HANDOFF and self._attempts > len(endpoints):
            self._attempts = 0
            self._emit(ArmRefused(self.armed.epoch, f"no session for it: {lost.reason}"))
        elif why is Move.HANDOFF:
            self._move(why, self._breaker.choose(endpoints))
        elif why is Move.LIMIT:
            self._after("ends", _WAITS_S[-1], self._leave)

    def _on_lost(self, lost: LinkLost) -> None:
        self._breaker.failed(self._session.endpoint, lost.failure)
        self._failure, self._lost_since, self._lost_at = lost, self._now(), self._ring.position
        self._attempts, self.up = 0, False
        self._cancel("ends", "speech")
        self._part_with(self._session)
        self._emit(LineLost(lost.reason, final=False))
        self._why = Move.LOST
        if self._next:
            self._try_to_take_over()
        else:
            self._replace()

    def _on_present(self, session: _Session, event: LinkEvent) -> None:
        match event:
            case Connected():
                session.connected = True
                self._watch_the_end()
                return
            case GoingAway(within_s):
                session.ends_at = min(self._now() + within_s, session.ends_at or math.inf)
                self._watch_the_end()
                self.pause(self._quiet)
                return
            case LinkLost():
                return
            case SpeechStarted(item, at_ms):
                self._cancel("speech")
                session.onsets[item] = at_ms
                self._speech.started(item, self._position(at_ms))
            case SpeechStopped(item, at_ms):
                self._speech.stopped(item, self._position(at_ms))
                self._memory.add(memory.Said(item, "user", ""))
                self._memory.sounds(item, at_ms - session.onsets.pop(item, at_ms))
            case Transcript(item, text, final=True):
                self._speech.written(item)
                self._memory.word(item, text)
            case ReplyStarted(reply, ask):
                self._breaker.worked(session.endpoint)
                session.asked.discard(ask)
                session.replies[reply] = set()
            case AskRefused(ask):
                session.asked.discard(ask)
            case MessageStarted(reply, item):
                session.spoke = True
                session.replies.setdefault(reply, set()).add(item)
                self._memory.add(memory.Said(item, "assistant", ""))
            case MessageEnded(reply, item):
                session.replies.get(reply, set()).discard(item)
            case ReplyEnded(reply):
                session.replies.pop(reply, None)
            case Audio(_, item, pcm):
                ms = len(pcm) * 500 // self.profile.sample_rate
                self._memory.sounds(item, self._memory.audio_ms(item) + ms)
            case Text(_, item, text):
                self._memory.more(item, text)
            case ToolRequested(_, item, call_id, name, arguments):
                self._memory.add(memory.Called(item, call_id, name, arguments))
            case _:
                pass
        self._emit(event)

    def _position(self, ms: int) -> int:
        """Where a moment of this session's audio is in the call's; not before it, not after now."""
        return min(self._ring.position, self._session.began + max(0, ms) * self.profile.sample_rate // 1000)


def _fit(arms: Arms, profile: Profile) -> Arms:
    """As a provider takes it: one whose tools cannot change is given all that there may be."""
    return arms if profile.changes_tools else replace(arms, tools=arms.every_tool)
