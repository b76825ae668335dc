"""How the parts of a call that decide are made, and which of them know each other."""

from collections.abc import Awaitable, Callable, Sequence

from agents import context
from worker.agent_state import AgentState
from worker.cards import Cards
from worker.describing import Describer
from worker.gate.audio_gate import AudioGate
from worker.gate.guard import Panel
from worker.gate.guarding import GuardEvent, Guarding
from worker.gate.reports import GateReports
from worker.journal import events
from worker.journal.files import Files
from worker.journal.journal import Journal
from worker.journaling import Journaling
from worker.keeping import Keeping
from worker.line.line import Line
from worker.line_changes import LineChanges
from worker.looking.looking import Camera, Looking
from worker.moment import Noting
from worker.outage import Outage, Speak
from worker.people import People
from worker.recording.recording import Recording
from worker.resume import Orphan, Resume
from worker.room.events import Left
from worker.room.outbox import Outbox
from worker.room.spoken_times import SpokenTimes
from worker.showing import Showing
from worker.shown.result import Size
from worker.side_talk import SideTalk
from worker.summarising import Summarised, Summarising
from worker.team.corrections import Corrections
from worker.team.delegation import Delegation
from worker.team.promises import Promises
from worker.team.staff import Staff
from worker.text_replies import TextReplies
from worker.turns.endings import Endings
from worker.turns.floor import Floor
from worker.turns.limits import Limits
from worker.turns.long_silence import LongSilence
from worker.turns.replies import Replies
from worker.turns.silence import Silence
from worker.turns.turn_taken import TurnTaken
from worker.turns.watchdog import Watchdog
from worker.writing import Writing


class Wiring:
    """Each part is given the others that it needs; where two need each other, one is given what to call.

    The parameters are what `Call` is given, and what it has made of that. `sees`: the caller has a screen. `size` is of
    pictures that all providers of the call take. `put` gets what comes back to the parts by the call, `tick` says that a
    deadline may have come, `end` ends the call at once. Times are seconds on `clock`.
    """

    def __init__(
        self,
        staff: Staff,
        journaling: Journaling,
        promises: Promises,
        line: Line,
        gate: AudioGate,
        recording: Recording,
        limits: Limits,
        outbox: Outbox,
        journal: Journal,
        *,
        caller: str,
        sees: bool,
        orphan: Orphan | None,
        guards: Panel | None,
        files: Files | None,
        camera: Camera,
        size: Size,
        describe: Callable[[bytes], Awaitable[str]],
        shorten: Callable[[Sequence[tuple[str, str]]], Awaitable[str]],
        speak: Speak,
        clock: Callable[[], float],
        put: Callable[[GuardEvent | Summarised | Left], None],
        tick: Callable[[], None],
        end: Callable[[str], None],
    ) -> None:
        team, orchestrator, tools = staff.team, staff.orchestrator, staff.tools
        toolboxes, briefing = staff.toolboxes, staff.briefing
        record, past = journaling.record, orphan.past if orphan else None
        former, redacts = past.events if past else (), bool(team.redact.what)

        def now_ms() -> int:
            return journal.now_ms

        def insists() -> bool:
            return self.insists

        def reads() -> bool:
            return guards is not None and guards.watches("output", orchestrator.agent)

        def note_shown(shown: events.UserShowed) -> None:
            journaling.shown(shown)
            self.people.shown(shown)

        def take_turn(ended: float) -> None:
            self.turn_taken.take(ended)

        # ---- what the model says, and what it does

        guarding: Guarding | None = None
        if guards:
            guarding = Guarding(
                guards,
                team,
                gate,
                line,
                replies=lambda: self.replies,
                clock=clock,
                put=put,
                record=record,
                write=lambda written: self.writing.write(written),
                present=staff.present,
                told=journaling.known.told,
                hand_over=promises.person_needed,
                speak=lambda sentence: self.outage.unanswered(sentence),
                release=lambda: self.floor.release(),
            )
        self.guarding = guarding
        checking, listening = (guarding.checking, guarding.listening) if guarding else (None, None)
        self.watchdog = Watchdog()
        self.spoken = SpokenTimes(now_ms, line.ago_ms)
        self.replies = replies = Replies(
            line,
            checking or gate,
            self.watchdog,
            clock=clock,
            record=record,
            begun=lambda epoch: self.delegation.begun(epoch),
            not_begun=lambda epoch, why: self.delegation.not_begun(epoch, why),
            gave_up=lambda sentence: self.outage.unanswered(sentence),
            how_it_goes=tools.sentence,
        )
        self.cards = Cards(
            former,
            sees=sees,
            record=record,
            keep=journaling.keep,
            write=lambda written: self.writing.take(written),
            note=lambda values: self.delegation.filled_in(values),
            agree=orchestrator.agreed,
            send=outbox.file,
        )
        self.delegation = delegation = Delegation(
            team,
            orchestrator,
            briefing,
            toolboxes,
            tools,
            line,
            replies,
            self.cards,
            record=record,
            now_ms=now_ms,
            audible=lambda: gate.audible,
        )
        self.resume = orphan and Resume(orphan, orchestrator, toolboxes, tools, delegation, replies, record=record)
        self.corrections = Corrections(orchestrator, replies, tools)
        self.summarising = Summarising(
            line, orchestrator, briefing, delegation, shorten=shorten, now_ms=now_ms, record=record, put=put
        )

        # ---- who may speak, and what is heard when nobody does

        self.outage = outage = Outage(
            team,
            gate,
            speak,
            clock=clock,
            present=staff.present,
            connected=lambda: line.connected,
            promise=promises.unreachable,
            left=lambda reason: put(Left(reason)),
        )
        self.silence = Silence(self.watchdog, replies, outage, tools, line, gate, clock=clock, record=record)
        self.floor = floor = Floor(
            team,
            gate,
            replies,
            clock=clock,
            profile=lambda: line.profile,
            agent=staff.agent,
            wanted=staff.wanted,
            insists=insists,
            take_turn=take_turn,
        )
        self.endings = endings = Endings(
            limits,
            LongSilence(team.turn_taking.silence),
            replies,
            floor,
            gate,
            tools,
            line,
            clock=clock,
            record=record,
            end=end,
            part=outage.part,
        )

        # ---- people, and what they do besides speaking

        self.people = people = People(
            caller,
            line,
            outbox,
            linked=team.linked == "all",
            names=past.names if past else None,
            clock=clock,
            now_ms=now_ms,
            record=record,
        )
        muted = past.muted if past else False
        self.side_talk = SideTalk(line, replies, gate, on=muted, clock=clock, record=record)
        self.text_replies = TextReplies(gate, people, record=record)
        self.state = AgentState(team, orchestrator, self.silence, self.side_talk, outbox, record=record)
        self.writing = Writing(
            line,
            floor,
            endings,
            people,
            self.cards,
            delegation,
            journaling,
            listening=listening,
            insists=insists,
            now_ms=now_ms,
        )
        describer = Describer(team, staff.text_models, staff.sub_agents, describe, staff.context)
        keeping = Keeping(team.showing, files, call=journal.call, redacts=redacts, record=record)
        self.showing = Showing(
            line,
            keeping,
            former,
            clock=clock,
            now_ms=now_ms,
            record=record,
            note=note_shown,
            write=self.writing.pass_on,
            quiet=lambda: not (floor.speaking or replies.running or gate.audible),
            turn_due=lambda: replies.turn_due,
            reads=reads,
            take_turn=take_turn,
            tick=tick,
            describer=describer,
        )
        self.looking = Looking(
            team.showing,
            line,
            camera,
            keeping,
            former,
            size=size,
            clock=clock,
            record=record,
            present=staff.present,
            watches=lambda: self.state.watches,
            called=lambda who: people.names.of(who) if people.several else context.CALLER,
            reads=reads,
            tick=tick,
            describer=describer,
        )
        self.turn_taken = TurnTaken(staff, self.showing, self.looking, guarding, recording, replies)

        # ---- what is told of the line, and of what is heard

        self.line_changes = LineChanges(
            line,
            outage,
            floor,
            replies,
            delegation,
            people,
            listening=listening,
            clock=clock,
            record=record,
            part=outage.part,
        )
        self.noting = Noting(journal.note)
        self.gate_reports = GateReports(
            gate,
            line,
            replies,
            floor,
            endings,
            outage,
            self.watchdog,
            recording,
            self.corrections,
            self.spoken,
            checking=checking,
            outbox=outbox,
            journal=journal,
            noting=self.noting,
            clock=clock,
            show_state=self.state.show,
            tick=tick,
        )

    @property
    def insists(self) -> bool:
        """The last words are said, whoever speaks."""
        return self.endings.insists or self.outage.parting
