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
from worker.line.failures import CODES
from worker.line.link import Arms, Dial, Link
from worker.line.openai import OpenAILink
from worker.line.profile import Profile
from worker.line.ring import Ring
from worker.line.session import Session
from worker.line.sessions import Sessions
from worker.line.speech import Speech
from worker.line.unanswered import Unanswered

NOTICED_MS = 200  # so long after the silence that ends a turn, a session that hears the caller has said so
FRAMES = 60  # of a session that forgets nothing: with so many, it is left for another in the next pause
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
        self._emit, self._holds = emit, holds
        self._cut_ms: dict[str, int] = {}  # of messages that were cut: after how many ms
        self._memory, self._limits = past or memory.Memory(), limits or MemorySpec()
        self._pictures, self._frames = pictures, frames
        self._memory.look(pictures if first.sees else 0, pictures)
        self._memory.watch(first.watches)
        self._sessions = Sessions(first, self, breaker, dials, self._memory.entries())
        self._memory.restored()
        self._breaker = breaker
        self._ring = Ring(self.profile.sample_rate)
        self._speech = Speech(self.profile.sample_rate)
        self._unanswered = Unanswered(self.profile.sample_rate, self.profile.silence_ms + NOTICED_MS)
        self._alive_at = 0  # in samples: the last sign of life of the present session, or its beginning
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
        self._ring.append(pcm)
        if self._sessions.open:
            self._sessions.present.link.hear(pcm)
            if self._unanswered.hear(pcm):
                self.give_up("the model does not hear the caller")

    def arm(self, arms: Arms) -> None:
        """From the next reply on the model is this agent; ArmRefused(epoch) comes if it cannot be."""
        before = self._memory.held()
        self._memory.look(self._pictures if arms.sees else 0, self._pictures)
        self._memory.watch(arms.watches)
        if (after := self._memory.held()) != before:
            self._sync(before, after)
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
        return (self._ring.position - self._position(at_ms)) * 1000 // self.profile.sample_rate

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
        self._remember(memory.Said(shortuuid("typed_"), "user", text))

    def show(self, text: str, pictures: Sequence[bytes], about: str = "") -> None:
        """What the caller shows: JPEGs, what the model is told of them, and what is on them, as far as it is known."""
        before = self._memory.held()
        self._memory.show(memory.Shown(shortuuid("shown_"), text, tuple(pictures), about))
        *older, newest = self._memory.held()
        self._sync(before, older)
        if self._sessions.open:
            self._sessions.present.remember(newest)

    def see(self, source: Source, text: str, picture: bytes, about: str = "", whose: str = "") -> None:
        """What somebody's camera or screen shows now; the rest is as in `show`. Frames that are too many are forgotten."""
        if source not in self.armed.watches:
            return
        before = self._memory.held()
        self._memory.see(memory.Frame(shortuuid("frame_"), source, text, picture, about, whose), self._frames)
        *older, newest = self._memory.held()
        self._sync(before, older)
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
            self._sync(before, after)

    def note(self, text: str) -> None:
        """Something the model shall know that nobody said."""
        self._remember(memory.Said(shortuuid("note_"), "system", text))

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
        if not self._sessions.open:
            return  # the session to come is filled with what is shared
        session = self._sessions.present
        known, wanted = {entry.item for entry in before}, {entry.item for entry in after}
        if self.profile.removes_items:
            for entry in before:
                if entry.item not in wanted:
                    session.link.forget(entry.item)
        else:
            known = session.items
            self._sessions.stale = bool(known & self._memory.withheld) or session.frames > FRAMES
        previous = "root"
        for entry in after:
            if entry.item not in known:
                session.remember(entry, after=previous)
                self._memory.sounds(entry.item, 0)
            previous = entry.item

    def _correct(self, given: Sequence[memory.Entry]) -> None:
        """What a session was given as text, and has come out otherwise."""
        for entry in given:
            if isinstance(entry, memory.Said) and entry.role == "assistant":
                text = self._memory.text(entry.item)
                if text and text != entry.text:
                    self._change(entry.item, text)

    def _change(self, item: str, heard: str) -> None:
        """A message that the present session has as text."""
        if self.profile.removes_items:
            self._sessions.present.link.forget(item)
            self._put_back(item)
        else:
            self.note(f'Of your last words the caller has heard only: "{heard}"')

    def give_result(self, call_id: str, name: str, output: str) -> None:
        """What a tool returned, or why it did not."""
        before = self._memory.held()
        if self._memory.recall(call_id):
            self._sync(before, self._memory.held())
        self._remember(memory.Returned(shortuuid("result_"), call_id, name, output))

    def heard(self, item: str, text: str, heard_ms: int, *, interrupted: bool) -> None:
        """What the caller heard of a message, or will have; of an interrupted one the model forgets the rest."""
        if not interrupted or self._cut_ms.get(item) == heard_ms:
            return
        self._cut_ms[item] = heard_ms
        as_sound = self._memory.audio_ms(item) > 0
        if heard_ms > 0:
            self._memory.word(item, text)
            self._memory.sounds(item, heard_ms if as_sound else 0)
        else:
            self._memory.forget(item)
        if not self._sessions.open:
            return
        if as_sound and heard_ms > 0 and self.profile.truncates:
            self._sessions.present.link.truncate(item, heard_ms)
        elif heard_ms > 0:
            self._change(item, text)
        elif self.profile.removes_items:
            self._sessions.present.link.forget(item)
        else:
            self.note("The caller has heard nothing of your last words.")

    def forget(self, item: str) -> None:
        """The model shall not know any more what was said there."""
        self._memory.forget(item)
        if self._sessions.open and item in self._sessions.present.items:
            self._unlearn(item)

    def withhold(self, item: str, text: str, heard_ms: int) -> None:
        """Of a message that is not over the caller will hear no more than this, and the model shall know no more."""
        self.heard(item, text, heard_ms, interrupted=True)
        if self._sessions.open and not self.profile.removes_items:
            self._unlearn(item)

    def _unlearn(self, item: str) -> None:
        """A session that cannot forget is left for another in the next pause."""
        if self.profile.removes_items:
            self._sessions.present.link.forget(item)
        else:
            self._memory.spoil(item)
            self._sessions.stale = True

    def _put_back(self, item: str) -> None:
        previous = "root"
        for entry in self._memory.held():
            if entry.item == item:
                self._sessions.present.remember(entry, after=previous)
            previous = entry.item

    def approve(self, item: str, characters: int) -> None:
        """So much of a message, in all, may be remembered."""
        self._memory.approve(item, characters)

    def release(self, item: str) -> None:
        """All of a message may be remembered: by a session, too, that has come meanwhile and knows but what had passed."""
        before = self._memory.text(item)
        self._memory.release(item)
        if not self._sessions.open or (text := self._memory.text(item)) == before:
            return
        session = self._sessions.present
        if item in {entry.item for entry in session.given}:
            self._change(item, text)
        elif item not in session.items:
            self._put_back(item)

    def words(self, item: str) -> str:
        """What the model has said in a message so far, as far as it may be remembered."""
        return self._memory.text(item)

    async def close(self) -> None:
        self._forget_unheard()
        await self._sessions.close()

    def _remember(self, entry: memory.Entry) -> None:
        self._memory.add(entry)
        if self._sessions.open:
            self._sessions.present.remember(entry)

    # ---- for its sessions

    def entries(self) -> Sequence[memory.Entry]:
        """All but what is being said at this moment."""
        unfinished = self._sessions.present.unfinished if self._sessions.open else frozenset[str]()
        return [entry for entry in self._memory.entries() if entry.item not in unfinished]

    def fits(self, session: Session) -> bool:
        """Whether its memory can be made what it shall be."""
        return session.profile.removes_items or not session.items & self._memory.withheld

    @property
    def waits(self) -> bool:
        return self._speech.awaited

    def on_lost(self, reason: str, *, final: bool) -> None:
        if not final:
            self._forget_unheard()
        self._emit(LineLost(reason, final=final))

    def on_refused(self, epoch: int, reason: str) -> None:
        self._emit(ArmRefused(epoch, reason))

    def take_over(self, old: Session, new: Session, why: Move, *, lost: bool) -> None:
        """The new one hears what is in no transcript, and remembers what has changed since it was dialled."""
        for event in [] if lost else self._left(old, why):
            self._emit(event)
        alive = self._ring.position if not lost and self._unanswered.heard_nothing else self._alive_at
        start, again = self._speech.replay(alive, old.profile.onset_s)
        self._alive_at = new.began = max(start, self._ring.oldest)
        self._unanswered.said_something()
        for item in again:
            self._memory.forget(item)
        self._memory.restored()
        self._sync(new.given, self._memory.entries())
        self._correct(new.given)
        new.link.hear(self._ring.since(new.began))
        self._emit(LineMoved(why, new.profile.provider, new.profile.model))

    def _left(self, old: Session, why: Move) -> list[LineEvent]:
        """How what an open session was at ends for the call. Speech that goes on will be heard by the new one."""
        failure = "" if why is Move.HANDOFF else "its session had to be left"
        ended: list[LineEvent] = [MessageEnded(reply, item) for reply, items in old.replies.items() for item in items]
        ended += [ReplyEnded(reply, failure) for reply in old.replies]
        ended += [AskRefused(ask, "moved") for ask in old.asked]
        for item in old.onsets:
            self._unheard = asyncio.get_running_loop().call_later(HEARD_S, partial(self._emit, SpeechStopped(item, 0)))
        return ended

    def on_event(self, session: Session, event: LinkEvent) -> None:
        self._alive_at = self._ring.position
        self._unanswered.said_something(of_speech=isinstance(event, SpeechStarted | Transcript))
        match event:
            case Connected() | GoingAway() | LinkLost():
                return
            case SpeechStarted(item, at_ms):
                self._forget_unheard()
                session.onsets[item] = at_ms
                self._speech.started(item, self._position(at_ms))
            case SpeechStopped(item, at_ms):
                self._speech.stopped(item, self._position(at_ms))
                session.items.add(item)
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
                session.items.add(item)
                self._memory.add(memory.Said(item, "assistant", ""))
                if self._holds:
                    self._memory.hold(item)
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
                session.items.add(item)
                self._memory.add(memory.Called(item, call_id, name, arguments))
            case _:
                pass
        self._emit(event)

    def _forget_unheard(self) -> None:
        if self._unheard:
            self._unheard.cancel()
            self._unheard = None

    def _position(self, ms: int) -> int:
        """Where a moment of this session's audio is in the call's; not before it, not after now."""
        return min(self._ring.position, self._sessions.present.began + max(0, ms) * self.profile.sample_rate // 1000)
