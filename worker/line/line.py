"""One caller's link to a model, across any number of its sessions: their audio and the call's memory outlive each.

A lost socket, a session's end by its provider's rules, another voice or another provider are all one thing: a new session
is dialled with what the agent is and what the model must remember, is told again what nobody has written down, and takes
the place of the old one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from livekit.agents.utils import shortuuid

from agents.memory import MemorySpec
from agents.showing import Source
from worker.line import compaction, memory
from worker.line.breaker import PROCESS, Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    Connected,
    Failure,
    GoingAway,
    LineEvent,
    LineLost,
    LineMoved,
    LinkEvent,
    LinkLost,
    Move,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from worker.line.failures import CODES
from worker.line.hearing import Hearing
from worker.line.link import Arms, Dial, Link
from worker.line.openai import OpenAILink
from worker.line.profile import Profile
from worker.line.session import Session
from worker.line.session_memory import SessionMemory
from worker.line.sessions import Sessions

HEARD_S = 1.5  # what a new session has not heard of a caller's speech by then has ended


def _gemini(endpoint: Endpoint, arms: Arms, entries: Sequence[memory.Entry], emit: Callable[[LinkEvent], None]) -> Link:
    from worker.line.gemini import GeminiLink  # its libraries are large, and few have a use for them

    return GeminiLink(endpoint, arms, entries, emit)


DIALS: Mapping[str, Dial] = {"openai": OpenAILink, "gemini": _gemini}


class Line:
    """Speaks to the provider, remembers what it must know, and goes on with another session when it must.

    Dials on construction. `emit` gets the events in order, on the loop's thread. While it is not `up`, nothing may be
    asked; all else may be done at any time. It wants to know when there is a `pause`. `past` is what the call remembers
    that goes on here.

    `pictures`: so many of the caller's at most are before the model, the newest, if its agent sees any; and so many
    `frames` of their camera and screen.

    With `holds`, words of the model's are told no other session, and stand in no summary, before they are `approve`d, or
    their message is `release`d.
    """

    def __init__(
        self,
        first: Arms,
        emit: Callable[[LineEvent], None],
        limits: MemorySpec | None = None,
        past: memory.Memory | None = None,
        *,
        pictures: int = 0,
        frames: int = 0,
        holds: bool = False,
        breaker: Breaker = PROCESS,
        dials: Mapping[str, Dial] = DIALS,
    ) -> None:
        self._emit = emit
        self._memory, self._limits = past or memory.Memory(), limits or MemorySpec()
        self._pictures, self._frames = pictures, frames
        self._memory.look(pictures if first.sees else 0, pictures)
        self._memory.watch(first.watches)
        self._sessions = Sessions(first, self, breaker, dials, self._memory.entries())
        self._memory.restored()
        self._known = SessionMemory(self._memory, self._sessions, holds=holds)
        self._breaker = breaker
        self._hearing = Hearing(self.profile)
        self._unheard: asyncio.TimerHandle | None = None

    @property
    def profile(self) -> Profile:
        """Of the provider that speaks now."""
        return self._sessions.present.profile

    @property
    def up(self) -> bool:
        """Whether a reply may be asked for."""
        return self._sessions.up

    @property
    def connected(self) -> bool:
        """Whether a session is there: before the first one, and between two, nobody hears the caller, or speaks."""
        return self._sessions.open and self._sessions.present.connected

    @property
    def armed(self) -> Arms:
        """What the model is, or is to be."""
        return self._sessions.armed

    def hear(self, pcm: bytes) -> None:
        """The caller's audio, PCM16 mono at the profile's rate."""
        self._hearing.keep(pcm, self._sessions.present.profile.onset_s)
        if self._sessions.open:
            self._sessions.present.link.hear(pcm)
            if self._hearing.in_vain(pcm):
                self.give_up("the model does not hear the caller")

    def arm(self, arms: Arms) -> None:
        """From the next reply on the model is this agent; ArmRefused(epoch) comes if it cannot be."""
        before = self._memory.held()
        self._memory.look(self._pictures if arms.sees else 0, self._pictures)
        self._memory.watch(arms.watches)
        if (after := self._memory.held()) != before:
            self._known.sync(before, after)
        self._sessions.arm(arms)

    def expect(self, next_agents: Sequence[Arms], *, loss: bool = False) -> None:
        """Holds sessions ready for agents that the present one cannot be, and, if so wished, for its own loss."""
        self._sessions.expect(next_agents, loss=loss)

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """Asks for a reply; `hint` is added to the agent's instructions for this reply only. Returns the request's id."""
        assert self.up, "nobody is there to be asked"
        session = self._sessions.present
        ask = session.link.ask(hint, tools=tools)
        session.asked.add(ask)
        return ask

    def ago_ms(self, at_ms: int) -> int:
        """How long ago a moment of the present session's audio was heard, as far as is known."""
        return self._hearing.ago_ms(self._sessions.present.began, at_ms)

    def cancel(self, reply: str | None = None) -> None:
        if self._sessions.open:
            self._sessions.present.link.cancel(reply)

    def give_up(self, why: str) -> None:
        """The model does not answer, or not as it should, though its socket is open: as good as lost.

        `why`: the provider's code, or a sentence.
        """
        self._sessions.lose(LinkLost(CODES.get(why, Failure.OVERLOAD), why))

    def pause(self, quiet: bool) -> None:
        """Whether nobody speaks, or is about to: then the session can be changed unheard."""
        self._sessions.pause(quiet)

    def write(self, text: str) -> None:
        """What the caller typed."""
        self._known.add(memory.Said(shortuuid("typed_"), "user", text))

    def show(self, text: str, pictures: Sequence[bytes], about: str = "") -> None:
        """What the caller shows: JPEGs, what the model is told of them, and what is on them, as far as it is known."""
        before = self._memory.held()
        self._memory.show(memory.Shown(shortuuid("shown_"), text, tuple(pictures), about))
        *older, newest = self._memory.held()
        self._known.sync(before, older)
        if self._sessions.open:
            self._sessions.present.remember(newest)

    def see(self, source: Source, text: str, picture: bytes, about: str = "", whose: str = "") -> None:
        """What somebody's camera or screen shows now; the rest is as in `show`. Frames that are too many are forgotten."""
        if source not in self.armed.watches:
            return
        before = self._memory.held()
        self._memory.see(memory.Frame(shortuuid("frame_"), source, text, picture, about, whose), self._frames)
        *older, newest = self._memory.held()
        self._known.sync(before, older)
        if self._sessions.open:
            self._sessions.present.frames += 1
            self._sessions.present.remember(newest)

    def off(self, source: Source, whose: str) -> None:
        """Nobody looks at it any more."""
        self._memory.off(source, whose)

    def look_away(self) -> None:
        """What camera and screen have shown is forgotten."""
        before = self._memory.held()
        self._memory.look_away()
        if (after := self._memory.held()) != before:
            self._known.sync(before, after)

    def note(self, text: str) -> None:
        """Something the model shall know that nobody said."""
        self._known.note(text)

    def tell(self, text: str) -> None:
        """Something that the present session alone has to know: the next one reads it in what was said."""
        if self._sessions.open:
            self._sessions.present.remember(memory.Said(shortuuid("note_"), "system", text))

    def word(self, item: str, text: str) -> None:
        """What the caller said there, as the next session is to read it."""
        self._memory.word(item, text)

    def share(self, share: str, summary: Callable[[Sequence[tuple[str, str]]], str]) -> Callable[[], None]:
        """From now on the model knows as much as a handoff's `share` says. Returns what takes that back."""
        before = self._memory.hidden
        hidden = self._memory.shared(share)
        self._show(hidden)
        if share == "summary" and hidden:
            entry = memory.Said(shortuuid(memory.SUMMARY), "system", summary(self._memory.turns()))
            self._memory.put_first(entry)
            before |= {entry.item}
            if self._sessions.open:
                self._sessions.present.remember(entry, after="root")
        return lambda: self._show(before)

    def outgrown(self) -> memory.Outgrown | None:
        """What of the model's memory is to be summarised now, if it has outgrown its budget. Ask when no tool runs."""
        items = compaction.outgrown(self._memory, self._limits, self._hearing.unwritten)
        return self._memory.plan(items) if items else None

    def compact(self, outgrown: memory.Outgrown, summary: str) -> tuple[int, int] | None:
        """The model forgets what has outgrown its budget for a summary of it, while it does not reply.

        Returns what it remembered before and remembers now, in tokens; None, without effect, if a handoff has changed
        meanwhile what it shall know.
        """
        size, before = compaction.size(self._memory), self._memory.held()
        if not self._memory.compact(outgrown, summary):
            return None
        self._known.sync(before, self._memory.held())
        return size, compaction.size(self._memory)

    def _show(self, hidden: frozenset[str]) -> None:
        if hidden == self._memory.hidden:
            return
        before = self._memory.held()
        self._memory.hide(hidden)
        self._known.sync(before, self._memory.held())

    def give_result(self, call_id: str, name: str, output: str) -> None:
        """What a tool returned, or why it did not."""
        before = self._memory.held()
        if self._memory.recall(call_id):
            self._known.sync(before, self._memory.held())
        self._known.add(memory.Returned(shortuuid("result_"), call_id, name, output))

    def heard(self, item: str, text: str, heard_ms: int, *, interrupted: bool) -> None:
        """What the caller heard of a message, or will have; of an interrupted one the model forgets the rest."""
        if interrupted:
            self._known.heard(item, text, heard_ms)

    def forget(self, item: str) -> None:
        """The model shall not know any more what was said there."""
        self._known.forget(item)

    def withhold(self, item: str, text: str, heard_ms: int) -> None:
        """Of a message that is not over the caller will hear no more than this, and the model shall know no more."""
        self._known.withhold(item, text, heard_ms)

    def approve(self, item: str, characters: int) -> None:
        """So much of a message, in all, may be remembered."""
        self._memory.approve(item, characters)

    def release(self, item: str) -> None:
        """All of a message may be remembered."""
        self._known.release(item)

    def words(self, item: str) -> str:
        """What the model has said in a message so far, as far as it may be remembered."""
        return self._memory.text(item)

    async def close(self) -> None:
        self._forget_unheard()
        await self._sessions.close()
        self._hearing.release()

    # ---- for its sessions

    def entries(self) -> Sequence[memory.Entry]:
        """All but what is being said at this moment."""
        unfinished = self._sessions.present.unfinished if self._sessions.open else frozenset[str]()
        return [entry for entry in self._memory.entries() if entry.item not in unfinished]

    def fits(self, session: Session) -> bool:
        """Whether its memory can be made what it shall be."""
        return self._known.fits(session)

    @property
    def waits(self) -> bool:
        return self._hearing.awaits_words

    def on_lost(self, reason: str, *, final: bool) -> None:
        if not final:
            self._forget_unheard()
        self._emit(LineLost(reason, final=final))

    def on_refused(self, epoch: int, reason: str) -> None:
        self._emit(ArmRefused(epoch, reason))

    def take_over(self, old: Session, new: Session, why: Move, *, lost: bool) -> None:
        """The new one hears what is in no transcript, and remembers what has changed since it was dialled."""
        if not lost:
            for event in old.left("" if why is Move.HANDOFF else "its session had to be left"):
                self._emit(event)
            for item in old.onsets:  # speech that goes on will be heard by the new one
                stopped = partial(self._emit, SpeechStopped(item, 0))
                self._unheard = asyncio.get_running_loop().call_later(HEARD_S, stopped)
        new.began, again = self._hearing.replay(old.profile.onset_s, lost=lost)
        self._known.take_over(new, again)
        new.link.hear(self._hearing.since(new.began))
        self._emit(LineMoved(why, new.profile.provider, new.profile.model))

    def on_event(self, session: Session, event: LinkEvent) -> None:
        self._hearing.alive(of_speech=isinstance(event, SpeechStarted | Transcript))
        match event:
            case Connected() | GoingAway() | LinkLost():
                return
            case SpeechStarted(item, at_ms):
                self._forget_unheard()
                self._hearing.started(item, session.began, at_ms)
            case SpeechStopped(item, at_ms):
                self._hearing.stopped(item, session.began, at_ms)
            case Transcript(item, final=True):
                self._hearing.written(item)
            case ReplyStarted():
                self._breaker.worked(session.endpoint)
            case _:
                pass
        self._known.on_event(session, event)
        session.on_event(event)
        self._emit(event)

    def _forget_unheard(self) -> None:
        if self._unheard:
            self._unheard.cancel()
            self._unheard = None
