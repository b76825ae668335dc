"""Messages whose sentences are judged while they are spoken: what is heard of them, whatever comes in whatever order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from agents.guarding import Place
from tests.fakes import FakeSpeaker
from tests.gate.voices import RATE, Message, messages, samples_of, sentences_of
from tests.virtual_time import virtual_time
from worker.background import Start, background
from worker.gate.alignment import FAST
from worker.gate.audio_gate import AudioGate, GateEvent, Heard, Progress, Started
from worker.gate.checking import LONGEST_S, Checked, Checking, Withheld
from worker.gate.guard import Finding, Guard, Panel, Passage
from worker.journal import events as journal
from worker.line.profile import GEMINI, OPENAI, Profile

ITEM, AGENT = "m1", "reception"


class FakeLine:
    """Remembers as a line does."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.approved: dict[str, int] = {}
        self.released: set[str] = set()
        self.cut: dict[str, tuple[str, int]] = {}

    def approve(self, item: str, characters: int) -> None:
        self.approved[item] = characters

    def release(self, item: str) -> None:
        self.released.add(item)

    def withhold(self, item: str, text: str, heard_ms: int) -> None:
        self.cut[item] = (text, heard_ms)


@dataclass
class Judge:
    """Answers each sentence after its own time; what it has not heard of passes. Two may come to it as one."""

    blocks: frozenset[str] = frozenset()
    delays_s: Mapping[str, float] = field(default_factory=dict)
    name: str = "judge"
    places: frozenset[Place] = frozenset({"output"})
    deadline_s: float = 5.0
    asked: list[Passage] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)  # those whose verdict is there

    async def judge(self, passage: Passage) -> Finding | None:
        self.asked.append(passage)
        await asyncio.sleep(self.delays_s.get(passage.text, 0.0))
        if any(f" {one} " in f" {passage.text} " for one in self.blocks):
            return Finding(self.name, "block", "a scripted reason")
        self.passed.add(passage.text)
        return None


class Stage:
    """A gate, and what stands before it."""

    def __init__(self, guard: Guard, profile: Profile = OPENAI) -> None:
        loop = asyncio.get_running_loop()
        self.speaker = FakeSpeaker(RATE)
        self.shown: list[str] = []
        self.began: float | None = None  # when the first sample went to the room
        self.over: list[Heard] = []
        self.records: list[journal.GuardBlocked] = []
        self.withheld: list[Withheld] = []
        self.line = FakeLine(profile)
        self.gate = AudioGate(self.speaker, RATE, self._on_gate)
        self.inbox = asyncio.Queue[Checked | None]()
        self.checking = Checking(
            self.gate,
            self.line,  # type: ignore[arg-type]
            Panel({AGENT: [guard]}),
            clock=loop.time,
            put=self.inbox.put_nowait,
            record=self._record,
            told=lambda: (),
            withheld=self.withheld.append,
        )

    def _on_gate(self, event: GateEvent) -> None:
        match event:
            case Started():
                self.began = asyncio.get_running_loop().time()
            case Progress(text=text):
                self.shown.append(text)
            case Heard(item=item, text=text):
                self.shown.append(text)
                self.over.append(event)
                self.checking.over(item)

    def _record(self, event: journal.JournalEvent) -> None:
        assert isinstance(event, journal.GuardBlocked)
        self.records.append(event)

    async def run(self, start: Start) -> None:
        """As a call does: one thing after the other, and what is due."""
        while True:
            deadline = self.checking.deadline
            try:
                async with asyncio.timeout_at(deadline):
                    if event := await self.inbox.get():
                        self.checking.checked(event)
            except TimeoutError:
                pass
            self.checking.watch(start)

    async def say(self, message: Message) -> None:
        """As its provider sends it; no more comes of a message that was withheld."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.checking.open(ITEM, AGENT, 0)
        for due, thing in message.deltas():
            await asyncio.sleep(began + due - loop.time())
            if self.withheld:
                return
            if isinstance(thing, str):
                self.checking.write(ITEM, thing)
            else:
                self.checking.feed(ITEM, thing)
            self.inbox.put_nowait(None)
        self.checking.end(ITEM)
        self.inbox.put_nowait(None)


async def hear(stage: Stage, message: Message, acts: Sequence[tuple[float, str]] = (), within_s: float = 200) -> None:
    async def act() -> None:
        for at, what in acts:
            await asyncio.sleep(at)
            getattr(stage.gate, what)()

    async with background(stage.gate.run()) as start:
        start(stage.run(start))
        acting = start(act())
        await stage.say(message)
        await acting
        stage.gate.resume()
        await asyncio.sleep(within_s)


def first_blocked(message: Message, blocks: frozenset[str]) -> int:
    return next((place for place, one in enumerate(message.sentences) if one in blocks), len(message.sentences))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Message, Judge, list[tuple[float, str]]]:
    message = draw(messages())
    blocks = frozenset(draw(st.sets(st.sampled_from(message.sentences), max_size=2)))
    delays = {sentence: draw(st.sampled_from([0.0, 0.1, 0.8])) for sentence in message.sentences}
    acts = draw(st.lists(st.tuples(st.floats(0, 4), st.sampled_from(["pause", "resume", "cut"])), max_size=4))
    return message, Judge(blocks, delays), acts


RUNS_ON = Message(
    ["Aa a.", "Aa a.", "Aa.", "Aa.", "Aa.", "Aa."], pace=17.0, pauses_ms=[0, 56, 0, 50, 0, 0], lead="before", speed=1.0
)


@given(cases())
@example((RUNS_ON, Judge(frozenset({"Aa."}), {"Aa a.": 0.0, "Aa.": 0.0}), []))
@virtual_time
async def test_nothing_is_heard_or_shown_that_has_not_passed(
    case: tuple[Message, Judge, list[tuple[float, str]]],
) -> None:
    message, judge, acts = case
    stage = Stage(judge)
    await hear(stage, message, acts)
    end = first_blocked(message, judge.blocks)
    assert all(number < end for number in sentences_of(stage.speaker.heard)), "a sample of what has not passed"
    passed = message.text[: max(0, message.starts()[end] - 1)]
    assert all(passed.startswith(text) for text in stage.shown), "a caption of what has not passed"
    assert not stage.gate.audible, "everything ends"
    assert len(stage.over) == 1


@given(messages(), st.sampled_from([0.0, 0.1, 0.8]), st.sampled_from([OPENAI, GEMINI]))
@virtual_time
async def test_given_all_passes_then_all_is_heard_and_remembered(
    message: Message, delay_s: float, profile: Profile
) -> None:
    assume(message.lead != "after" or len(message.pcm()) / 2 / RATE / message.speed < LONGEST_S - 1)
    stage = Stage(Judge(delays_s=dict.fromkeys(message.sentences, delay_s)), profile)
    await hear(stage, message)
    assert stage.speaker.heard == message.pcm()
    [heard] = stage.over
    assert (heard.text, heard.interrupted) == (message.text, False)
    assert stage.line.released == {ITEM}
    assert not stage.withheld


@given(messages(shortest=4), st.sampled_from([0.0, 0.1, 0.8]))
@virtual_time
async def test_the_first_sentence_is_heard_as_soon_as_it_is_known_to_be_over_and_has_been_judged(
    message: Message, delay_s: float
) -> None:
    first, said, deltas = message.sentences[0], 0, message.deltas()
    assume(message.lead != "after" or deltas[-1][0] < LONGEST_S - 1)
    there = over = deltas[-1][0]
    sound = next(due for due, thing in deltas if isinstance(thing, bytes))
    for due, thing in deltas:
        said += len(thing) if isinstance(thing, str) else 0
        there = min(there, due) if said >= len(first) else there
        over = min(over, due) if said > len(first) else over
    stage = Stage(Judge(delays_s=dict.fromkeys(message.sentences, delay_s)))
    await hear(stage, message, within_s=20)
    assert stage.began == pytest.approx(max(there + delay_s, over, sound))


@given(messages(shortest_pause_ms=60, shortest=4), st.data())
@virtual_time
async def test_given_a_voice_that_pauses_then_what_has_passed_is_heard_to_its_end(
    message: Message, data: st.DataObject
) -> None:
    assume(message.lead != "after" or message.deltas()[-1][0] < LONGEST_S - 1)
    end = data.draw(st.integers(0, len(message.sentences) - 1))
    slower = FAST / message.pace - 1  # than what is taken to be quick: so long must a sentence after such a one be
    for before, after in pairwise(message.sentences[: end + 1]):
        assume(len(after) > slower * len(before) + 2)
    blocks = frozenset({message.sentences[end]})
    if message.sentences.index(message.sentences[end]) != end:
        return
    stage = Stage(Judge(blocks, dict.fromkeys(message.sentences, data.draw(st.sampled_from([0.0, 0.1, 0.8])))))
    await hear(stage, message)
    pcm = message.pcm()
    missing = [n for n in range(end) if samples_of(stage.speaker.heard, n) < samples_of(pcm, n)]
    assert not missing
    assert stage.over[0].text == " ".join(message.sentences[:end])
