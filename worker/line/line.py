"""One caller's link to the model, across any number of sockets: their audio and the call's memory outlive each."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livekit.agents import llm
from livekit.agents.utils import shortuuid

from agents.spec import MemorySpec
from worker.line import compaction, memory
from worker.line.endpoint import Endpoint
from worker.line.events import (
    Audio,
    LineEvent,
    LineLost,
    LineRestored,
    MessageStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
)
from worker.line.openai import OpenAILink
from worker.line.ring import Ring

logger = logging.getLogger(__name__)

_BEFORE_ONSET_MS = 1000  # the provider's voice detection is that late at most, its padding included


@dataclass(frozen=True, slots=True)
class Arms:
    """Who the model is: what an agent is told, may call, and sounds like."""

    epoch: int
    instructions: str
    tools: tuple[Mapping[str, Any], ...]  # JSON schemas, as OpenAI's Realtime API takes them
    role: str


class Line:
    """Speaks to the provider, remembers what it must know, and makes it whole again when a socket is lost.

    Dials on construction. `emit` gets the events in order, on the loop's thread. While the line is lost the caller's
    audio is kept, requests are the caller's to hold back: see `up`.
    """

    def __init__(
        self, endpoint: Endpoint, first: Arms, emit: Callable[[LineEvent], None], limits: MemorySpec | None = None
    ) -> None:
        self.profile = endpoint.profile
        self.up = True
        self._emit = emit
        self._memory, self._limits = memory.Memory(), limits or MemorySpec()
        self._ring = Ring(self.profile.sample_rate)
        self._onsets: dict[str, int] = {}  # speech that goes on: item -> where the session heard it begin, in ms
        self._unwritten: dict[str, int] = {}  # speech that is in no transcript yet: item -> where it began
        self._stopped: dict[str, int] = {}  # of these, where it ended
        self._written = 0  # up to there, all speech is in transcripts
        self._began = 0  # where this session's audio begins
        self._lost_at = 0
        self._reconnects = 0
        self.armed = first
        self._spoke = False
        self._wanted_restore: Callable[[], object] = lambda: None
        self._link = OpenAILink(
            endpoint.profile,
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            voice=self.profile.voice(first.role),
            emit=self._on_event,
            reconnected=lambda: self._wanted_restore(),
        )
        self.arm(first)

    def on_reconnect(self, restore: Callable[[], object]) -> None:
        """`restore` is called on a new socket; it shall run `self.restore()` in a task of its own."""
        self._wanted_restore = restore

    def hear(self, pcm: bytes) -> None:
        """The caller's audio, PCM16 mono at the profile's rate."""
        self._ring.append(pcm)
        if self.up:
            self._link.hear(pcm)

    def arm(self, arms: Arms) -> None:
        """From the next reply on the model is this agent; a voice that cannot change in an open session stays."""
        self.armed = arms
        voice = self.profile.voice(arms.role)
        self._link.arm(arms.epoch, arms.instructions, arms.tools, voice if self._may_change_voice else None)

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """Asks for a reply; `hint` is added to the agent's instructions for this reply only. Returns the request's id."""
        return self._link.ask(f"{self.armed.instructions}\n\n{hint}" if hint else None, tools=tools)

    def cancel(self, reply: str | None = None) -> None:
        self._link.cancel(reply)

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
            if self.up:
                self._link.remember(entry, after="root")
        return lambda: self._show(before)

    def outgrown(self) -> memory.Outgrown | None:
        """What of the model's memory is to be summarised now, if it has outgrown its budget. Ask when no tool runs."""
        items = compaction.outgrown(self._memory, self._limits, self._unwritten.keys())
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
        if not self.up:
            return  # the session to come is filled with what is shared
        known, wanted = {entry.item for entry in before}, {entry.item for entry in after}
        for entry in before:
            if entry.item not in wanted:
                self._link.forget(entry.item)
        previous = "root"
        for entry in after:
            if entry.item not in known:
                self._link.remember(entry, after=previous)
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
        if heard_ms > 0:
            self._memory.word(item, text)
            self._memory.sounds(item, heard_ms)
        else:
            self._memory.forget(item)
        if self.up:
            self._link.truncate(item, heard_ms)

    def words(self, item: str) -> str:
        """What the model has said in a message so far."""
        return self._memory.text(item)

    async def restore(self) -> None:
        """Fills a new session: who the model is, what it must remember, and what the caller said meanwhile."""
        self._reconnects += 1
        this = self._reconnects
        self._spoke = False
        self.arm(self.armed)
        filled = self._memory.entries()
        try:
            await self._link.restore(filled)
        except llm.RealtimeError:
            logger.warning("the provider did not confirm the call's memory; going on without part of it")
        if this != self._reconnects:
            return  # lost again meanwhile: the restore of the newer socket speaks for the line
        for item in self._unwritten:
            self._memory.forget(item)
        start = max(self._written, min([*self._unwritten.values(), self._before(self._lost_at)]))
        self._unwritten.clear()
        self._onsets.clear()
        self._stopped.clear()
        self._memory.restored()
        self._began = start
        if not self.up:
            self.up = True
            self._sync(filled, self._memory.entries())  # what was typed or shared while the session was being filled
        self._link.hear(self._ring.since(start))
        self._emit(LineRestored())

    async def close(self) -> None:
        await self._link.close()

    @property
    def _may_change_voice(self) -> bool:
        return self.profile.changes_voice or not self._spoke

    def _remember(self, entry: memory.Entry) -> None:
        self._memory.add(entry)
        if self.up:
            self._link.remember(entry)

    def _position(self, ms: int) -> int:
        """Where a moment of this session's audio is in the call's; not before it, not after now."""
        return min(self._ring.position, self._began + max(0, ms) * self.profile.sample_rate // 1000)

    def _before(self, position: int) -> int:
        return max(0, position - self.profile.sample_rate * _BEFORE_ONSET_MS // 1000)

    def _on_event(self, event: LineEvent) -> None:
        match event:
            case SpeechStarted(item, at_ms):
                self._onsets[item] = at_ms
                self._unwritten[item] = self._position(at_ms)
            case SpeechStopped(item, at_ms):
                self._stopped[item] = self._position(at_ms)
                self._memory.add(memory.Said(item, "user", ""))
                self._memory.sounds(item, at_ms - self._onsets.pop(item, at_ms))
            case Transcript(item, text, final=True):
                self._unwritten.pop(item, None)
                self._written = max(self._written, self._stopped.pop(item, 0))
                self._memory.word(item, text)
            case MessageStarted(_, item):
                self._spoke = True
                self._memory.add(memory.Said(item, "assistant", ""))
            case Audio(_, item, pcm):
                ms = len(pcm) * 500 // self.profile.sample_rate
                self._memory.sounds(item, self._memory.audio_ms(item) + ms)
            case Text(_, item, text):
                self._memory.more(item, text)
            case ToolRequested(_, item, call_id, name, arguments):
                self._memory.add(memory.Called(item, call_id, name, arguments))
            case LineLost():
                if not self.up and not event.final:
                    return  # one loss, told once, however many attempts it takes to mend
                self.up = False
                self._lost_at = self._ring.position
            case _:
                pass
        self._emit(event)
