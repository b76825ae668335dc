"""A long memory is summarised by policy: what goes, what stays, and what the provider has of it, whatever happens."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents import context
from agents.memory import MemorySpec
from worker.line.breaker import Breaker
from worker.line.compaction import outgrown, size, tokens
from worker.line.endpoint import Endpoint
from worker.line.events import (
    Audio,
    Connected,
    Failure,
    LinkEvent,
    LinkLost,
    MessageStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
)
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.memory import SUMMARY, Called, Entry, Memory, Returned, Said, is_summary, is_wordless, turn_starts
from worker.line.profile import LOCAL

LIMITS = MemorySpec(budget_tokens=1000, keep_turns=3)


def test_tokens_are_estimated_as_the_price_list_counts() -> None:
    assert tokens(Said("u", "user", "any words"), audio_ms=2000) == 4 + 20, "10 a second of the caller's audio"
    assert tokens(Said("a", "assistant", "x" * 40), audio_ms=2000) == 4 + 40 + 10, "20 a second, and the words"
    assert tokens(Said("u", "user", "x" * 40)) == 4 + 10
    assert tokens(Called("c", "call", "look", "{}")) == 4 + 1 + 1
    assert tokens(Returned("r", "call", "look", "x" * 41)) == 4 + 11


def talk(turns: int, words: int = 40) -> Memory:
    memory = Memory()
    memory.add(Said("g", "assistant", "hello"))
    for number in range(turns):
        memory.add(Said(f"u{number}", "user", "word " * words))
        memory.add(Said(f"a{number}", "assistant", "word " * words))
    return memory


def shorten(memory: Memory, limits: MemorySpec = LIMITS) -> frozenset[str]:
    items = outgrown(memory, limits)
    if items:
        assert memory.compact(memory.plan(items), "in short")
    return items


def test_a_memory_within_its_budget_is_left_alone() -> None:
    assert size(talk(9)) <= LIMITS.budget_tokens < size(talk(10))
    assert not shorten(talk(9))


def test_a_memory_that_has_outgrown_its_budget_comes_down_to_half_of_it_in_whole_turns() -> None:
    memory = talk(10)
    shorten(memory)
    assert size(memory) <= LIMITS.budget_tokens // 2 + tokens(Said("s", "system", "in short"))
    digest, *rest = memory.entries()
    assert is_summary(digest)
    assert rest[0].item.startswith("u"), "it begins with a turn of the caller"
    assert not shorten(memory), "and is then left alone"


def test_the_last_turns_stay_however_long_they_are() -> None:
    memory = talk(6, words=400)
    shorten(memory)
    assert [entry.item for entry in memory.entries()][1:] == ["u3", "a3", "u4", "a4", "u5", "a5"]
    assert not shorten(memory)


def test_it_does_not_happen_for_next_to_nothing() -> None:
    memory = talk(4, words=40)
    memory.add(Said("u", "user", "word " * 4000))
    assert not shorten(memory), "two turns before the last three: too few to read everything anew for"


def test_a_call_stays_as_long_as_its_result_and_speech_until_it_is_transcribed() -> None:
    memory = Memory()
    memory.add(Said("u", "user", "look it up"))
    memory.add(Called("c", "call", "look", "{}"))
    memory.add(Said("spoken", "user", ""))
    memory.sounds("spoken", 2000)
    for entry in talk(12).entries():
        memory.add(entry)
    memory.add(Returned("r", "call", "look", "found"))
    items = outgrown(memory, LIMITS, {"spoken"})
    assert "u" in items
    assert not {"c", "spoken"} & items
    memory.compact(memory.plan(items), "in short")
    for entry in talk(24).entries():
        memory.add(entry)
    assert {"c", "r"} <= outgrown(memory, LIMITS), "both go, when both are old"


def test_noise_is_no_turn() -> None:
    memory = talk(10)
    for number in range(20):
        memory.add(Said(f"n{number}", "user", ""))
        memory.add(Said(f"w{number}", "system", "a note"))
    shorten(memory)
    assert {"u7", "u8", "u9"} <= {entry.item for entry in memory.entries()}


def test_what_was_compacted_stays_so_after_a_handoff_and_the_way_back() -> None:
    memory = talk(10)
    items = shorten(memory)
    [digest, *rest] = memory.entries()
    memory.hide(memory.shared("none"))
    assert [entry.item for entry in memory.entries()] == ["u9", "a9"], "no summary of what the next agent is not told"
    memory.hide(memory.shared("all"))
    assert memory.entries() == (digest, *rest)
    assert not {entry.item for entry in memory.entries()} & items


def test_an_agent_who_is_told_part_of_what_was_compacted_gets_a_summary_of_that_part() -> None:
    memory = Memory()
    for number in range(20):
        memory.add(Said(f"u{number}", "user", f"number {number * 111}, " + "and so on " * 20))
        memory.add(Said(f"a{number}", "assistant", "word " * 20))
    shorten(memory, MemorySpec(budget_tokens=500, keep_turns=1))
    memory.hide(memory.shared("last: 8"))
    text = str(memory.entries()[0])
    assert "1332" in text
    assert "1221" not in text


def test_a_summary_that_comes_after_a_handoff_is_not_taken() -> None:
    memory = talk(10)
    plan = memory.plan(outgrown(memory, LIMITS))
    memory.hide(memory.shared("last: 3"))
    assert not memory.compact(plan, "all that was said")
    assert len(memory.entries()) == 6


class Provider:
    """The provider's memory behind a line's link: takes and refuses as the protocol has it."""

    def __init__(self, _: Endpoint, __: Arms, entries: Sequence[Entry], emit: Callable[[LinkEvent], None]) -> None:
        self.items: list[Entry] = []
        self.refused: list[str] = []
        self.sound = set[str]()  # items that are sound, with words or without
        self.emit = emit
        for entry in entries:
            self.remember(entry)

    def spoken(self, entry: Said) -> None:
        """An item that comes of speech, of either side."""
        self.items.append(entry)
        self.sound.add(entry.item)

    def remember(self, entry: Entry, after: str | None = None) -> None:
        if entry.item in self.ids:
            self.refused.append(f"{entry.item} is there already")
        elif isinstance(entry, Returned) and entry.call_id not in self.calls:
            self.refused.append(f"{entry.item} has no call")
        elif after not in (None, "root", *self.ids):
            self.refused.append(f"{entry.item} follows {after}, which is not there")
        else:
            place = len(self.items) if after is None else 0 if after == "root" else self.ids.index(after) + 1
            self.items.insert(place, entry)

    def forget(self, item: str) -> None:
        if item not in self.ids:
            self.refused.append(f"{item} is not there")
        self.sound.discard(item)
        self.items = [entry for entry in self.items if entry.item != item]

    def truncate(self, item: str, heard_ms: int) -> None:
        if item not in self.ids:
            self.refused.append(f"{item} is not there")

    async def close(self) -> None:
        pass

    @property
    def ids(self) -> list[str]:
        return [entry.item for entry in self.items]

    @property
    def calls(self) -> set[str]:
        return {entry.call_id for entry in self.items if isinstance(entry, Called)}

    def ignore(self, *_: object, **__: object) -> None:
        pass

    hear = arm = cancel = ignore

    def ask(self, _: str = "", *, tools: bool = True) -> str:
        raise NotImplementedError(f"nobody asks here, with tools {tools}")


TIGHT = MemorySpec(budget_tokens=500, keep_turns=2)
words = strategies.integers(1, 100).map(lambda count: "word " * count)
seconds = strategies.integers(1, 20)


class LongCall(RuleBasedStateMachine):
    """A line that talks, calls tools, hands over, loses its socket, and compacts in quiet moments."""

    def __init__(self) -> None:
        super().__init__()
        self.dialled = asyncio.Event()
        arms = Arms(0, "", (), "warm", (Endpoint(LOCAL, "", ""),))
        self.line = Line(arms, lambda _: None, TIGHT, breaker=Breaker(), dials={"openai": self.dial})
        self.memory = self.line._memory
        self.number = 0
        self.said: dict[str, str] = {}  # by item: all that must stay known to us
        self.unwritten: list[str] = []
        self.open_calls: list[str] = []
        self.speaking = ""
        self.undo: Callable[[], None] = lambda: None

    def dial(
        self, endpoint: Endpoint, arms: Arms, entries: Sequence[Entry], emit: Callable[[LinkEvent], None]
    ) -> Provider:
        self.provider = Provider(endpoint, arms, entries, emit)
        self.dialled.set()
        return self.provider

    def new(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def happens(self, *events: Any) -> None:
        for event in events:
            self.provider.emit(event)

    @rule(text=words, seconds=seconds, written=strategies.booleans())
    def speak(self, text: str, seconds: int, written: bool) -> None:
        item = self.new("u")
        self.happens(SpeechStarted(item, 0), SpeechStopped(item, seconds * 1000))
        self.provider.spoken(Said(item, "user", ""))
        self.unwritten.append(item)
        if written:
            self.transcribe(text)

    @precondition(lambda self: self.unwritten)
    @rule(text=strategies.one_of(words, strategies.just("")))
    def transcribe(self, text: str) -> None:
        item = self.unwritten.pop()
        self.happens(Transcript(item, text, final=True))
        if text:
            self.said[item] = text

    @rule(text=words)
    def write(self, text: str) -> None:
        self.line.write(text)
        self.said[self.provider.ids[-1]] = text

    @rule(text=words, tenths=strategies.integers(1, 100))
    def reply(self, text: str, tenths: int) -> None:
        item = self.speaking = self.new("a")
        self.provider.spoken(Said(item, "assistant", ""))
        sound = bytes(LOCAL.sample_rate // 5 * tenths)
        self.happens(MessageStarted("reply", item), Text("reply", item, text), Audio("reply", item, sound))
        self.said[item] = text

    @precondition(lambda self: self.speaking in self.provider.ids)
    @rule(heard_ms=strategies.sampled_from([0, 20, 100]))
    def interrupt(self, heard_ms: int) -> None:
        item, self.speaking = self.speaking, ""
        self.line.heard(item, "wor", heard_ms, interrupted=True)
        self.said[item] = "wor"
        if not heard_ms:
            del self.said[item]

    @rule()
    def call_tool(self) -> None:
        item, call = self.new("c"), self.new("call")
        self.provider.items.append(Called(item, call, "look", "{}"))
        self.happens(ToolRequested("reply", item, call, "look", "{}"))
        self.open_calls.append(call)

    @precondition(lambda self: self.open_calls)
    @rule(text=words, first=strategies.booleans())
    def tool_returns(self, text: str, first: bool) -> None:
        self.line.give_result(self.open_calls.pop(0 if first else -1), "look", text)

    @rule(share=strategies.sampled_from(["all", "none", "summary", "last: 1", "last: 4"]))
    def hand_over(self, share: str) -> None:
        self.undo = self.line.share(share, context.summary)
        self.speaking = ""

    @rule()
    def roll_back(self) -> None:
        self.undo()
        self.undo = lambda: None

    @rule(late=strategies.booleans(), text=words, share=strategies.sampled_from(["", "none", "summary", "all"]))
    def lose_the_socket(self, late: bool, text: str, share: str) -> None:
        """`late`: what happens while there is no session happens while the next is being filled."""

        def meanwhile() -> None:
            self.line.write(text)
            if self.open_calls:
                self.line.give_result(self.open_calls.pop(), "look", text)
            if share:
                self.hand_over(share)

        async def lose() -> None:
            lost = self.provider
            self.dialled = asyncio.Event()
            self.happens(LinkLost(Failure.NETWORK, "gone"))
            if not late:
                meanwhile()
            await asyncio.wait_for(self.dialled.wait(), 5)
            assert self.provider is not lost
            if late:
                meanwhile()
            self.happens(Connected())

        self.speaking = ""
        asyncio.run(lose())
        self.unwritten.clear()  # the new session hears it again

    @precondition(lambda self: not self.open_calls)
    @rule()
    def quiet(self) -> None:
        tail = self.tail()
        if outgrown := self.line.outgrown():
            assert self.line.compact(outgrown, context.summary(outgrown.turns))
        held = self.memory.held()
        assert list(held[len(held) - len(tail) :]) == tail, "the last turns are as they were"
        kept = sum(map(self.cost, tail))
        stuck = sum(self.cost(entry) for entry in self.memory.held() if entry.item in self.unwritten)
        summaries = sum(self.cost(entry) for entry in self.memory.held() if is_summary(entry))
        not_worth_it = (
            summaries + TIGHT.budget_tokens // 4
        )  # a handoff's summary stands beside that of what was compacted
        assert size(self.memory) <= max(TIGHT.budget_tokens, not_worth_it) + kept + stuck

    def tail(self) -> list[Entry]:
        held = [entry for entry in self.memory.held() if not is_summary(entry)]
        noise = {entry.item for entry in held if is_wordless(entry)} - set(self.unwritten)
        begins = [place for place in turn_starts(held) if held[place].item not in noise]
        return held[begins[-TIGHT.keep_turns] if len(begins) >= TIGHT.keep_turns else 0 :]

    def cost(self, entry: Entry) -> int:
        return tokens(entry, self.memory.audio_ms(entry.item))

    @invariant()
    def the_provider_has_what_the_memory_says_in_order(self) -> None:
        assert self.provider.refused == []
        assert self.provider.ids == [entry.item for entry in self.memory.held()]

    @invariant()
    def what_is_sound_is_counted_as_sound(self) -> None:
        assert {entry.item for entry in self.memory.held() if self.memory.audio_ms(entry.item)} == self.provider.sound

    @invariant()
    def one_summary_at_most_stands_for_what_is_hidden(self) -> None:
        assert sum(item.startswith(SUMMARY) for item in self.provider.ids) <= 1

    @invariant()
    def no_result_is_without_its_call(self) -> None:
        results = {entry.call_id for entry in self.provider.items if isinstance(entry, Returned)}
        assert results <= self.provider.calls

    @invariant()
    def no_speech_is_dropped_before_it_is_written(self) -> None:
        assert set(self.unwritten) <= set(self.provider.ids)

    @invariant()
    def nothing_is_lost_to_us(self) -> None:
        assert {item: self.memory.text(item) for item in self.said} == self.said


LongCall.TestCase.settings = settings(stateful_step_count=100)
TestLongCall = LongCall.TestCase
