"""Two hours of one call in virtual time: the real call and line, a scripted provider on the same loop."""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import function_tool, llm

from agents.memory import MemorySpec
from agents.spec import TeamSpec
from bench.tones import tone
from tests.fakes import FakeSpeaker, speak
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Script, Step
from tests.simulators.openai_realtime.server import Provider
from tests.simulators.openai_realtime.session import Event
from tests.virtual_time import virtual_time
from tools.context import CallContext
from tools.database import Database
from worker.background import background
from worker.call import Call
from worker.journal.journal import Journal
from worker.journal.recorder import Recorder
from worker.line import compaction
from worker.line.endpoint import Endpoint
from worker.line.memory import Entry, Memory, turn_starts
from worker.line.profile import OPENAI
from worker.room.events import Left, Typed
from worker.room.outbox import Outbox
from worker.team.tool_runs import Tell

TURNS, TURN_S = 300, 24


@function_tool
async def find_order(context: CallContext, order_number: int) -> str:
    """Look up an order."""
    return f"Order {order_number} is two blue mugs, and arrives on Friday."


@function_tool
async def find_product(context: CallContext, product: str) -> str:
    """Look up a product."""
    await asyncio.sleep(1.0)
    return f"The {product} costs 49.90 pounds."


HERE = "tests.core.test_long_call"
TEAM = TeamSpec.model_validate(
    {
        "team": "long",
        "start": "alfa",
        "model": "openai",
        "agents": {
            name: {
                "name": name,
                "instructions": f"You are {name.upper()}.",
                "tools": [{"tool": f"{HERE}.find_order"}, {"tool": f"{HERE}.find_product"}],
                "handoffs": [{"to": other, "when": "Asked for.", "share": share}],
            }
            for name, other, share in (
                ("alfa", "bravo", "all"),
                ("bravo", "charlie", "none"),
                ("charlie", "alfa", "all"),
            )
        },
    }
)


WRITTEN = 11
ANSWER = "That is a good question, and I will tell you all that I know of it at some length now."


def said_in(turn: int) -> str:
    """What the caller says in which turn; the second hour is like the first."""
    match turn:
        case 6:
            return "please look up order 1042"  # in the third minute
        case _ if turn == WRITTEN:
            return "My e-mail is jo@example.com."
        case 8:
            return "and my locker is number 88213 if you need it"
        case _ if turn % 30 == 29:
            return "please transfer me to somebody else"
        case _ if turn % 10 == 4:
            return f"please look up the kettle of kind {turn}"
        case _:
            return f"let us talk about something else, this is sentence {turn} of a long call"


def play(asked: Asked) -> Sequence[Step]:
    if asked.last.get("role") == "user":
        match asked.said.split():
            case [*_, "order", number]:
                return [CallTool("find_order", f'{{"order_number": {number}}}')]
            case ["please", "look", *_]:
                return [CallTool("find_product", '{"product": "kettle"}')]
            case ["please", "transfer", *_]:
                other = next(name for name in asked.tools if name.startswith("transfer_to_"))
                return [CallTool(other)]
    return [Say(ANSWER, ms=6000)]


@dataclass
class Figures:
    """At each reply, in tokens: what the model is given, the same without the turn it answers, and what it would be given
    if nothing was ever summarised."""

    given: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    otherwise: list[int] = field(default_factory=list)

    def take(self, memory: Memory) -> None:
        def size(entries: Iterable[Entry]) -> int:
            return sum(compaction.tokens(entry, memory.audio_ms(entry.item)) for entry in entries)

        held = memory.held()
        self.given.append(size(held))
        self.settled.append(size(held[: [0, *turn_starts(held)][-1]]))
        self.otherwise.append(size(memory._entries.values()))


@dataclass
class Held:
    """A call on the way, and what became of it."""

    folder: Path
    play: Script
    watch: Callable[[Event], None] = lambda _: None
    team: TeamSpec = TEAM
    call: Call = field(init=False)
    connections: int = 0
    given: Sequence[Event] = ()  # what the model was left with
    events: list[dict[str, Any]] = field(default_factory=list)

    async def hold(self, said: Sequence[str], **parts: Any) -> None:
        """A turn each `TURN_S`: spoken, but what begins with `>` is typed."""
        loop = asyncio.get_running_loop()
        began, words = loop.time(), deque[str]()

        async def caller() -> None:
            await asyncio.sleep(10)
            for turn, text in enumerate(said, 1):
                if text.startswith(">"):
                    self.call.put(Typed("caller", text[1:]))
                else:
                    words.append(text)
                    sound = tone(300, 2500, OPENAI.sample_rate).tobytes() + bytes(OPENAI.sample_rate * 2)
                    for start in range(0, len(sound), OPENAI.sample_rate // 10):
                        self.call.hear(sound[start : start + OPENAI.sample_rate // 10])
                        await asyncio.sleep(0.05)
                await asyncio.sleep(began + 10 + turn * TURN_S - loop.time())
            self.call.put(Left("enough"))

        with Recorder(f"sqlite+aiosqlite:///{self.folder}/journal.db") as recorder:
            provider = Provider(self.play, transcribe=lambda _: words.popleft(), keep_events=False, watch=self.watch)
            async with provider.serve():
                self.call = Call(
                    team=self.team,
                    endpoints=dict.fromkeys(self.team.speakers, (Endpoint(OPENAI, provider.url, "scripted"),)),
                    caller="caller",
                    sink=FakeSpeaker(OPENAI.sample_rate),
                    outbox=Outbox(rtc.Room()),
                    journal=Journal(
                        "long",
                        recorder,
                        elapsed_ms=lambda: round((loop.time() - began) * 1000),
                        publish=lambda event: self.events.append(event.model_dump()),
                    ),
                    today="Monday",
                    make_context=make_context,
                    speak=speak,
                    text_models={},
                    **parts,
                )
                async with background(caller()):
                    assert await self.call.run() == "enough"
            self.given, self.connections = provider.items(), len(provider.connections)

    @property
    def memory(self) -> Memory:
        return self.call._line._memory


def make_context(agent: str, called: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
    shop = Database("sqlite+aiosqlite://")
    return CallContext(call="long", agent=agent, decision=called.call_id, database=shop, facts=facts, tell=tell)


@pytest.mark.system
@virtual_time
@pytest.mark.soak
async def test_given_a_call_of_two_hours_then_its_memory_is_bounded_and_the_order_of_minute_three_is_known(
    tmp_path: Path,
) -> None:
    figures, seen = Figures(), Counter[str]()
    instructions: list[str] = []  # as they stood at each reply
    armed: list[tuple[str, str]] = []  # instructions without ages, and tools, of each update

    def asked(what: Asked) -> Sequence[Step]:
        figures.take(held.memory)
        if "You now hold the call" in what.instructions or "The caller is back with you" in what.instructions:
            figures.settled.pop()  # a handoff has brought back what was hidden: the next quiet moment is to come
        instructions.append(what.instructions)
        if what.said == said_in(WRITTEN):
            assert "- e-mail jo@example.com (written by the caller, just now)" in what.instructions
        return play(what)

    def watch(event: Event) -> None:
        match event["type"]:
            case "error":
                seen[event["error"]["code"]] += 1
            case "session.update" if told := event["session"].get("instructions"):
                ageless = re.sub(r"minute \d+|, (?:just now|[^,()]* ago)\)", "", told)
                armed.append((ageless, str(event["session"]["tools"])))
        seen[event["type"]] += 1

    held = Held(tmp_path, asked, watch)
    await held.hold([">" * (turn == WRITTEN or turn % 10 == 7) + said_in(turn) for turn in range(TURNS)])

    memory, told, given = held.memory, held.call._line.armed.told, held.given
    hours = held.events[-1]["at"] / 3_600_000
    print(
        f"\n  {hours:.2f} h, {len(figures.given)} replies; with | without compaction, in tokens: at the end "
        f"{figures.given[-1]} | {figures.otherwise[-1]}, at most {max(figures.given)} | {max(figures.otherwise)}, "
        f"read in all {sum(figures.given)} | {sum(figures.otherwise)}; items {len(given)} | {len(memory._entries)}"
    )
    assert max(figures.settled) <= TEAM.memory.budget_tokens
    assert len(told) < 1500, "instructions are bounded too"
    assert "- order 1042 (find_order, with alfa, over" in told
    assert "- e-mail jo@example.com (written by the caller, over" in told
    assert "locker is number 88213" in str(given[0]), "what no tool was asked about is in the summary"

    assert [item["id"] for item in given] == [entry.item for entry in memory.held()]
    assert held.connections >= 3, "the service ends a session after an hour"
    assert not [event for event in held.events if event["type"] in ("line.lost", "call.warned")], "moved, not lost"
    assert {event["why"] for event in held.events if event["type"] == "line.switched"} == {"limit"}
    assert seen["error"] == seen["response_cancel_not_active"], "a handoff cancels its reply, over or not"
    said = [event["text"] for event in held.events if event["type"] in ("user.said", "user.wrote")]
    assert said == [said_in(turn) for turn in range(TURNS)], "the journal keeps everything"
    assert [text for role, text in memory.turns() if role == "user"] == said, "and so do we"
    kinds = Counter(event["type"] for event in held.events)
    assert kinds["agent.said"] == 1 + TURNS, "each turn was answered, once"
    assert 3 <= kinds["memory.compacted"] <= 15
    for event in held.events:
        if event["type"] == "memory.compacted":
            minute = f"as of minute {event['at'] // 60_000}."
            assert any(minute in told for told in instructions), "what is read anew has new ages"
    same = sum(one == other for one, other in pairwise(armed))
    assert same <= kinds["memory.compacted"] + held.connections, "no update because something has become older"


@virtual_time
async def test_given_a_summary_that_takes_its_time_then_it_waits_for_a_quiet_moment(tmp_path: Path) -> None:
    state = {"reply": False, "speech": False}
    digests, disturbed = list[str](), list[bool]()

    def watch(event: Event) -> None:
        match event["type"]:
            case "response.created" | "response.done":
                state["reply"] = event["type"] == "response.created"
            case "input_audio_buffer.speech_started" | "input_audio_buffer.speech_stopped":
                state["speech"] = event["type"] == "input_audio_buffer.speech_started"
            case "conversation.item.create" if event["item"]["id"].startswith("digest_"):
                disturbed.append(any(state.values()))
                digests.append(event["item"]["content"][0]["text"])

    async def slowly(turns: Sequence[tuple[str, str]]) -> str:
        await asyncio.sleep(TURN_S - 4)  # from the end of a reply into the next
        return f"{len(turns)} turns, of which the first was: {turns[0][1]}"

    team = TEAM.model_copy(update={"memory": MemorySpec(budget_tokens=1500, keep_turns=3)})
    held = Held(tmp_path, play, watch, team)
    await held.hold([said_in(turn) for turn in range(28)], shorten=slowly)
    assert len(digests) >= 3
    assert not any(disturbed), "nobody speaks, and nobody is about to"
    assert digests[-1].endswith("the first was: " + ANSWER)
    assert [item["id"] for item in held.given] == [entry.item for entry in held.memory.held()]
    assert sum(event["type"] == "agent.said" for event in held.events) == 29
