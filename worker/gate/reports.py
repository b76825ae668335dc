"""What is done with what the gate reports: a message begins to be heard, goes on, and is over."""

from collections.abc import Callable
from typing import assert_never

from agents import context
from worker.gate.audio_gate import AudioGate, GateEvent, Heard, Progress, Sounding, Started
from worker.gate.checking import Checking
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.line.line import Line
from worker.moment import Noting
from worker.outage import Outage
from worker.recording.recording import Recording
from worker.room.outbox import Outbox
from worker.room.spoken_times import SpokenTimes
from worker.team.corrections import Corrections
from worker.turns.endings import Endings
from worker.turns.floor import Floor
from worker.turns.replies import Replies
from worker.turns.watchdog import Watchdog


class GateReports:
    """What is heard of an agent goes to the captions and, when it is over, to the journal and to the model's memory.

    An announcement was said by no model: the one that speaks next is told of it. `checking` is there where guards listen.
    `show_state` is called when the room begins to hear something, `tick` when somebody else may speak. Times are seconds
    on `clock`.
    """

    def __init__(
        self,
        gate: AudioGate,
        line: Line,
        replies: Replies,
        floor: Floor,
        endings: Endings,
        outage: Outage,
        watchdog: Watchdog,
        recording: Recording,
        corrections: Corrections,
        spoken: SpokenTimes,
        *,
        checking: Checking | None,
        outbox: Outbox,
        journal: Journal,
        noting: Noting,
        clock: Callable[[], float],
        show_state: Callable[[], None],
        tick: Callable[[], None],
    ) -> None:
        self._gate, self._line, self._replies, self._floor, self._endings = gate, line, replies, floor, endings
        self._outage, self._watchdog, self._recording, self._corrections = outage, watchdog, recording, corrections
        self._spoken, self._checking, self._outbox, self._journal = spoken, checking, outbox, journal
        self._noting, self._clock, self._show_state, self._tick = noting, clock, show_state, tick
        self._sounds_ms = 0  # when the message began that is heard

    def take(self, event: GateEvent) -> None:
        match event:
            case Started(item):
                self._begun(item)
            case Sounding(on):
                self._sounds(on=on)
            case Progress(item, text):
                self._heard_so_far(item, text)
            case Heard():
                self._over(event)
            case _:
                assert_never(event)

    def _begun(self, item: str) -> None:
        self._spoken.started(item)
        if not self._outage.announces(item):
            self._replies.sounds(item)
        self._sounds_ms = self._journal.now_ms
        self._show_state()

    def _sounds(self, *, on: bool) -> None:
        self._watchdog.sounds(self._clock(), on=on)
        self._tick()
        if on:  # silence may be a moment before somebody goes on
            self._show_state()

    def _heard_so_far(self, item: str, text: str) -> None:
        self._outbox.agent_caption(item, text)
        self._floor.heard(text)
        announced = self._outage.announces(item)
        self._watchdog.speaks(self._clock(), model=not announced)  # it may go on after a word that came between
        if not announced:
            self._noting.heard(item, text, self._journal.now_ms - self._sounds_ms)

    def _over(self, heard: Heard) -> None:
        item, interrupted = heard.item, heard.interrupted
        if self._checking:
            self._checking.over(item)
        announced = self._outage.heard(item)
        text = heard.text if heard.heard_ms or announced else ""
        if announced and heard.heard_ms:
            self._line.note(context.announced(text))
        elif not announced:
            self._line.heard(item, text, heard.heard_ms, interrupted=interrupted)
        self._outbox.agent_caption(item, text, final=True)
        if not interrupted and not announced:
            self._endings.said()
        self._floor.over(item, text, interrupted=interrupted)
        latency_ms = self._replies.latency_ms(item, heard=heard.heard_ms > 0)
        if heard.heard_ms and not announced:
            self._recording.heard(text, interrupted=interrupted)
        started_ms = self._spoken.take(item)["started_ms"]
        if heard.heard_ms:
            said = journal.AgentSaid(
                agent=heard.agent,
                text=text,
                item=item,
                heard_ms=heard.heard_ms,
                started_ms=started_ms,
                interrupted=interrupted,
                as_text=self._gate.silent,
                latency_ms=latency_ms,
            )
            self._journal.record(said, heard.epoch)
            if not announced:
                self._corrections.heard(heard.agent, text)
        self._tick()  # the room is silent: somebody else may speak
