"""One call, from join to leave: what the caller and the model do comes in, and one conversation goes out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livekit.agents import llm

from agents import context
from agents.recording import greeting_hint
from agents.spec import TeamSpec
from tools.context import CallContext
from worker.arrival import Arrival
from worker.background import Start, background
from worker.gate.audio_gate import AudioGate, AudioSink
from worker.gate.checking import Checked
from worker.gate.guard import Panel
from worker.gate.guarding import GuardEvent
from worker.gate.listening import Screened
from worker.gate.tool_checks import ToolChecks
from worker.journal import events as journal
from worker.journal.files import Files
from worker.journal.journal import Journal
from worker.journal.replay import reads
from worker.journaling import Journaling
from worker.line.cost import Account, Prices, shipped
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    AskRefused,
    Audio,
    Interrupted,
    LineEvent,
    LineLost,
    LineMoved,
    MessageEnded,
    MessageStarted,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
    Usage,
)
from worker.line.line import DIALS, Line
from worker.line.link import Dial
from worker.line.profile import fitting
from worker.looking.looking import Camera, NoCamera
from worker.mcp.servers import McpServers
from worker.outage import Speak
from worker.recording.recording import Recording
from worker.resume import Orphan
from worker.room.events import (
    Came,
    Dialled,
    Filming,
    Gone,
    Left,
    MuteAsked,
    Press,
    Pressed,
    Replying,
    RoomEvent,
    Sending,
    Shown,
    Typed,
    Warned,
)
from worker.room.outbox import Outbox
from worker.room.sound_bed import SoundBed
from worker.room.sounds import Sound
from worker.sight import look
from worker.spending import Spending
from worker.summarising import Summarised
from worker.team.promises import Promises
from worker.team.staff import Staff
from worker.team.text_models import TextModel
from worker.team.tool_runs import Tell, ToolDone, ToolEvent, ToolSlow, ToolTold
from worker.turns.arbiter import Reason
from worker.turns.limits import Limits
from worker.wiring import Wiring

WRITTEN_MS = 5_000  # what the caller has said is in a transcript by then, or never will be


@dataclass(frozen=True, slots=True)
class _Tick:
    """A deadline may have come."""


CallEvent = LineEvent | RoomEvent | ToolEvent | GuardEvent | Summarised | _Tick


class Call:
    """All that happens in a call passes through `handle`, one thing at a time: no two parts decide at once.

    `endpoints` names for each agent whose model speaks, in the order of preference. `today` is what agents are told of
    the date, `make_context` gives a tool what it may see, `text_models` names what each sub-agent thinks with. `shorten`
    summarises what a long call has outgrown, given as (role, text); it takes its time, and never raises. `spent_today`
    tells what all calls of the day have cost, None when nobody knows. `speak` is the voice that needs no provider. `files`
    keeps the recording, where the team wants one. `sound` is heard while the caller waits for a tool. What `guards` watch
    is held back until they have let it pass. `describe` says what is on a JPEG, for a model that takes none, and for
    guards. `camera` is what of the caller can be looked at. `orphan` is the call as another worker has left it, for one that
    goes on here; `arrival` is what is known of the caller who has joined. `dials` is how providers are dialled, by protocol.
    """

    def __init__(
        self,
        *,
        team: TeamSpec,
        endpoints: Mapping[str, tuple[Endpoint, ...]],
        text_models: Mapping[str, TextModel],
        caller: str,
        sink: AudioSink,
        outbox: Outbox,
        journal: Journal,
        today: str,
        make_context: Callable[[str, llm.FunctionToolCall, dict[str, Any], Tell], CallContext],
        speak: Speak,
        shorten: Callable[[Sequence[tuple[str, str]]], Awaitable[str]] = context.shorten,
        mcp: McpServers | None = None,
        prices: Prices | None = None,
        spent_today: Callable[[], Awaitable[float | None]] | None = None,
        files: Files | None = None,
        sound: Sound | None = None,
        guards: Panel | None = None,
        describe: Callable[[bytes], Awaitable[str]] = look,
        camera: Camera | None = None,
        orphan: Orphan | None = None,
        arrival: Arrival | None = None,
        dials: Mapping[str, Dial] = DIALS,
    ) -> None:
        self._team, self._outbox, self._journal = team, outbox, journal
        self._inbox = asyncio.Queue[CallEvent]()  # unbounded: every event is handled at once
        self._timer: asyncio.TimerHandle | None = None
        self._ended = ""
        past = orphan.past if orphan else None
        self._journaling = journaling = Journaling(
            journal,
            past.events if past else (),
            epoch=lambda: self._orchestrator.epoch,
            facts=lambda: self._orchestrator.facts,
            used=lambda event: self._spending.count_sub_agent(event),
        )
        record = journaling.record
        promises = Promises(
            team,
            lambda agent, call, tell: self._staff.context(agent, call, tell),
            present=lambda: self._orchestrator.agent,
            record=record,
            put=self.put,
        )
        tool_checks = guards and ToolChecks(
            guards, record=record, told=journaling.known.told, hand_over=promises.person_needed
        )
        self._staff = staff = Staff(
            team,
            endpoints=endpoints,
            text_models=text_models,
            today=today,
            references=journaling.references,
            make_context=make_context,
            mcp=mcp,
            check=tool_checks.check if tool_checks else None,
            record=record,
            put=self.put,
            orphan=orphan,
            arrival=arrival,
        )
        self._orchestrator, self._tools = staff.orchestrator, staff.tools
        journal.standing = lambda: self._orchestrator.snapshot().as_json()
        journal.follow(self._orchestrator.facts)
        self._line = line = Line(
            staff.briefing.present(),
            self._inbox.put_nowait,
            team.memory,
            past.memory if past else None,
            pictures=team.showing.remembered,
            frames=team.showing.frames,
            holds=guards is not None and any(guards.watches("output", name) for name in team.speakers),
            dials=dials,
        )
        rate, began = line.profile.sample_rate, self._now() - journal.now_ms / 1000
        self._recording = recording = Recording(
            team.recording,
            files,
            journal.call,
            sample_rate=rate,
            now_s=lambda: self._now() - began,
            record=record,
            redacts=bool(team.redact.what),
        )
        if orphan:
            orphan.tell(recording)
        journal.mutes(lambda side, start, end: recording.mute(start * rate // 1000, end * rate // 1000, side))
        tapped = recording.tap(sink)
        self._bed = SoundBed(tapped, sound, rate, team.background.after_s) if sound is not None else None
        self._gate = AudioGate(self._bed or tapped, rate, lambda event: self._parts.gate_reports.take(event))
        self._gate.silence(past is not None and reads(past.events))
        limits = Limits(team.limits, self._now() - (past.at_ms / 1000 if past else 0.0))
        account = Account(prices or shipped(), past.spent if past else 0.0)
        per_day = spent_today if team.limits.cost_per_day else None
        self._spending = Spending(account, limits, per_day, text_models, record=record)
        self._parts = Wiring(
            staff,
            journaling,
            promises,
            line,
            self._gate,
            recording,
            limits,
            outbox,
            journal,
            caller=caller,
            sees=not (arrival and arrival.telephone),
            orphan=orphan,
            guards=guards,
            files=files,
            camera=camera or NoCamera(),
            size=fitting(endpoint.profile for each in endpoints.values() for endpoint in each),
            describe=describe,
            shorten=shorten,
            speak=speak,
            clock=self._now,
            put=self.put,
            tick=self._tick,
            end=self._end,
        )

    def put(self, event: CallEvent) -> None:
        """Something happened in the room."""
        self._inbox.put_nowait(event)

    def audience(self, present: bool) -> None:
        """Whether the caller can hear yet; until then what is said waits."""
        self._gate.audience(present)

    def hear(self, *frames: bytes) -> None:
        """Frames of the caller's microphone that come together, all of one length: PCM16 mono at the profile's rate."""
        parts = self._parts
        if parts.side_talk.on or not frames:
            return
        heard = [parts.floor.hear(pcm) for pcm in frames]  # first: who speaks over a reply waits for silence
        pcm = b"".join(frames)  # a message to the provider costs more than what is in it
        self._line.hear(pcm)
        self._recording.hear(pcm)
        if parts.looking.hear(loud=parts.floor.loud) or any(heard):
            self._set_timer()
        self._follow_waiting()
        if complaint := parts.floor.complaint():
            self.put(Warned(*complaint))

    def hear_person(self, who: str, track: str, frames: Sequence[bytes]) -> None:
        """The same of one of several people, each with a track of their own."""
        self.hear(*self._parts.people.hear(who, track, frames))

    def track_ended(self, who: str, track: str) -> None:
        self.hear(*self._parts.people.ended(who, track))

    async def run(self) -> str:
        """Holds the call until the caller leaves or the line is dead. Returns why it ended."""
        parts = self._parts
        if not parts.resume:
            greet = "The caller has just joined. Greet them, in one or two sentences."
            parts.replies.want(Reason.ENTRY, greet + greeting_hint(self._team.recording))
        self._recording.begin()
        try:
            await self._spending.look_up_day()  # who calls on a day that is used up is greeted with a goodbye
            async with background(*self._running()) as start:
                if parts.resume:
                    parts.resume.go_on(start)
                self._advance(start)
                while not self._ended:
                    self._handle(await self._inbox.get(), start)
                    self._advance(start)
                self._gate.cut()
        finally:
            if self._timer:
                self._timer.cancel()
            await self.close()
        return self._ended

    async def close(self) -> None:
        """For a call that is never `run`; one that was has closed."""
        await self._recording.close()
        await self._line.close()
        await self._staff.sub_agents.aclose()

    def _running(self) -> list[Coroutine[Any, Any, None]]:
        bed = [self._bed.run()] if self._bed else []
        day = self._spending.follow_day(self._tick)
        return [self._gate.run(), day, self._recording.run(), self._parts.floor.prepare(), *bed]

    def _handle(self, event: CallEvent, start: Start) -> None:
        parts = self._parts
        parts.spoken.follow(event)
        match event:
            case SpeechStarted():
                parts.endings.caller_is_there()
                parts.floor.speech_started(event)
            case SpeechStopped(item):
                parts.people.stopped(item, parts.spoken.times(item))
                if parts.guarding:
                    parts.guarding.listening.ended(item)
                parts.floor.speech_stopped(event)
            case Transcript():
                self._on_transcript(event)
            case ReplyStarted(reply, "") if not self._line.profile.own_turns and parts.side_talk.on:
                self._line.cancel(reply)  # it is asked for again when somebody may hear it
                parts.turn_taken.take(self._now())
            case ReplyStarted(reply, "") if not self._line.profile.own_turns:
                self._on_answered(reply)
            case ReplyStarted() | MessageStarted() | Text() | Audio() | MessageEnded() | ReplyEnded():
                parts.replies.handle(event)
            case AskRefused(ask, code):
                detail = f"The provider refused a reply: {code}."
                self._journaling.record(journal.CallWarned(code="line.refused", detail=detail))
                parts.replies.refused(ask, code)
            case ToolRequested():
                parts.delegation.tool_requested(event, start)
            case ToolDone():
                parts.delegation.tool_done(event)
            case ToolSlow(call_id):
                parts.delegation.tool_slow(call_id)
            case ToolTold():
                parts.delegation.tool_told(event)
            case ArmRefused():
                parts.line_changes.refused(event)
            case LineLost():
                parts.line_changes.lost(event, start)
            case LineMoved():
                parts.line_changes.moved(event)
            case Interrupted() if not parts.outage.speaking:
                parts.replies.cut()
            case Interrupted():
                pass  # what a model says is interrupted; who speaks in its place is cut by what the caller says
            case Usage():
                profile, agent = self._line.profile, parts.replies.agent_of(event.reply) or self._orchestrator.agent
                self._spending.count(agent, profile.provider, profile.model, event)
            case Came(participant):
                if parts.people.came(event):
                    start(self._tell_past(participant))
                parts.floor.several = parts.people.several
                parts.text_replies.came(participant)
            case Gone():
                parts.people.gone(event)
            case MuteAsked(participant, True):
                if not (parts.insists or parts.endings.leaving):
                    parts.side_talk.begin(participant)
            case MuteAsked(participant):
                parts.side_talk.end(participant)
                parts.endings.caller_is_there()
            case Typed():
                parts.writing.typed(event)
            case Pressed():
                if not parts.insists:
                    parts.floor.pressed()
            case Dialled():
                parts.writing.dialled(event)
            case Press():
                parts.cards.press(event)
            case Replying():
                parts.text_replies.wish(event)
            case Sending():
                parts.showing.sending(event)
            case Shown():
                parts.endings.caller_is_there()
                parts.showing.shown(event)
                parts.delegation.rearm()
            case Filming():
                parts.looking.filming(event)
            case Warned(code, detail, stream):
                parts.showing.failed(stream)
                self._journaling.record(journal.CallWarned(code=code, detail=detail, stream=stream))
            case Left(reason):
                self._ended = reason
            case Checked() | Screened():
                if parts.guarding:
                    parts.guarding.handle(event)
            case Summarised():
                parts.summarising.ready(event)
            case _Tick():
                parts.floor.watch()

    async def _tell_past(self, person: str) -> None:
        """What has happened before they came."""
        self._outbox.past(person, await self._journal.past())

    # ---- the caller

    def _on_transcript(self, heard: Transcript) -> None:
        parts = self._parts
        if not heard.final:
            return
        text = heard.text.strip()
        if text:
            self._journaling.record(parts.people.said(heard.item, text, parts.spoken.take(heard.item)))
        if parts.guarding:
            parts.guarding.listening.said(heard.item, text)
        parts.floor.transcript(heard)

    def _on_answered(self, reply: str) -> None:
        """A model that keeps turns itself took what the caller said for one, and replies."""
        parts = self._parts
        parts.floor.answered()
        if self._orchestrator.switching:
            self._line.cancel(reply)  # the next agent answers
        else:
            parts.replies.answers(reply, self._orchestrator.agent, self._orchestrator.epoch)

    # ---- the model's reply

    def _advance(self, start: Start) -> None:
        """Asks for the next reply, if it is time for one."""
        parts = self._parts
        if parts.guarding:
            parts.guarding.watch(start)
        parts.replies.watch()
        self._recording.follow(self._orchestrator.facts)
        if not parts.outage.parting:
            parts.endings.keep(start, muted=parts.side_talk.on)
        if parts.insists or parts.endings.leaving:
            parts.side_talk.end()
        parts.side_talk.watch()
        if not parts.endings.leaving:
            parts.corrections.watch()
            for delegated in self._orchestrator.delegate():
                parts.delegation.carry_out(delegated, start)
        quiet = self._is_idle and not parts.endings.leaving
        self._line.pause(quiet)
        if self._line.up and quiet:
            parts.summarising.watch(start)
            for command in self._orchestrator.idle():
                parts.delegation.carry_out(command, start)
        if not parts.insists:
            parts.showing.watch(start)
        parts.looking.watch(start)
        speaking, muted = parts.floor.speaking, parts.side_talk.on
        parts.silence.listen(caller_speaking=speaking, insists=parts.insists or muted)
        judged = bool(parts.guarding and parts.guarding.listening.busy)
        waits = (speaking or judged or parts.showing.busy or parts.looking.busy) and not parts.endings.insists
        parts.replies.ask(self._orchestrator.agent, self._orchestrator.epoch, caller_speaking=waits or muted)
        self._follow_waiting()
        parts.outage.watch(start, caller_speaking=parts.floor.loud or muted)
        self._set_timer()
        parts.state.show()
        parts.state.show_plan()
        unwritten = parts.spoken.ended_ms > self._journal.now_ms - WRITTEN_MS
        parts.noting.caller(speaks=parts.floor.caller_speaking or unwritten)

    @property
    def _is_idle(self) -> bool:
        """Nobody speaks, or is about to, and nobody waits for a tool."""
        parts = self._parts
        waits = parts.replies.running or parts.replies.due or self._tools.awaited
        return not (waits or self._gate.audible or parts.floor.undecided)

    def _end(self, reason: str) -> None:
        self._ended = reason

    # ---- small things

    def _follow_waiting(self) -> None:
        """A caller who waits for a tool, while nobody speaks, may hear a sound."""
        parts = self._parts
        if self._bed:
            replying = parts.replies.running or parts.replies.due or self._gate.audible
            speech = replying or parts.floor.caller_speaking or parts.floor.loud
            waiting = self._tools.awaited and not (parts.side_talk.on or self._gate.silent)
            self._bed.follow(self._now(), waiting=waiting, speech=speech)

    def _set_timer(self) -> None:
        """Wakes `run` at the next deadline."""
        parts = self._parts
        if self._timer:
            self._timer.cancel()
            self._timer = None
        deadlines = [
            parts.showing.deadline,
            parts.looking.deadline,
            parts.floor.deadline,
            parts.watchdog.deadline,
            parts.outage.deadline,
        ]
        if parts.guarding:
            deadlines.append(parts.guarding.deadline)
        if not parts.outage.parting:
            deadlines += parts.endings.deadlines
        if self._bed:
            deadlines.append(self._bed.deadline)
        if due := [deadline for deadline in deadlines if deadline is not None]:
            self._timer = asyncio.get_running_loop().call_at(min(due), self.put, _Tick())

    def _tick(self) -> None:
        """A deadline may have come."""
        self.put(_Tick())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
