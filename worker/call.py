"""One call, from join to leave: what the caller and the model do comes in, and one conversation goes out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livekit.agents import llm
from livekit.agents.utils import shortuuid
from prometheus_client import Counter

from agents import context
from agents.orchestrator import Orchestrator
from agents.recording import greeting_hint
from agents.spec import FactSpec, TeamSpec
from tools.context import CallContext
from worker.agent_state import AgentState
from worker.arrival import Arrival
from worker.background import Start, background
from worker.briefing import Briefing
from worker.cards import Cards
from worker.checking import Checked
from worker.corrections import Corrections
from worker.delegation import Delegation
from worker.endings import Endings
from worker.gate.audio_gate import AudioGate, AudioSink
from worker.gate.guard import Finding, Panel
from worker.gate.known import Known
from worker.gate_reports import GateReports
from worker.guarding import GuardEvent, Guarding
from worker.journal import events as journal
from worker.journal import pointing
from worker.journal.files import Files
from worker.journal.journal import Journal
from worker.journal.replay import reads
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
from worker.line.line import Line
from worker.line.profile import fitting
from worker.line_changes import LineChanges
from worker.listening import Screened
from worker.looking.looking import Camera, Looking, NoCamera
from worker.mcp.servers import McpServers
from worker.moment import Noting
from worker.outage import Outage, Speak
from worker.people import People
from worker.promises import Promises
from worker.recording.recording import Recording
from worker.replies import Replies
from worker.resume import Orphan, Resume
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
from worker.room.spoken_times import SpokenTimes
from worker.showing import Showing
from worker.side_talk import SideTalk
from worker.sight import look
from worker.silence import Silence
from worker.spending import Spending
from worker.sub_agents import SubAgents
from worker.summarising import Summarised, Summarising
from worker.text_models import TextModel
from worker.text_replies import TextReplies
from worker.tool_checks import ToolChecks
from worker.tool_runs import Tell, ToolDone, ToolEvent, ToolRuns, ToolSlow, ToolTold
from worker.toolbox import Toolbox
from worker.turns.arbiter import Reason
from worker.turns.floor import Floor
from worker.turns.limits import Limits
from worker.turns.long_silence import LongSilence
from worker.turns.watchdog import Watchdog
from worker.writing import Writing

WRITTEN_MS = 5_000  # what the caller has said is in a transcript by then, or never will be
_FIRED = Counter("baton_watchdog_total", "What was done about answers that did not come.", ["action"])


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
    goes on here; `arrival` is what is known of the caller who has joined.
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
    ) -> None:
        self._team = team
        self._outbox, self._journal = outbox, journal
        self._known = Known(lambda: self._orchestrator.facts)
        tool_checks = guards and ToolChecks(
            guards, record=self._record, told=self._known.told, hand_over=self._call_person
        )
        check = tool_checks.check if tool_checks else None
        self._sub_agents = SubAgents(team, text_models, today, self._record, mcp, check)
        toolboxes: Mapping[str, Toolbox] = {
            name: Toolbox(agent, team.facts, list(team.speakers), self._sub_agents.asked_by(agent), mcp, check)
            for name, agent in team.speakers.items()
        }
        roles = {name: box.role for name, box in toolboxes.items()}
        self._orchestrator = Orchestrator(roles, team.start, team.facts)
        past = orphan.past if orphan else None
        if orphan:
            orphan.restore(self._orchestrator, team.speakers)
        journal.standing = lambda: self._orchestrator.snapshot().as_json()
        facts = self._orchestrator.facts
        facts.update(arrival.facts if arrival else {})
        journal.follow(facts)
        self._make_context: Callable[[str, llm.FunctionToolCall, Tell], CallContext] = lambda agent, call, tell: (
            make_context(agent, call, facts, tell)
        )
        self._tools = ToolRuns(toolboxes, self._make_context, self.put)
        self._inbox = asyncio.Queue[CallEvent]()  # unbounded: every event is handled at once
        self._briefing = Briefing(
            team, endpoints, toolboxes, self._orchestrator, today, arrival.told if arrival else ""
        )
        holds = guards is not None and any(guards.watches("output", name) for name in team.speakers)
        for event in past.events if past else ():
            pointing.note(self._briefing.references, event)
            self._known.note(event)
        memory = past.memory if past else None
        pictures = team.showing.remembered
        self._line = Line(
            self._briefing.present(),
            self._inbox.put_nowait,
            team.memory,
            memory,
            pictures=pictures,
            frames=team.showing.frames,
            holds=holds,
        )
        began = self._now() - journal.now_ms / 1000
        self._recording = Recording(
            team.recording,
            files,
            journal.call,
            sample_rate=self._line.profile.sample_rate,
            now_s=lambda: self._now() - began,
            record=self._record,
            redacts=bool(team.redact.what),
        )
        if orphan:
            orphan.tell(self._recording)
        rate, tapped = self._line.profile.sample_rate, self._recording.tap(sink)
        self._bed = SoundBed(tapped, sound, rate, team.background.after_s) if sound is not None else None
        self._gate = AudioGate(self._bed or tapped, rate, lambda event: self._gate_reports.take(event))
        self._reads = lambda: guards is not None and guards.watches("output", self._orchestrator.agent)
        self._gate.silence(past is not None and reads(past.events))
        self._guarding = guards and Guarding(
            guards,
            team,
            self._gate,
            self._line,
            replies=lambda: self._replies,
            clock=self._now,
            put=self.put,
            record=self._record,
            write=lambda written: self._writing.write(written),
            present=self._present,
            told=self._known.told,
            hand_over=self._call_person,
            speak=lambda sentence: self._outage.unanswered(sentence),
            release=lambda: self._floor.release(),
        )
        self._watchdog = Watchdog()
        journal.mutes(lambda side, start, end: self._recording.mute(start * rate // 1000, end * rate // 1000, side))
        self._spoken = SpokenTimes(lambda: self._journal.now_ms, self._line.ago_ms)
        self._replies = Replies(
            self._line,
            self._guarding.checking if self._guarding else self._gate,
            self._watchdog,
            clock=self._now,
            record=self._record,
            begun=lambda epoch: self._delegation.begun(epoch),
            not_begun=lambda epoch, why: self._delegation.not_begun(epoch, why),
            gave_up=lambda sentence: self._outage.unanswered(sentence),
            how_it_goes=self._tools.sentence,
        )
        self._cards = Cards(
            past.events if past else (),
            sees=not (arrival and arrival.telephone),
            record=self._record,
            keep=self._keep,
            write=lambda written: self._writing.take(written),
            note=lambda values: self._delegation.filled_in(values),
            agree=self._orchestrator.agreed,
            send=outbox.file,
        )
        self._delegation = Delegation(
            team,
            self._orchestrator,
            self._briefing,
            toolboxes,
            self._tools,
            self._line,
            self._replies,
            self._cards,
            record=self._record,
            now_ms=lambda: self._journal.now_ms,
            audible=lambda: self._gate.audible,
        )
        self._outage = Outage(
            team,
            self._gate,
            speak,
            clock=self._now,
            present=self._present,
            connected=lambda: self._line.connected,
        )
        self._promises = Promises(
            self._make_context, present=lambda: self._orchestrator.agent, record=self._record, put=self.put
        )
        self._silence = Silence(
            self._watchdog,
            self._replies,
            self._outage,
            self._tools,
            self._line,
            self._gate,
            clock=self._now,
            record=self._record,
        )
        self._floor = Floor(
            team,
            self._gate,
            self._replies,
            clock=self._now,
            profile=lambda: self._line.profile,
            agent=lambda: team.agents[self._orchestrator.agent],
            wanted=self._wanted,
            insists=lambda: self._insists,
            take_turn=self._take_turn,
        )
        self._showing = Showing(
            team.showing,
            self._line,
            files,
            past.events if past else (),
            call=journal.call,
            redacts=bool(team.redact.what),
            clock=self._now,
            now_ms=lambda: self._journal.now_ms,
            record=self._record,
            note=self._note_shown,
            write=lambda written: self._writing.pass_on(written),
            quiet=lambda: not (self._floor.speaking or self._replies.running or self._gate.audible),
            turn_due=lambda: self._replies.turn_due,
            reads=self._reads,
            take_turn=self._take_turn,
            tick=lambda: self.put(_Tick()),
            describe=describe,
        )
        self._looking = Looking(
            team.showing,
            self._line,
            camera or NoCamera(),
            files,
            past.events if past else (),
            call=journal.call,
            size=fitting(endpoint.profile for each in endpoints.values() for endpoint in each),
            redacts=bool(team.redact.what),
            clock=self._now,
            record=self._record,
            present=self._present,
            watches=lambda: self._state.watches,
            reads=self._reads,
            tick=lambda: self.put(_Tick()),
            describe=describe,
        )
        self._text_models = text_models
        self._resume = orphan and Resume(
            orphan, self._orchestrator, toolboxes, self._tools, self._delegation, self._replies, record=self._record
        )
        limits = Limits(team.limits, self._now() - (past.at_ms / 1000 if past else 0.0))
        self._spending = Spending(
            Account(prices or shipped(), past.spent if past else 0.0),
            limits,
            spent_today if team.limits.cost_per_day else None,
            record=self._record,
        )
        self._endings = Endings(
            limits,
            LongSilence(team.turn_taking.silence),
            self._replies,
            self._floor,
            self._gate,
            self._tools,
            self._line,
            clock=self._now,
            record=self._record,
            end=self._end,
            part=self._part,
        )
        self._people = People(
            caller,
            self._line,
            outbox,
            linked=team.linked == "all",
            names=past.names if past else None,
            clock=self._now,
            now_ms=lambda: self._journal.now_ms,
            record=self._record,
        )
        self._side_talk = SideTalk(
            self._line,
            self._replies,
            self._gate,
            on=past.muted if past else False,
            clock=self._now,
            record=self._record,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._ended = ""
        self._state = AgentState(team, self._orchestrator, self._silence, self._side_talk, outbox, record=self._record)
        self._text_replies = TextReplies(self._gate, self._people, record=self._record)
        listening = self._guarding.listening if self._guarding else None
        self._writing = Writing(
            self._line,
            self._floor,
            self._endings,
            self._people,
            self._cards,
            self._delegation,
            self._known,
            self._briefing.references,
            listening=listening,
            insists=lambda: self._insists,
            now_ms=lambda: self._journal.now_ms,
            record=self._record,
            keep=self._keep,
        )
        self._line_changes = LineChanges(
            self._line,
            self._outage,
            self._floor,
            self._replies,
            self._delegation,
            self._people,
            listening=listening,
            clock=self._now,
            record=self._record,
            part=self._part,
        )
        self._summarising = Summarising(
            self._line,
            self._orchestrator,
            self._briefing,
            self._delegation,
            shorten=shorten,
            now_ms=lambda: self._journal.now_ms,
            record=self._record,
            put=self.put,
        )
        self._corrections = Corrections(self._orchestrator, self._replies, self._tools)
        self._noting = Noting(journal.note)
        self._gate_reports = GateReports(
            self._gate,
            self._line,
            self._replies,
            self._floor,
            self._endings,
            self._outage,
            self._watchdog,
            self._recording,
            self._corrections,
            self._spoken,
            checking=self._guarding.checking if self._guarding else None,
            outbox=outbox,
            journal=journal,
            noting=self._noting,
            clock=self._now,
            show_state=self._state.show,
            tick=lambda: self.put(_Tick()),
        )

    def put(self, event: CallEvent) -> None:
        """Something happened in the room."""
        self._inbox.put_nowait(event)

    def hear(self, pcm: bytes) -> None:
        """A frame of the caller's microphone: PCM16 mono at the profile's rate, 50 ms."""
        if self._side_talk.on:
            return
        self._line.hear(pcm)
        self._recording.hear(pcm)
        heard = self._floor.hear(pcm)
        if self._looking.hear(loud=self._floor.loud) or heard:
            self._set_timer()
        self._follow_waiting()
        if complaint := self._floor.complaint():
            self.put(Warned(*complaint))

    def hear_person(self, who: str, track: str, pcm: bytes) -> None:
        """The same of one of several people, each with a track of their own."""
        for frame in self._people.hear(who, track, pcm):
            self.hear(frame)

    def track_ended(self, who: str, track: str) -> None:
        for frame in self._people.ended(who, track):
            self.hear(frame)

    async def run(self) -> str:
        """Holds the call until the caller leaves or the line is dead. Returns why it ended."""
        if not self._resume:
            greet = "The caller has just joined. Greet them, in one or two sentences."
            self._replies.want(Reason.ENTRY, greet + greeting_hint(self._team.recording))
        self._recording.begin()
        try:
            await self._spending.look_up_day()  # who calls on a day that is used up is greeted with a goodbye
            async with background(*self._parts()) as start:
                if self._resume:
                    self._resume.go_on(start)
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
        await self._sub_agents.aclose()

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        bed = [self._bed.run()] if self._bed else []
        day = self._spending.follow_day(lambda: self.put(_Tick()))
        return [self._gate.run(), day, self._recording.run(), self._floor.prepare(), *bed]

    def _handle(self, event: CallEvent, start: Start) -> None:
        self._spoken.follow(event)
        match event:
            case SpeechStarted():
                self._endings.caller_is_there()
                self._floor.speech_started(event)
            case SpeechStopped(item):
                self._people.stopped(item, self._spoken.times(item))
                if self._guarding:
                    self._guarding.listening.ended(item)
                self._floor.speech_stopped(event)
            case Transcript():
                self._on_transcript(event)
            case ReplyStarted(reply, "") if not self._line.profile.own_turns and self._side_talk.on:
                self._line.cancel(reply)  # it is asked for again when somebody may hear it
                self._take_turn(self._now())
            case ReplyStarted(reply, "") if not self._line.profile.own_turns:
                self._on_answered(reply)
            case ReplyStarted() | MessageStarted() | Text() | Audio() | MessageEnded() | ReplyEnded():
                self._replies.handle(event)
            case AskRefused(ask, code):
                detail = f"The provider refused a reply: {code}."
                self._record(journal.CallWarned(code="line.refused", detail=detail))
                self._replies.refused(ask, code)
            case ToolRequested():
                self._delegation.tool_requested(event, start)
            case ToolDone():
                self._delegation.tool_done(event)
            case ToolSlow(call_id):
                self._delegation.tool_slow(call_id)
            case ToolTold():
                self._delegation.tool_told(event)
            case ArmRefused():
                self._line_changes.refused(event)
            case LineLost():
                self._line_changes.lost(event, start)
            case LineMoved():
                self._line_changes.moved(event)
            case Interrupted() if not self._outage.speaking:
                self._replies.cut()
            case Interrupted():
                pass  # what a model says is interrupted; who speaks in its place is cut by what the caller says
            case Usage():
                profile, agent = self._line.profile, self._replies.agent_of(event.reply) or self._orchestrator.agent
                self._spending.count(agent, profile.provider, profile.model, event)
            case Came(participant):
                if self._people.came(event):
                    start(self._tell_past(participant))
                self._floor.several = self._people.several
                self._text_replies.came(participant)
            case Gone():
                self._people.gone(event)
            case MuteAsked(participant, True):
                if not (self._insists or self._endings.leaving):
                    self._side_talk.begin(participant)
            case MuteAsked(participant):
                self._side_talk.end(participant)
                self._endings.caller_is_there()
            case Typed():
                self._writing.typed(event)
            case Pressed():
                if not self._insists:
                    self._floor.pressed()
            case Dialled():
                self._writing.dialled(event)
            case Press():
                self._cards.press(event)
            case Replying():
                self._text_replies.wish(event)
            case Sending():
                self._showing.sending(event)
            case Shown():
                self._endings.caller_is_there()
                self._showing.shown(event)
                self._delegation.rearm()
            case Filming():
                self._looking.filming(event)
            case Warned(code, detail, stream):
                self._showing.failed(stream)
                self._record(journal.CallWarned(code=code, detail=detail, stream=stream))
            case Left(reason):
                self._ended = reason
            case Checked() | Screened():
                if self._guarding:
                    self._guarding.handle(event)
            case Summarised():
                self._summarising.ready(event)
            case _Tick():
                self._floor.watch()

    async def _tell_past(self, person: str) -> None:
        """What has happened before they came."""
        self._outbox.past(person, await self._journal.past())

    # ---- the caller

    def _on_transcript(self, heard: Transcript) -> None:
        if not heard.final:
            return
        text = heard.text.strip()
        if text:
            self._record(self._people.said(heard.item, text, self._spoken.take(heard.item)))
        if self._guarding:
            self._guarding.listening.said(heard.item, text)
        self._floor.transcript(heard)

    def _note_shown(self, shown: journal.UserShowed) -> None:
        """Its text is told to an agent when the guards have let it pass, and not with its name."""
        stamped = self._keep(shown)
        pointing.note(self._briefing.references, stamped.model_copy(update={"description": ""}))
        self._people.shown(shown)

    @property
    def _insists(self) -> bool:
        """The last words are said, whoever speaks."""
        return self._endings.insists or self._outage.parting

    def _on_answered(self, reply: str) -> None:
        """A model that keeps turns itself took what the caller said for one, and replies."""
        self._floor.answered()
        if self._orchestrator.switching:
            self._line.cancel(reply)  # the next agent answers
        else:
            self._replies.answers(reply, self._orchestrator.agent, self._orchestrator.epoch)

    def _take_turn(self, ended: float) -> None:
        self._showing.turn()
        self._looking.turn()
        self._orchestrator.caller_spoke()
        self._sub_agents.caller_spoke()
        if self._guarding:
            self._guarding.caller_spoke()
        if missed := self._recording.caller_spoke():
            self._replies.want(Reason.TURN, missed)
        self._replies.caller_spoke(ended=ended)

    # ---- the model's reply

    def _advance(self, start: Start) -> None:
        """Asks for the next reply, if it is time for one."""
        if self._guarding:
            self._guarding.watch(start)
        self._replies.watch()
        self._recording.follow(self._orchestrator.facts)
        if not self._outage.parting:
            self._endings.keep(start, muted=self._side_talk.on)
        if self._insists or self._endings.leaving:
            self._side_talk.end()
        self._side_talk.watch()
        if not self._endings.leaving:
            self._corrections.watch()
            for delegated in self._orchestrator.delegate():
                self._delegation.carry_out(delegated, start)
        quiet = self._is_idle and not self._endings.leaving
        self._line.pause(quiet)
        if self._line.up and quiet:
            self._summarising.watch(start)
            for command in self._orchestrator.idle():
                self._delegation.carry_out(command, start)
        if not self._insists:
            self._showing.watch(start)
        self._looking.watch(start)
        speaking = (self._floor.speaking or self._showing.busy or self._looking.busy) and not self._endings.insists
        muted = self._side_talk.on
        self._silence.listen(caller_speaking=speaking, insists=self._insists or muted)
        judged = bool(self._guarding and self._guarding.listening.busy) and not self._endings.insists
        self._replies.ask(
            self._orchestrator.agent, self._orchestrator.epoch, caller_speaking=speaking or judged or muted
        )
        self._follow_waiting()
        self._outage.watch(start, caller_speaking=self._floor.loud or muted)
        self._set_timer()
        self._state.show()
        self._state.show_plan()
        unwritten = self._spoken.ended_ms > self._journal.now_ms - WRITTEN_MS
        self._noting.caller(speaks=self._floor.caller_speaking or unwritten)

    @property
    def _is_idle(self) -> bool:
        """Nobody speaks, or is about to, and nobody waits for a tool."""
        waits = self._replies.running or self._replies.due or self._tools.awaited
        return not (waits or self._gate.audible or self._floor.undecided)

    def _present(self) -> tuple[str, int]:
        """Who has the call, and since which epoch."""
        return self._orchestrator.agent, self._orchestrator.epoch

    async def _call_person(self, _: Finding) -> str | None:
        """To a person: what the team's function for this case has to tell the caller."""
        return await self._promises.ask(self._team.when_person_needed, shortuuid("person_"))

    def _end(self, reason: str) -> None:
        self._ended = reason

    def _part(self, start: Start, reason: str) -> None:
        start(self._say_last_words(reason))

    async def _say_last_words(self, reason: str) -> None:
        await self._outage.part(self._promise)
        self.put(Left(reason))

    async def _promise(self) -> str | None:
        """What the team's function for this case has to tell the caller; it is asked once a call."""
        return await self._promises.ask(self._team.when_unreachable, "when_unreachable")

    # ---- small things

    def _wanted(self) -> list[FactSpec]:
        """What is being asked for."""
        facts, steps = self._orchestrator.facts, self._orchestrator.procedure.open
        return [self._team.facts[name] for step in steps for name in step.collect if name not in facts]

    def _keep(self, event: journal.JournalEvent) -> journal.JournalEvent:
        """In the journal, and nowhere else. Returns it stamped."""
        return self._journal.record(event, self._orchestrator.epoch)

    def _record(self, event: journal.JournalEvent) -> None:
        pointing.note(self._briefing.references, self._keep(event))
        self._known.note(event)
        if isinstance(event, journal.WatchdogFired):
            _FIRED.labels(event.action).inc()
        elif isinstance(event, journal.ModelUsed):
            model = self._text_models[event.agent]
            used = Usage(
                input_text=event.input_tokens, cached_text=event.cached_tokens, output_text=event.output_tokens
            )
            self._spending.count(event.agent, model.provider, model.name, used)

    def _follow_waiting(self) -> None:
        """A caller who waits for a tool, while nobody speaks, may hear a sound."""
        if self._bed:
            replying = self._replies.running or self._replies.due or self._gate.audible
            speech = replying or self._floor.caller_speaking or self._floor.loud
            waiting = self._tools.awaited and not (self._side_talk.on or self._gate.silent)
            self._bed.follow(self._now(), waiting=waiting, speech=speech)

    def _set_timer(self) -> None:
        """Wakes `run` at the next deadline."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        deadlines = [
            self._showing.deadline,
            self._looking.deadline,
            self._floor.deadline,
            self._watchdog.deadline,
            self._outage.deadline,
        ]
        if self._guarding:
            deadlines.append(self._guarding.deadline)
        if not self._outage.parting:
            deadlines += self._endings.deadlines
        if self._bed:
            deadlines.append(self._bed.deadline)
        if due := [deadline for deadline in deadlines if deadline is not None]:
            self._timer = asyncio.get_running_loop().call_at(min(due), self.put, _Tick())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
