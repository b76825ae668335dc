"""Calls in virtual time whose provider is away: what the caller hears, and how it ends."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import llm

from agents.limits import LimitsSpec
from agents.spec import TeamSpec
from bench.tones import tone
from tests.fakes import FakeSpeaker, KeptJournal, speak
from tests.simulators.openai_realtime.script import Asked, Fail, Pause, Say, Step
from tests.simulators.openai_realtime.server import Provider, text
from tests.virtual_time import virtual_time
from tools.context import CallContext, Caller
from tools.database import Database
from worker.background import background
from worker.call import Call
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.line.endpoint import Endpoint
from worker.line.events import LineLost
from worker.line.profile import OPENAI
from worker.outage import WONDER_S, Speak
from worker.room.events import Left, Typed
from worker.room.outbox import Outbox
from worker.team.promises import PROMISE_S
from worker.team.tool_runs import Tell
from worker.turns.watchdog import AGAIN_S, PATIENCE_S

pytestmark = pytest.mark.parts

LOST, WAITING, UNREACHABLE, GOODBYE = "I am cut off.", "I still try.", "It is of no use.", "Call again."
HELLO, PROMISED = "Hello there.", "We call you back on Monday."
UNANSWERED = "Say it otherwise."
TEXTS = {"lost": LOST, "unanswered": UNANSWERED, "waiting": WAITING, "unreachable": UNREACHABLE, "goodbye": GOODBYE}


async def promise(context: CallContext) -> str | None:
    context.progress("I note it.")
    return f"{PROMISED} {context.caller.name} {context.facts} {context.idempotency_key}"


async def nothing(context: CallContext) -> str | None:
    return None


async def broken(context: CallContext) -> str | None:
    raise RuntimeError("no database")


async def endless(context: CallContext) -> str | None:
    await asyncio.sleep(3600)
    return "too late"


async def no_sentence(context: CallContext) -> Any:
    return 7


def team(hook: str = "") -> TeamSpec:
    found = {
        "team": "t",
        "start": "alfa",
        "announcements": TEXTS,
        "agents": {"alfa": {"name": "alfa", "instructions": "You are ALFA.", "voice": "calm"}},
    }
    return TeamSpec.model_validate(found | ({"when_unreachable": f"{__name__}.{hook}"} if hook else {}))


class Slow:
    """A voice that takes its time for a sentence."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def speak(self, text: str, role: str, *, keep: bool = True) -> bytes:
        await asyncio.sleep(self._seconds)
        return await speak(text, role)


def play(asked: Asked) -> Sequence[Step]:
    return [Say(HELLO, ms=3000)]


@dataclass
class Held:
    """A call, and what became of it."""

    folder: Path
    provider: Provider = field(default_factory=lambda: Provider(play))
    speaker: FakeSpeaker = field(default_factory=lambda: FakeSpeaker(OPENAI.sample_rate))
    events: list[journal.JournalEvent] = field(default_factory=list)
    asked: list[tuple[str, str, bool]] = field(default_factory=list)  # of the voice: text, role, keep
    news: asyncio.Event = field(default_factory=asyncio.Event)
    call: Call = field(init=False)
    reason: str = ""
    ended: float = 0.0

    async def hold(
        self,
        spec: TeamSpec,
        caller: Callable[[], Coroutine[Any, Any, None]] | None = None,
        voice: Speak = speak,
        url: str = "",
    ) -> None:
        async def asked(text: str, role: str, *, keep: bool = True) -> bytes:
            self.asked.append((text, role, keep))
            return await voice(text, role, keep=keep)

        def context(agent: str, call: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
            return CallContext(
                call="c",
                agent=agent,
                decision=call.call_id,
                database=Database("sqlite+aiosqlite://"),
                facts=facts,
                caller=Caller("id", "Jo"),
                tell=tell,
            )

        loop = asyncio.get_running_loop()
        began = loop.time()
        async with self.provider.serve():
            self.call = Call(
                team=spec,
                endpoints={"alfa": (Endpoint(OPENAI, url or self.provider.url, "scripted"),)},
                caller="caller",
                sink=self.speaker,
                outbox=Outbox(rtc.Room()),
                journal=Journal(
                    "c",
                    KeptJournal(),
                    elapsed_ms=lambda: round((loop.time() - began) * 1000),
                    publish=self._take,
                ),
                today="Monday",
                make_context=context,
                speak=asked,
                text_models={},
            )
            async with background(*([caller()] if caller else [])):
                self.reason = await self.call.run()
            self.ended = loop.time() - began

    def refuse(self, status: int, count: int = 1000) -> None:
        self.provider.refusals.count, self.provider.refusals.status = count, status

    async def until(self, kind: type[journal.JournalEvent], count: int = 1) -> None:
        while len(self.only(kind)) < count:
            self.news.clear()
            await self.news.wait()

    def _take(self, event: journal.JournalEvent) -> None:
        self.events.append(event)
        self.news.set()

    def only(self, kind: type[journal.JournalEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.only(journal.AgentSaid)]

    @property
    def sound_s(self) -> float:
        return len(self.speaker.heard) / 2 / OPENAI.sample_rate


def spoken_s(*texts: str) -> float:
    return sum(0.05 * len(text) for text in texts)


@virtual_time
async def test_given_a_provider_that_refuses_then_the_caller_hears_so_to_the_end_before_the_call_does(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    held.refuse(401)
    await held.hold(team())
    assert held.said == [UNREACHABLE, GOODBYE]
    assert [(event.agent, event.interrupted) for event in held.only(journal.AgentSaid)] == [("alfa", False)] * 2
    assert held.sound_s == pytest.approx(spoken_s(UNREACHABLE, GOODBYE), abs=0.01)
    assert held.ended > spoken_s(UNREACHABLE, GOODBYE) + 0.4, "what left us last arrives"
    assert held.reason.startswith("the model is out of reach: ")
    assert [event.final for event in held.only(journal.LineLost)] == [False, True]
    assert {role for _, role, _ in held.asked} == {"calm"}, "the agent's own voice"


@virtual_time
async def test_given_replies_that_always_fail_then_the_caller_hears_so_and_the_call_goes_on(tmp_path: Path) -> None:
    def fail(asked: Asked) -> Sequence[Step]:
        return [Fail("server_error")] if asked.said == "once" else play(asked)

    held = Held(tmp_path, Provider(fail))

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.call.put(Typed("caller", "once"))
        await held.until(journal.AgentSaid, 2)
        held.call.put(Typed("caller", "again"))
        await held.until(journal.AgentSaid, 3)
        held.call.put(Left("done"))

    await held.hold(team(), caller)
    assert held.said == [HELLO, UNANSWERED, HELLO]
    assert [event.action for event in held.only(journal.WatchdogFired)] == ["ask again", "swap the line", "apologise"]
    remembered = [text(item) for item in held.provider.items()]
    assert remembered[:2] == [HELLO, "once"]
    assert UNANSWERED in remembered[2], "the model knows what was said in its name"


@virtual_time
async def test_given_a_provider_that_stays_away_then_the_caller_is_told_again_and_again_and_at_last_that_it_is_over(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    held.refuse(503)
    await held.hold(team())
    assert held.said == [LOST, WAITING, UNREACHABLE, GOODBYE]
    began = [event.at / 1000 - spoken_s(event.text) for event in held.only(journal.AgentSaid)]
    lost = held.only(journal.LineLost)[0].at / 1000
    assert began[0] == pytest.approx(lost + WONDER_S, abs=0.2)
    assert began[1] == pytest.approx(began[0] + AGAIN_S, abs=0.2)


@virtual_time
async def test_given_a_line_that_is_back_at_once_then_nobody_hears_of_it(tmp_path: Path) -> None:
    held = Held(tmp_path)

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.refuse(503, 1)
        held.provider.connections[-1].cut()
        await held.until(journal.LineRestored)
        await asyncio.sleep(10)
        held.call.put(Left("enough"))

    await held.hold(team(), caller)
    assert held.said == [HELLO]
    assert held.asked == []


def wordy(**texts: str) -> TeamSpec:
    spec = team()
    return spec.model_copy(update={"announcements": spec.announcements.model_copy(update=texts)})


@virtual_time
async def test_given_a_line_that_is_mended_then_each_loss_is_told_once_and_the_next_reply_waits_its_turn(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        for said in (3, 5):
            held.call.put(Typed("caller", "Are you there?"))
            await held.until(journal.UserWrote, said // 2)
            held.refuse(503)
            held.provider.connections[-1].cut()
            await asyncio.sleep(3)
            held.refuse(503, 0)
            await held.until(journal.AgentSaid, said)
        held.call.put(Left("enough"))

    await held.hold(wordy(lost=LOST * 10), caller)
    assert held.said == [HELLO, LOST * 10, HELLO, LOST * 10, HELLO]
    said = held.only(journal.AgentSaid)
    for lost, restored in zip(said[1::2], held.only(journal.LineRestored), strict=True):
        assert restored.at < lost.at, "in the middle of the sentence"
    for lost, reply in zip(said[1::2], said[2::2], strict=True):
        assert reply.at - reply.heard_ms >= lost.at, "one voice"
        assert lost.latency_ms is None, "it answers nothing"
        assert reply.latency_ms > 6_000, "the caller has waited for this"
    told = [text(item) for item in held.provider.items()]
    assert [f'heard in your voice: "{LOST * 10}"' in words for words in told].count(True) == 2, "the model knows"


@virtual_time
async def test_given_a_caller_who_writes_while_they_are_told_then_that_is_cut_and_the_model_knows_what_was_heard(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.refuse(503)
        held.provider.connections[-1].cut()
        await asyncio.sleep(WONDER_S + 1)
        held.call.put(Typed("caller", "Are you there?"))
        held.refuse(503, 0)
        await held.until(journal.AgentSaid, 3)
        held.call.put(Left("enough"))

    await held.hold(wordy(lost=LOST * 10), caller)
    lost = held.only(journal.AgentSaid)[1]
    assert lost.interrupted
    assert 0 < len(lost.text) < len(LOST * 10)
    assert any(f'heard in your voice: "{lost.text}"' in text(item) for item in held.provider.items())


@virtual_time
async def test_given_a_provider_that_never_answers_then_the_caller_is_told_though_nothing_was_lost_yet(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)

    async def say_nothing(*_: object) -> None:
        await asyncio.Event().wait()

    silence = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silence:

        async def caller() -> None:
            await held.until(journal.AgentSaid)
            held.call.put(Left("enough"))

        await held.hold(team(), caller, url=f"http://127.0.0.1:{silence.sockets[0].getsockname()[1]}/v1")
    assert held.said == [LOST]
    assert held.only(journal.LineLost) == []


@virtual_time
async def test_given_a_promise_then_it_is_said_in_place_of_the_goodbye_and_not_kept(tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.refuse(401)
    await held.hold(team("promise"))
    whole = f"{PROMISED} Jo {{}} c:when_unreachable"
    assert held.said == [UNREACHABLE, whole]
    assert held.asked == [(UNREACHABLE, "calm", True), (whole, "calm", False)]
    [called], [finished] = held.only(journal.ToolCalled), held.only(journal.ToolFinished)
    assert (called.agent, called.tool, called.call_id) == ("alfa", "promise", finished.call_id)
    assert (finished.output, finished.failed) == (whole, False)
    assert [event.text for event in held.only(journal.ToolProgressed)] == ["I note it."]


@pytest.mark.parametrize(
    ("hook", "failed"), [("nothing", False), ("broken", True), ("endless", True), ("no_sentence", True)]
)
@virtual_time
async def test_given_no_promise_then_the_goodbye_is_said_all_the_same(tmp_path: Path, hook: str, failed: bool) -> None:
    held = Held(tmp_path)
    held.refuse(401)
    await held.hold(team(hook))
    assert held.said == [UNREACHABLE, GOODBYE]
    [finished] = held.only(journal.ToolFinished)
    assert finished.failed is failed
    assert "database" not in finished.output, "what a fault of ours says is not for the caller"
    assert held.ended < PROMISE_S + 5


@virtual_time
async def test_given_a_caller_who_speaks_and_writes_over_the_last_words_then_they_are_said_to_the_end(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    held.refuse(401)

    async def caller() -> None:
        await asyncio.sleep(0.4)
        sound = tone(300, 1500, OPENAI.sample_rate).tobytes()
        for start in range(0, len(sound), OPENAI.sample_rate // 10):
            held.call.hear(sound[start : start + OPENAI.sample_rate // 10])
            await asyncio.sleep(0.05)
            if start == 0:
                held.call.put(Typed("caller", "Hello?"))

    await held.hold(team(), caller)
    assert held.said == [UNREACHABLE, GOODBYE]
    assert held.sound_s == pytest.approx(spoken_s(UNREACHABLE, GOODBYE), abs=0.01)
    assert [event.text for event in held.only(journal.UserWrote)] == ["Hello?"]


@virtual_time
async def test_given_a_caller_who_leaves_in_the_middle_then_the_call_ends_with_them(tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.refuse(401)

    async def caller() -> None:
        await asyncio.sleep(0.5)
        held.call.put(Left("the caller left"))

    await held.hold(team(), caller)
    assert held.reason == "the caller left"
    assert held.ended == pytest.approx(0.5, abs=0.1)


async def voiceless(text: str, role: str, *, keep: bool = True) -> bytes:
    return b""


async def known_only(text: str, role: str, *, keep: bool = True) -> bytes:
    return await speak(text, role) if keep else b""


@virtual_time
async def test_given_a_voice_that_fails_then_the_call_ends_and_a_promise_nobody_can_hear_is_no_last_word(
    tmp_path: Path,
) -> None:
    for voice, said in ((voiceless, []), (known_only, [UNREACHABLE, GOODBYE])):
        held = Held(tmp_path)
        held.refuse(401)
        await held.hold(team("promise"), voice=voice)
        assert held.said == said
        assert held.reason.startswith("the model is out of reach: ")


@virtual_time
async def test_given_a_caller_who_speaks_while_the_line_is_down_then_they_are_told_when_they_have_finished(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    finished: list[float] = []

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.refuse(503)
        held.provider.connections[-1].cut()
        await held.until(journal.LineLost)
        sound = tone(300, 5000, OPENAI.sample_rate).tobytes() + bytes(OPENAI.sample_rate * 2)
        for start in range(0, len(sound), OPENAI.sample_rate // 10):
            held.call.hear(sound[start : start + OPENAI.sample_rate // 10])
            await asyncio.sleep(0.05)
        finished.append(held.only(journal.LineLost)[0].at + 5000)
        await held.until(journal.AgentSaid, 2)
        held.call.put(Left("enough"))

    await held.hold(team(), caller)
    [told] = held.only(journal.AgentSaid)[1:]
    assert told.text == LOST
    assert finished[0] <= told.at - told.heard_ms < finished[0] + 1000


@virtual_time
async def test_given_a_reply_that_still_sounds_then_nobody_is_told_of_a_line_that_is_mended_meanwhile(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path, Provider(lambda asked: [Say(HELLO, ms=12_000)]))

    async def caller() -> None:
        await held.provider.until("response.done")
        held.refuse(503)
        held.provider.connections[-1].cut()
        await asyncio.sleep(WONDER_S + 0.2)
        held.refuse(503, 0)
        await held.until(journal.AgentSaid)
        held.call.put(Left("enough"))

    await held.hold(team(), caller)
    assert held.only(journal.LineRestored)
    assert held.asked == []


@virtual_time
async def test_given_a_sentence_that_is_ready_when_the_line_is_mended_then_it_is_not_said(tmp_path: Path) -> None:
    held = Held(tmp_path)

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.refuse(503)
        held.provider.connections[-1].cut()
        await asyncio.sleep(WONDER_S + 0.2)
        held.refuse(503, 0)
        await held.until(journal.LineRestored)
        await asyncio.sleep(10)
        held.call.put(Left("enough"))

    await held.hold(team(), caller, voice=Slow(7.0).speak)
    assert [told for told, _, _ in held.asked] == [LOST]
    assert held.said == [HELLO]


@pytest.mark.parametrize(("loudness", "said"), [(0.05, "One moment, please."), (1, HELLO)])
@virtual_time
async def test_given_a_sound_when_a_word_is_due_then_it_is_said_when_that_is_over_and_not_to_one_who_speaks(
    tmp_path: Path, loudness: float, said: str
) -> None:
    """What is softer than speech is a noise to the provider."""

    def mute(asked: Asked) -> Sequence[Step]:
        return [Pause(600_000)] if asked.said == "Where is it?" else play(asked)

    held = Held(tmp_path, Provider(mute))

    async def caller() -> None:
        await held.until(journal.AgentSaid)
        held.call.put(Typed("caller", "Where is it?"))
        await asyncio.sleep(PATIENCE_S - 0.03)
        sound = (tone(300, 300, OPENAI.sample_rate) * loudness).astype("<i2").tobytes() + bytes(OPENAI.sample_rate * 2)
        for start in range(0, len(sound), OPENAI.sample_rate // 10):
            held.call.hear(sound[start : start + OPENAI.sample_rate // 10])
            await asyncio.sleep(0.05)
        await held.until(journal.AgentSaid, 2)
        held.call.put(Left("enough"))

    await held.hold(team(), caller)
    assert held.said[1:] == [said]
    wrote, heard = held.only(journal.UserWrote)[0], held.only(journal.AgentSaid)[1]
    assert [event.action for event in held.only(journal.WatchdogFired)] == ["say: one moment"], "it was due"
    assert PATIENCE_S < (heard.started_ms - wrote.at) / 1000 < PATIENCE_S + 1.5


@virtual_time
async def test_given_a_line_given_up_while_a_sound_of_the_caller_holds_the_agent_back_then_all_is_said(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    held.refuse(503)

    async def caller() -> None:
        await asyncio.sleep(WONDER_S + 1)
        sound = tone(300, 100, OPENAI.sample_rate).tobytes()
        for start in (0, len(sound) // 2):
            held.call.hear(sound[start : start + len(sound) // 2])
        held.call.put(LineLost("given up", final=True))

    await held.hold(wordy(lost=LOST * 10), caller)
    assert held.said == [LOST * 10, UNREACHABLE, GOODBYE]


@virtual_time
async def test_given_a_time_limit_that_is_reached_while_the_last_words_are_said_then_they_are_heard_to_the_end(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    held.refuse(401)
    spec = team("endless").model_copy(update={"limits": LimitsSpec(minutes_per_call=0.06)})
    await held.hold(spec, voice=Slow(3.0).speak)
    assert held.said == [UNREACHABLE, GOODBYE]
    assert held.reason.startswith("the model is out of reach: ")


@virtual_time
async def test_given_a_model_that_is_mute_when_a_limit_is_reached_then_the_goodbye_is_said_without_it(
    tmp_path: Path,
) -> None:
    def mute(asked: Asked) -> Sequence[Step]:
        return [Pause(600_000)] if "The call ends now" in asked.instructions else play(asked)

    held = Held(tmp_path, Provider(mute))
    spec = team().model_copy(update={"limits": LimitsSpec(minutes_per_call=0.2)})
    await held.hold(spec)
    assert held.said[0] == HELLO
    assert held.said[-2:] == [UNREACHABLE, GOODBYE]
    assert held.reason == "a limit was reached: minutes_per_call"
