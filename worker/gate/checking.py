"""Nothing is heard that has not passed: what stands between the model's messages and the gate, where guards listen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker.background import Start
from worker.gate.audio_gate import AudioGate
from worker.gate.guard import Finding, Panel, Passage, gravest
from worker.gate.holdback import Holdback
from worker.gate.sentences import Sentence
from worker.journal import events as journal
from worker.line.line import Line

HOLD_S = 3.0  # sound whose words have not come so long after the last of either has none
LONGEST_S = 15.0  # nor has sound that goes on for so long without words
SOON_S = (
    1.2  # before what has passed is over, a message that is blocked is ended: the next reply takes so long to begin
)
PATIENCE_S = 1.0  # in silence, for the end of the last sentence that has passed; then it is cut short
_AGAIN_S = 0.1  # how often it is looked whether that is so
NO_TRANSCRIPT = Finding("transcript", "block", "no transcript")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the guards have found in a sentence of a message."""

    item: str
    sentence: Sentence
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message has been ended because of what was found; `heard` is what the caller hears of it."""

    item: str
    agent: str
    epoch: int
    finding: Finding
    heard: str


@dataclass(slots=True)
class _Message:
    """`at` is when the last of it came; `unworded_at`, since when it has had more sound than words."""

    agent: str
    epoch: int
    hold: Holdback
    at: float
    unworded_at: float | None = None
    ends_at: float | None = None  # then no more of its words will come
    findings: dict[Sentence, tuple[Finding, ...]] = field(default_factory=dict)
    noted: int = 0  # sentences that have passed, and whose findings are in the journal
    silent_at: float | None = None  # since when all that may be heard of it was
    finding: Finding | None = None  # because of which it is blocked

    @property
    def due(self) -> float | None:
        """When it cannot wait any longer."""
        if self.finding:
            return self.at + HOLD_S
        since = [self.at + HOLD_S, self.unworded_at + LONGEST_S] if self.unworded_at is not None else []
        return min([*since, *([self.ends_at] if self.ends_at is not None else [])], default=None)


class Checking:
    """Takes messages as a gate does, and holds each back until its sentences have passed, in their order.

    Sentences are judged at once and side by side; `put` gets `Checked` for each, which comes back by `checked`. A message
    with one that does not pass ends before it: `withheld` hears of that, when the model's reply is to be cancelled. Times
    are seconds on `clock`; call `watch` at `deadline`, and after whatever has happened. `told`: what guards may know.
    """

    def __init__(
        self,
        gate: AudioGate,
        line: Line,
        panel: Panel,
        *,
        clock: Callable[[], float],
        put: Callable[[Checked], None],
        record: Callable[[journal.JournalEvent], None],
        told: Callable[[], Sequence[str]],
        withheld: Callable[[Withheld], None],
    ) -> None:
        self._gate, self._line, self._panel = gate, line, panel
        self._clock, self._put, self._record, self._told, self._withheld = clock, put, record, told, withheld
        self._sample_rate = line.profile.sample_rate
        self._held: dict[str, _Message] = {}
        self._to_judge: list[tuple[str, Sentence, Passage]] = []

    # ---- what a gate does

    @property
    def audible(self) -> bool:
        return self._gate.audible

    def open(self, item: str, agent: str, epoch: int) -> None:
        watched = self._panel.watches("output", agent)
        self._gate.open(item, agent, epoch, held=watched)
        if watched:
            self._held[item] = _Message(agent, epoch, Holdback(self._sample_rate), self._clock())
        else:
            self._line.release(item)

    def write(self, item: str, text: str) -> None:
        self._gate.write(item, text)
        if message := self._held.get(item):
            self._judge(item, message, message.hold.write(text))
            self._came(item, message)

    def feed(self, item: str, pcm: bytes) -> None:
        self._gate.feed(item, pcm)
        if message := self._held.get(item):
            message.hold.feed(pcm)
            self._came(item, message)

    def end(self, item: str) -> None:
        self._gate.end(item)
        if message := self._held.get(item):
            message.at = self._clock()
            if late_s := self._line.profile.late_words_s:
                message.ends_at = message.at + late_s
            else:
                self._end(item, message)

    def break_off(self, item: str) -> bool:
        """What has passed of it is still heard; for the rest there is no time."""
        if not (message := self._held.get(item)):
            return self._gate.break_off(item)
        return bool(self._shorten(item, message))

    def cut(self) -> None:
        self._gate.cut()

    # ---- what becomes of a message

    def over(self, item: str) -> None:
        """It was heard, or is not heard any more."""
        self._held.pop(item, None)

    def checked(self, event: Checked) -> None:
        """A verdict is there."""
        if not (message := self._held.get(event.item)):
            return
        message.findings[event.sentence] = event.findings
        message.hold.judged(event.sentence, passes=gravest(event.findings) is None)
        self._settle(event.item, message)

    def watch(self, start: Start) -> None:
        """Ends what cannot wait any longer, and asks the guards about what has come."""
        now = self._clock()
        for item, message in list(self._held.items()):
            if message.ends_at is not None and now >= message.ends_at:
                self._end(item, message)
            elif message.finding:
                self._settle(item, message)
            elif message.due is not None and now >= message.due:
                self._block(item, message, NO_TRANSCRIPT)
        for item, sentence, passage in self._to_judge:
            start(self._ask(item, sentence, passage))
        self._to_judge.clear()

    @property
    def deadline(self) -> float | None:
        due = [message.due for message in self._held.values()]
        if any(message.finding for message in self._held.values()):
            due.append(self._clock() + _AGAIN_S)
        return min((at for at in due if at is not None), default=None)

    # ---- step by step

    def _judge(self, item: str, message: _Message, sentences: Sequence[Sentence]) -> None:
        for sentence in sentences:
            text, before = message.hold.words(sentence)
            passage = Passage("output", message.agent, text, before, tuple(self._told()))
            self._to_judge.append((item, sentence, passage))

    async def _ask(self, item: str, sentence: Sentence, passage: Passage) -> None:
        findings: tuple[Finding, ...] = (Finding("guards", "block", "no verdict"),)
        try:
            findings = await self._panel.judge(passage)
        finally:
            self._put(Checked(item, sentence, findings))

    def _came(self, item: str, message: _Message) -> None:
        """More of its words, or of its sound."""
        message.at = self._clock()
        if not message.hold.unworded:
            message.unworded_at = None
        elif message.unworded_at is None:
            message.unworded_at = message.at
        self._settle(item, message)

    def _end(self, item: str, message: _Message) -> None:
        message.ends_at = None
        self._judge(item, message, message.hold.end())
        self._settle(item, message)

    def _settle(self, item: str, message: _Message) -> None:
        """Lets through what has passed, and ends the message where it is blocked, as soon as that place is known."""
        hold = message.hold
        for sentence in hold.passed[message.noted :]:
            self._note(item, message, message.findings[sentence])
        message.noted = len(hold.passed)
        self._gate.allow(item, hold.samples, hold.characters)
        self._line.approve(item, hold.characters)
        if hold.through:
            del self._held[item]
            self._gate.release(item)
            self._line.release(item)
        elif blocked := hold.blocked:
            finding = gravest(message.findings[blocked])
            assert finding, "it has not passed"
            if not message.finding:
                self._note(item, message, message.findings[blocked])
            message.finding = finding
            if self._can_end(item, message):
                self._end_at_cut(item, message, finding)
        elif hold.ended and not hold.waits:
            self._block(item, message, NO_TRANSCRIPT)

    def _can_end(self, item: str, message: _Message) -> bool:
        hold = message.hold
        if hold.ended or not hold.characters or self._clock() >= message.at + HOLD_S:
            return True
        left_s = self._gate.left_s(item)
        if hold.whole:
            return left_s <= SOON_S
        if left_s:
            message.silent_at = None
        elif message.silent_at is None:
            message.silent_at = self._clock()
        return message.silent_at is not None and hold.settled and self._clock() >= message.silent_at + PATIENCE_S

    def _block(self, item: str, message: _Message, finding: Finding) -> None:
        self._note(item, message, (finding,))
        self._end_at_cut(item, message, finding)

    def _end_at_cut(self, item: str, message: _Message, finding: Finding) -> None:
        """The message, and all that the reply has said after it.

        The reply is cancelled first: what a model says after its message was cut, its memory would hold.
        """
        order = list(self._held)
        after = order[order.index(item) + 1 :]
        self._withheld(Withheld(item, message.agent, message.epoch, finding, message.hold.cut.text))
        self._shorten(item, message)
        for other in after:
            del self._held[other]
            self._gate.shorten(other, 0, "")
            self._line.withhold(other, "", 0)

    def _shorten(self, item: str, message: _Message) -> str:
        """Nobody hears more of it, and nobody remembers more. Returns what is heard."""
        del self._held[item]
        cut = message.hold.cut
        self._gate.shorten(item, cut.samples, cut.text)
        self._line.withhold(item, cut.text, cut.samples * 1000 // self._sample_rate)
        return cut.text

    def _note(self, item: str, message: _Message, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._record(
                journal.GuardBlocked(
                    agent=message.agent,
                    guard=finding.guard,
                    place="output",
                    action=finding.action,
                    why=finding.why,
                    item=item,
                    text=finding.text,
                )
            )
