"""The Gemini link, on LiveKit's own plugin, over a real socket to a scripted provider."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from agents.providers import GeminiSpec
from agents.team_file import read_team
from bench.tones import spoken, tone
from tests.simulators import tls
from tests.simulators.gemini_live.messages import BAD_KEY, EXPIRED, INVALID, NOT_FOUND, QUOTA, Closed, Message
from tests.simulators.gemini_live.server import Provider
from tests.simulators.openai_realtime.script import Asked, CallTool, Fault, Pace, Pause, Say, Script, Step
from tests.virtual_time import virtual_time
from worker.line import gemini, gemini_model, gemini_wire, memory
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    AskRefused,
    Audio,
    Connected,
    Failure,
    GoingAway,
    Interrupted,
    LinkEvent,
    LinkLost,
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
from worker.line.gemini import GeminiLink
from worker.line.link import Arms
from worker.line.profile import GEMINI
from worker.team.toolbox import Toolbox

Kind = TypeVar("Kind", bound=LinkEvent)
RATE = GEMINI.sample_rate
FAST = Pace(think_ms=0, speed=1000, transcript_ms=0, playback=1000)
SLOW = Pace(think_ms=0, speed=5, transcript_ms=0, playback=5)
TIME = {
    "type": "function",
    "name": "time",
    "description": "Tell the time.",
    "parameters": {"type": "object", "properties": {"zone": {"type": ["string", "null"]}}},
}
ARMS = Arms(0, "You are ALFA.", (TIME,), "calm", (), "It is Monday.", (TIME,))
BLOCKING = replace(GEMINI, model="gemini-2.5-flash-native-audio-preview-12-2025")


@dataclass
class Caller:
    """A link, and all that came of it."""

    link: GeminiLink
    provider: Provider
    events: list[LinkEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, kind: type[Kind], count: int = 1) -> Kind:
        async with asyncio.timeout(20):
            while len(found := self.all(kind)) < count:
                self.changed.clear()
                await self.changed.wait()
        return found[count - 1]

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    def say(self, hz: int, ms: int = 400, quiet_ms: int = 700) -> None:
        said = tone(hz, ms, RATE).tobytes() + bytes(RATE * quiet_ms // 1000 * 2)
        for start in range(0, len(said), RATE // 10):
            self.link.hear(said[start : start + RATE // 10])

    @property
    def kinds(self) -> list[str]:
        """What came, without repetitions."""
        return [name for name, _ in groupby(type(event).__name__ for event in self.events)]

    @property
    def words(self) -> list[str]:
        """What the model said, by message."""
        messages = dict[str, str]()
        for event in self.all(Text):
            messages[event.item] = messages.get(event.item, "") + event.text
        return list(messages.values())

    def sent(self, kind: str) -> list[Message]:
        """What the provider got, of one kind."""
        return [message[kind] for message in self.provider.received() if kind in message]


@asynccontextmanager
async def dial(
    play: Script,
    *faults: Fault,
    pace: Pace = FAST,
    profile: Any = GEMINI,
    arms: Arms = ARMS,
    entries: Sequence[memory.Entry] = (),
) -> AsyncIterator[Caller]:
    def take(event: LinkEvent) -> None:
        caller.events.append(event)
        caller.changed.set()

    def transcribe(pcm: bytes) -> str:
        return f"{spoken(np.frombuffer(pcm, '<i2'), 16000)} Hz"

    provider = Provider(play, pace=pace, transcribe=transcribe)
    provider.faults = list(faults)
    async with provider.serve():
        link = GeminiLink(Endpoint(profile, provider.url, "any", GeminiSpec()), arms, entries, take)
        caller = Caller(link, provider)
        try:
            yield caller
        finally:
            await link.close()


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    gemini_model._trusted.cache_clear()
    yield
    gemini_model._trusted.cache_clear()


def hello(_: Asked) -> Sequence[Step]:
    return [Say("Good morning to you.", ms=800)]


def echo(asked: Asked) -> Sequence[Step]:
    return [Say(f"You said {asked.said}.", ms=300)]


def at_length(asked: Asked) -> Sequence[Step]:
    return [Say("word " * 30, ms=9000)] if asked.reply == 0 else [Say("Yes?", ms=300)]


def ask_time(asked: Asked) -> Sequence[Step]:
    result = asked.result
    return [Say(f"It is {result}.")] if result else [Say("Let me see."), CallTool("time", '{"zone": "UTC"}')]


async def test_given_a_turn_of_the_caller_then_its_reply_comes_unasked_and_in_order() -> None:
    async with dial(hello) as caller:
        caller.say(300)
        await caller.until(Usage)
        assert caller.words == ["Good morning to you."]
        assert sum(len(event.pcm) for event in caller.all(Audio)) == RATE * 2 * 800 // 1000
        spoke = [kind for kind in caller.kinds if kind not in ("Text", "Audio")]
        assert spoke == [
            "Connected",
            "SpeechStarted",
            "Transcript",
            "SpeechStopped",
            "ReplyStarted",
            "MessageStarted",
            "Transcript",
            "MessageEnded",
            "ReplyEnded",
            "Usage",
        ]
        [started, ended] = [await caller.until(ReplyStarted), await caller.until(ReplyEnded)]
        assert (started.ask, ended) == ("", ReplyEnded(started.reply))
        speech = caller.all(SpeechStarted)[0].item
        assert {event.item for event in caller.all(Transcript)} == {speech} == {caller.all(SpeechStopped)[0].item}
        assert [event.text for event in caller.all(Transcript) if event.final] == ["300 Hz"]
        [usage] = caller.all(Usage)
        assert (usage.reply, usage.output_audio, usage.input_audio > 0) == (started.reply, 20, True)


async def test_given_words_and_sound_in_turns_then_they_keep_their_order() -> None:
    async with dial(lambda _: [Say("one two three four", ms=400), Say("five", ms=100)]) as caller:
        caller.link.ask("Count.")
        await caller.until(ReplyEnded)
        told = [event for event in caller.events if isinstance(event, Text | Audio)]
        spoken_order = [event.text if isinstance(event, Text) else "~" for event in told]
        assert spoken_order == ["one", "~", " two", "~", " three", "~", " four", "~", "five", "~"]


async def test_given_a_dial_then_the_session_is_told_everything_before_it_hears_anything() -> None:
    entries: list[memory.Entry] = [
        memory.Said("a", "assistant", "How can I help?"),
        memory.Said("b", "user", "What time is it?"),
        memory.Called("c", "call_1", "time", '{"zone": "UTC"}'),
        memory.Said("d", "system", "The caller is in a hurry."),
        memory.Returned("e", "call_1", "time", "noon"),
        memory.Said("f", "assistant", "It is noon."),
    ]
    async with dial(echo, entries=entries) as caller:
        caller.say(300)
        await caller.until(ReplyEnded)
        [connection] = caller.provider.connections
        session = connection.session
        assert (session.instructions, session.voice) == ("You are ALFA.\n\nIt is Monday.", "Umbriel")
        assert list(session.tools) == ["time"]
        assert session.tools["time"]["parameters"]["properties"]["zone"] == {"type": "STRING", "nullable": True}
        assert session.setup
        assert session.setup["realtimeInputConfig"]["automaticActivityDetection"] == {"silenceDurationMs": 500}
        assert [(item["role"], [part["text"] for part in item["parts"]]) for item in session.memory.contents] == [
            ("model", ["How can I help?"]),
            (
                "user",
                [
                    "What time is it?",
                    '[Note, not said by the caller: you called time with {"zone": "UTC"}]',
                    "[Note, not said by the caller: The caller is in a hurry.]",
                    '[Note, not said by the caller: time returned: "noon"]',
                ],
            ),
            ("model", ["It is noon."]),
            ("user", ["300 Hz"]),
            ("model", ["You said 300 Hz."]),
        ]
        assert list(connection.received[0]) == ["setup"]


async def test_given_speech_before_the_session_is_there_then_all_of_it_arrives_in_order() -> None:
    pitches = [300, 350, 400, 450, 500, 550]
    async with dial(echo) as caller:
        for hz in pitches:
            caller.say(hz, 500, 0)
        assert not caller.events
        caller.say(0, 0, 700)
        await caller.until(ReplyEnded)
        heard = np.frombuffer(bytes(caller.provider.connections[0].audio), "<i2")
        assert abs(len(heard) - 16000 * 3.7) <= 16000 * 0.06, "but for what does not fill the last 50 ms"
        assert [spoken(heard[start : start + 8000], 16000) for start in range(0, 48000, 8000)] == pitches


async def test_given_what_the_caller_typed_when_a_reply_is_asked_for_then_it_answers_that() -> None:
    async with dial(echo) as caller:
        await caller.until(Connected)
        caller.link.remember(memory.Said("typed", "user", "my number is 7"))
        ask = caller.link.ask()
        await caller.until(ReplyEnded)
        assert caller.words == ["You said my number is 7."]
        assert [event.ask for event in caller.all(ReplyStarted)] == [ask]
        assert not caller.all(SpeechStarted)


async def test_given_what_was_said_in_another_session_then_it_is_told_who_said_it() -> None:
    async with dial(hello) as caller:
        await caller.until(Connected)
        for said in (memory.Said("a", "assistant", "How can I help?"), memory.Said("b", "user", "Move me.")):
            caller.link.remember(said)
        caller.link.ask("Go on.")
        await caller.until(ReplyEnded)
        told = [(item["role"], item["parts"][0]["text"]) for item in caller.provider.contents()]
        assert told[:2] == [("model", "How can I help?"), ("user", "Move me.")]


async def test_given_a_request_before_the_session_is_there_then_it_goes_out_and_adds_to_the_instructions() -> None:
    async with dial(hello) as caller:
        ask = caller.link.ask("Greet the caller.")
        await caller.until(ReplyEnded)
        assert [event.ask for event in caller.all(ReplyStarted)] == [ask]
        [content] = caller.sent("clientContent")
        assert "Greet the caller." in str(content)
        assert ARMS.instructions not in str(content)


@pytest.mark.parametrize("profile", [GEMINI, BLOCKING], ids=["non-blocking", "blocking"])
async def test_given_a_tool_call_when_its_result_is_there_then_one_reply_answers_the_request(profile: Any) -> None:
    async with dial(ask_time, profile=profile) as caller:
        caller.say(300)
        request = await caller.until(ToolRequested)
        assert (request.name, request.arguments) == ("time", '{"zone": "UTC"}')
        tail = [type(event).__name__ for event in caller.events[caller.events.index(request) - 1 :]]
        assert tail[:2] == ["MessageEnded", "ToolRequested"]
        await caller.until(ReplyEnded)
        caller.link.remember(memory.Returned("r", request.call_id, "time", "noon"))
        caller.link.remember(memory.Said("n", "system", "The caller is in a hurry."))
        ask = caller.link.ask("Be quick.")
        await caller.until(ReplyEnded, 2)
        assert [event.ask for event in caller.all(ReplyStarted)] == ["", ask]
        assert "noon" in caller.words[-1]
        [answer] = caller.sent("toolResponse")
        [response] = answer["functionResponses"]
        assert response["response"] == {
            "output": "noon",
            "meanwhile": "[Note, not said by the caller: The caller is in a hurry.]",
            "instructions": "Be quick.",
        }
        assert not caller.sent("clientContent"), "a request beside it would be answered too"


async def test_given_a_filler_while_a_tool_runs_then_its_result_is_told_once_whether_the_model_still_waits_or_not() -> (
    None
):
    def play(asked: Asked) -> Sequence[Step]:
        return [CallTool("time")] if asked.reply == 0 else [Say("One moment.", ms=300)]

    async with dial(play, profile=BLOCKING) as caller:
        caller.link.ask("Tell the time.")
        request = await caller.until(ToolRequested)
        caller.link.ask("Say: one moment.", tools=False)
        await caller.until(ReplyEnded, 2)
        caller.link.remember(memory.Returned("r", request.call_id, "time", "noon"))
        ask = caller.link.ask()
        await caller.until(ReplyEnded, 3)
        assert caller.all(ReplyStarted)[-1].ask == ask
        assert not caller.sent("toolResponse"), "the provider has cancelled the call"
        assert 'time returned: "noon"' in str(caller.sent("clientContent")).replace("\\", "")


async def test_given_a_result_of_an_older_session_then_it_is_told_as_text() -> None:
    async with dial(echo) as caller:
        await caller.until(Connected)
        caller.link.remember(memory.Called("c", "call_old", "time", ""))
        caller.link.remember(memory.Returned("r", "call_old", "time", "noon"))
        caller.link.ask()
        await caller.until(ReplyEnded)
        assert caller.words == ['You said [Note, not said by the caller: time returned: "noon"].']
        assert not caller.sent("toolResponse")


async def test_given_a_result_when_the_caller_speaks_before_it_is_asked_for_then_their_turn_knows_it() -> None:
    async with dial(ask_time) as caller:
        caller.link.ask()
        request = await caller.until(ToolRequested)
        await caller.until(Usage)
        caller.link.remember(memory.Returned("r", request.call_id, "time", "noon"))
        caller.say(300)
        await caller.until(SpeechStarted)
        await caller.until(ReplyEnded, 2)
        [answer] = caller.sent("toolResponse")
        assert answer["functionResponses"][0]["scheduling"] == "SILENT", "else it would be answered beside the caller"


@virtual_time
async def test_given_a_note_while_a_reply_runs_then_it_waits_and_interrupts_nothing() -> None:
    async with dial(at_length, pace=replace(SLOW, speed=50, playback=15)) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio, 5)
        caller.link.remember(memory.Said("n", "system", "The parcel has left."))
        await caller.until(ReplyEnded)
        await caller.provider.until("turnComplete")
        assert len(caller.sent("clientContent")) == 1, (
            "until then the caller still hears it, for all the provider knows"
        )
        await caller.until(Usage)
        await asyncio.sleep(0.2)
        note = caller.sent("clientContent")[1]
        assert "The parcel has left." in str(note)
        assert not note.get("turnComplete")
        assert sum(len(event.pcm) for event in caller.all(Audio)) == RATE * 2 * 9
        assert not caller.all(Interrupted)


async def test_given_another_state_of_the_call_then_only_the_newest_is_told_and_no_other_session_begins() -> None:
    async with dial(at_length, pace=SLOW) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio)
        caller.link.arm(replace(ARMS, epoch=1, state="It is Tuesday."))
        caller.link.arm(replace(ARMS, state="It is Friday."))
        caller.link.cancel()
        caller.link.ask("Say yes.")
        await caller.until(ReplyEnded, 2)
        told = str(caller.sent("clientContent"))
        assert not caller.all(ArmRefused)
        assert "Friday" in told
        assert "Tuesday" not in told
        assert len(caller.provider.connections) == 1


async def test_given_another_agent_then_the_open_session_refuses() -> None:
    async with dial(hello) as caller:
        caller.link.arm(replace(ARMS, epoch=3, instructions="You are BRAVO."))
        [refused] = caller.all(ArmRefused)
        assert refused.epoch == 3


async def test_given_a_cancelled_reply_then_nothing_more_of_it_comes_and_the_next_is_whole() -> None:
    async with dial(at_length, pace=SLOW) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio, 3)
        started = await caller.until(ReplyStarted)
        caller.link.cancel(started.reply)
        assert caller.events[-1] == ReplyEnded(started.reply), "at once: nobody confirms it"
        before = len(caller.events)
        await caller.provider.until("modelTurn")
        ask = caller.link.ask("Say yes.")
        await caller.until(ReplyEnded, 2)
        assert [event.ask for event in caller.all(ReplyStarted)][1:] == [ask]
        assert caller.words[1:] == ["Yes?"]
        late = [event for event in caller.events[before:] if getattr(event, "reply", "") == started.reply]
        assert all(isinstance(event, Usage) for event in late)
        assert not caller.all(Interrupted)


async def test_given_a_cancelled_reply_that_calls_a_tool_then_the_call_is_declined() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Say("Well.", ms=300), Pause(300), CallTool("time")] if asked.reply == 0 else [Say("Yes?", ms=300)]

    async with dial(play, profile=BLOCKING) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio, 3)
        caller.link.cancel()
        await caller.provider.until("toolCall")
        await asyncio.sleep(0.05)
        caller.link.ask("Say yes.")
        await caller.until(ReplyEnded, 2)
        assert not caller.all(ToolRequested)
        assert "Not done" in str(caller.sent("toolResponse"))
        assert caller.words[-1] == "Yes?"


async def test_given_a_reply_when_the_caller_speaks_over_it_then_it_is_interrupted_and_they_are_answered() -> None:
    async with dial(at_length, pace=SLOW) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio, 5)
        caller.say(300)
        await caller.until(ReplyEnded, 2)
        place = caller.events.index(caller.all(Interrupted)[0])
        assert [type(event) for event in caller.events[place : place + 4]] == [
            Interrupted,
            MessageEnded,
            ReplyEnded,
            SpeechStarted,
        ]
        assert caller.words[-1] == "Yes?"
        assert [event.text for event in caller.all(Transcript) if event.final] == ["300 Hz"]
        assert len(caller.all(SpeechStarted)) == len(caller.all(SpeechStopped)) == len(caller.all(Interrupted)) == 1


async def test_given_a_reply_asked_for_without_tools_when_it_calls_one_then_the_plugin_declines_it() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Say("One moment.", ms=300)] if asked.reply == 1 else [CallTool("time")]

    async with dial(play) as caller:
        await caller.until(Connected)
        ask = caller.link.ask("Say: one moment.", tools=False)
        await caller.until(ReplyEnded)
        assert not caller.all(ToolRequested)
        assert [event.ask for event in caller.all(ReplyStarted)] == [ask]
        assert caller.words == ["One moment."]
        caller.link.ask("Go on.")
        assert (await caller.until(ToolRequested)).name == "time"
        await caller.until(ReplyEnded, 2)
        await asyncio.sleep(0.1)
        assert len(caller.sent("toolResponse")) == 1, "this call is nobody's but ours to answer"


async def test_given_nothing_to_say_then_the_request_ends_in_an_empty_reply() -> None:
    async with dial(lambda _: []) as caller:
        ask = caller.link.ask("Go on.")
        ended = await caller.until(ReplyEnded)
        assert caller.all(ReplyStarted) == [ReplyStarted(ended.reply, ask)]
        assert not caller.all(MessageStarted)


async def test_given_a_provider_that_is_mute_then_the_request_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini, "_ANSWER_S", 0.1)
    async with dial(hello, Fault("modelTurn", "stall")) as caller:
        ask = caller.link.ask("Go on.")
        assert await caller.until(AskRefused) == AskRefused(ask, "timeout")


async def test_given_speech_then_its_times_tell_what_nobody_has_in_words_yet() -> None:
    """What the line would play again after a loss: from where unwritten speech begins, or written speech has ended."""
    async with dial(echo) as caller:
        caller.say(300, 400, 700)
        caller.say(350, 200, 100)  # the next turn begins before the first is answered
        await caller.until(ReplyStarted)
        assert caller.all(SpeechStarted)[0].at_ms == 0
        assert 400 <= caller.all(SpeechStopped)[0].at_ms <= 1100, "neither heard again nor missed"
        caller.say(0, 0, 5000)
        await caller.until(ReplyEnded, 2)
        caller.say(500, 400, 700)
        started = await caller.until(SpeechStarted, 3)
        assert 1300 <= started.at_ms <= 6400


async def test_given_a_caller_in_noise_then_their_words_tell_when_they_spoke() -> None:
    """What comes after the last words may belong to the next turn."""
    async with dial(echo) as caller:
        loud = tone(0, 1100, RATE) + np.random.default_rng(1).integers(-400, 400, RATE * 1100 // 1000, dtype=np.int16)
        loud[: RATE * 400 // 1000] += tone(300, 400, RATE)
        caller.link.hear(loud.tobytes())
        await caller.until(ReplyStarted)
        assert caller.all(SpeechStopped)[0].at_ms <= 600


async def test_given_words_that_nobody_answers_then_the_speech_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gemini, "_QUIET_S", 0.1)
    async with dial(hello, pace=replace(FAST, think_ms=60_000)) as caller:
        caller.say(300)
        stopped = await caller.until(SpeechStopped)
        assert stopped.item == caller.all(SpeechStarted)[0].item
        assert not caller.all(ReplyStarted)


async def test_given_a_notice_then_the_session_goes_on_until_its_end_and_is_not_dialled_again() -> None:
    async with dial(hello, Fault("turnComplete", "go_away", left_ms=300)) as caller:
        caller.say(300)
        assert await caller.until(GoingAway) == GoingAway(0.3)
        caller.say(300)
        await caller.until(ReplyEnded, 2)
        lost = await caller.until(LinkLost)
        assert (lost.failure, caller.events[-1]) == (Failure.SESSION, lost)
        assert "Deadline expired" in lost.reason
        await asyncio.sleep(0.3)
        assert len(caller.provider.connections) == 1


@pytest.mark.parametrize(
    "what", [Fault("modelTurn", "abort", 3), Fault("modelTurn", "close", 3, 1011, "Internal error encountered.")]
)
async def test_given_a_socket_lost_in_mid_reply_then_that_is_all_that_is_said(what: Fault) -> None:
    async with dial(at_length, what, pace=SLOW) as caller:
        caller.link.ask("Talk.")
        lost = await caller.until(LinkLost)
        assert lost.failure is (Failure.NETWORK if what.what == "abort" else Failure.OVERLOAD)
        caller.say(300)
        await asyncio.sleep(0.3)
        assert caller.events[-1] is lost
        assert not caller.all(ReplyEnded)
        assert len(caller.provider.connections) == 1


@pytest.mark.parametrize(
    ("closed", "failure"),
    [
        (BAD_KEY, Failure.AUTH),
        (QUOTA, Failure.QUOTA),
        (EXPIRED, Failure.SESSION),
        (INVALID, Failure.CONTENT),
        (NOT_FOUND, Failure.AUTH),
        (Closed(1011, "The service is currently unavailable."), Failure.OVERLOAD),
        (Closed(1011, "Resource has been exhausted (e.g. check quota)."), Failure.RATE_LIMIT),
    ],
    ids=lambda value: getattr(value, "reason", getattr(value, "value", "")),
)
async def test_given_a_setup_that_is_refused_then_the_reason_is_known(closed: Closed, failure: Failure) -> None:
    async with dial(hello) as caller:
        caller.provider.refusals.setups.append((closed.code, closed.reason))
        lost = await caller.until(LinkLost)
        assert (caller.events, lost.failure) == ([lost], failure)
        assert closed.reason in lost.reason
        assert len(caller.provider.connections) == 1


@pytest.mark.parametrize(
    ("status", "failure"), [(503, Failure.OVERLOAD), (429, Failure.RATE_LIMIT), (403, Failure.AUTH)]
)
async def test_given_a_handshake_that_is_refused_then_the_reason_is_known(status: int, failure: Failure) -> None:
    async with dial(hello) as caller:
        caller.provider.refusals.status, caller.provider.refusals.count = status, 1
        lost = await caller.until(LinkLost)
        assert (caller.events, lost.failure) == ([lost], failure)


async def test_given_a_session_that_has_served_when_its_context_is_refused_then_a_new_one_will_do() -> None:
    async with dial(hello, Fault("turnComplete", "close", 0, 1007, "Request contains an invalid argument.")) as caller:
        caller.link.ask("Talk.")
        assert (await caller.until(LinkLost)).failure is Failure.SESSION


async def test_given_nobody_whom_one_can_trust_or_find_then_the_network_is_at_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = asyncio.Queue[LinkEvent]()
    async with Provider(hello).serve() as provider:
        monkeypatch.delenv("SSL_CERT_FILE")
        gemini_model._trusted.cache_clear()
        for url in (provider.url, "https://127.0.0.1:9", "https://nowhere.invalid"):
            link = GeminiLink(Endpoint(GEMINI, url, "any", GeminiSpec()), ARMS, (), events.put_nowait)
            lost = await asyncio.wait_for(events.get(), 20)
            assert isinstance(lost, LinkLost)
            assert lost.failure is Failure.NETWORK
            await link.close()


async def test_given_a_server_that_never_answers_then_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemini, "_CONNECT_S", 0.3)
    async with dial(hello, Fault("setupComplete", "stall")) as caller:
        lost = await caller.until(LinkLost)
        assert (caller.events, lost.failure) == ([lost], Failure.NETWORK)


async def test_given_a_socket_that_is_silent_then_its_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gemini_model._SOCKET, "ping_interval", 0.1)
    monkeypatch.setitem(gemini_model._SOCKET, "ping_timeout", 0.1)
    async with dial(hello, Fault("modelTurn", "deaf")) as caller:
        caller.link.ask("Talk.")
        await caller.provider.until("modelTurn")
        caller.say(300)  # the last that it takes
        assert (await caller.until(LinkLost)).failure is Failure.NETWORK


async def test_given_a_message_of_an_unknown_kind_then_the_session_goes_on() -> None:
    async with dial(hello, Fault("modelTurn", "unknown", 2)) as caller:
        caller.link.ask("Talk.")
        await caller.until(ReplyEnded)
        assert sum(len(event.pcm) for event in caller.all(Audio)) == RATE * 2 * 800 // 1000


async def test_given_what_is_no_message_then_the_service_is_broken() -> None:
    async with dial(hello, Fault("modelTurn", "garbage", 2)) as caller:
        caller.link.ask("Talk.")
        assert (await caller.until(LinkLost)).failure is Failure.OVERLOAD


async def test_given_a_closed_link_then_nothing_more_comes_of_it() -> None:
    async with dial(at_length, pace=SLOW) as caller:
        caller.link.ask("Talk.")
        await caller.until(Audio)
        await caller.link.close()
        before = len(caller.events)
        caller.say(300)
        await asyncio.sleep(0.2)
        assert len(caller.events) == before


def test_given_the_shop_then_gemini_takes_each_of_its_tools() -> None:
    team = read_team(Path("agents/shop/team.yaml"))
    for agent in team.speakers.values():
        box = Toolbox(agent, team.facts, list(team.speakers))
        offered = box.schemas({*box.role.tools, "note_facts", "make_plan", "step_done", "stop_waiting"})
        assert [tool.id for tool in gemini_wire.tools(offered)] == [schema["name"] for schema in offered]


def test_given_a_schema_that_gemini_has_not_got_then_the_tool_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    endless = {"name": "endless", "parameters": {"$defs": {"node": node}, **node}}
    assert [tool.id for tool in gemini_wire.tools([endless, TIME])] == ["time"]
    assert "endless" in caplog.text
