"""What a call costs and how it ends when that is too much, in virtual time: real call and line, a scripted provider."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc

from agents.spec import TeamSpec
from agents.turn_taking import SilenceSpec, TurnTakingSpec
from bench.tones import tone
from tests.core.test_long_call import make_context
from tests.fakes import FakeSpeaker, speak
from tests.simulators.openai_realtime.script import Asked, CallTool, Fail, Pause, Say, Step
from tests.simulators.openai_realtime.server import Provider
from tests.virtual_time import virtual_time
from worker.background import background
from worker.call import Call
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.journal.recorder import Recorder
from worker.line.cost import Price, Prices
from worker.line.endpoint import Endpoint
from worker.line.events import Usage
from worker.line.profile import OPENAI
from worker.room.events import Left, Typed
from worker.room.outbox import Outbox
from worker.spending import DAY_S
from worker.team.text_models import TextModel
from worker.turns.farewell import ANSWER_S, ATTEMPTS, LINGER_S, WAIT_S

GOODBYE = "Sorry, our time is up. Goodbye."


def team(**limits: float) -> TeamSpec:
    agents = {
        name: {
            "name": name,
            "instructions": f"You are {name.upper()}.",
            "tools": [{"tool": "tests.core.tools.slow", "claims": ["it is done"]}],
            "handoffs": [{"to": other, "when": "Asked for."}],
        }
        for name, other in (("alfa", "bravo"), ("bravo", "alfa"))
    }
    memory = {"budget_tokens": 500, "keep_turns": 1}
    patient = {
        "silence": {"nudge_s": None}
    }  # callers are silent for long here, and are not asked whether they are there
    keys = {"limits": limits, "memory": memory, "turn_taking": patient}
    return TeamSpec.model_validate({"team": "thrifty", "start": "alfa", "agents": agents, **keys})


def play(asked: Asked) -> Sequence[Step]:
    if "The call ends now" in asked.instructions:
        return [Say(GOODBYE, ms=2000, hz=900)]
    return [Say("That is so.", ms=1000)]


@dataclass
class Held:
    """A call on the way; what it was heard to say, and when it was over (seconds)."""

    folder: Path
    play: Callable[[Asked], Sequence[Step]] = play
    transcribe: Callable[[bytes], str] = lambda _: "well now"
    text_models: dict[str, TextModel] = field(default_factory=dict)
    prices: Prices | None = None
    call: Call = field(init=False)
    provider: Provider = field(init=False)
    events: list[journal.JournalEvent] = field(default_factory=list)
    reason: str = ""
    ended: float = 0.0

    async def hold(
        self,
        spec: TeamSpec,
        caller: Callable[["Held"], Coroutine[Any, Any, None]],
        spent_today: Callable[[], Awaitable[float | None]] | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with Recorder(f"sqlite+aiosqlite:///{self.folder}/journal.db") as recorder:
            self.provider = Provider(self.play, transcribe=self.transcribe)
            async with self.provider.serve():
                self.call = Call(
                    team=spec,
                    endpoints=dict.fromkeys(spec.speakers, (Endpoint(OPENAI, self.provider.url, "scripted"),)),
                    caller="caller",
                    sink=FakeSpeaker(OPENAI.sample_rate),
                    outbox=Outbox(rtc.Room()),
                    journal=Journal(
                        "thrifty",
                        recorder,
                        elapsed_ms=lambda: round((loop.time() - began) * 1000),
                        publish=self.events.append,
                    ),
                    today="Monday",
                    make_context=make_context,
                    speak=speak,
                    text_models=self.text_models,
                    prices=self.prices,
                    spent_today=spent_today,
                )
                async with background(caller(self)):
                    self.reason = await self.call.run()
                self.ended = loop.time() - began

    async def say(self, ms: int) -> None:
        """Speaks, with breaths that are no pauses, and is silent for a second."""
        breath = bytes(OPENAI.sample_rate * 2 // 5)
        words = [tone(300, min(800, ms - at), OPENAI.sample_rate).tobytes() for at in range(0, ms, 1000)]
        sound = breath.join(words) + bytes(OPENAI.sample_rate * 2)
        for start in range(0, len(sound), OPENAI.sample_rate // 10):
            self.call.hear(sound[start : start + OPENAI.sample_rate // 10])
            await asyncio.sleep(0.05)

    def use(self, **counted: Any) -> None:
        self.call.put(Usage(**counted))

    def only(self, kind: type[journal.JournalEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.only(journal.AgentSaid)]

    @property
    def goodbyes(self) -> int:
        """How often one was asked for."""
        asked = [event["response"] for event in self.provider.received() if event["type"] == "response.create"]
        return sum("The call ends now" in response.get("instructions", "") for response in asked)

    @property
    def warned(self) -> list[str]:
        return [event.code for event in self.only(journal.CallWarned)]


async def silent(_: Held) -> None:
    pass


@virtual_time
async def test_given_a_time_limit_then_it_is_warned_and_the_call_ends_when_the_goodbye_was_heard(
    tmp_path: Path,
) -> None:
    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1), silent)
    assert held.reason == "a limit was reached: minutes_per_call"
    assert held.warned == ["limit.near", "limit.reached"]
    assert held.said == ["That is so.", GOODBYE]
    near, reached = held.only(journal.CallWarned)
    [_, goodbye] = held.only(journal.AgentSaid)
    assert (near.at, reached.at) == (pytest.approx(48_000, abs=50), pytest.approx(60_000, abs=50))
    assert (goodbye.heard_ms, goodbye.interrupted) == (2000, False)
    assert held.ended * 1000 == pytest.approx(goodbye.at + LINGER_S * 1000, abs=50)
    [asked] = [event for event in held.provider.received() if event["type"] == "response.create"][1:]
    assert asked["response"]["tool_choice"] == "none"


@virtual_time
async def test_given_a_reply_that_runs_when_the_limit_is_reached_then_it_is_heard_to_its_end(tmp_path: Path) -> None:
    def at_length(asked: Asked) -> Sequence[Step]:
        return play(asked) if "The call ends" in asked.instructions or not asked.said else [Say("Long.", ms=9000)]

    async def caller(held: Held) -> None:
        await asyncio.sleep(5)
        held.call.put(Typed("caller", "tell me all"))
        await asyncio.sleep(2)
        held.use(output_audio=2_000_000)

    held = Held(tmp_path, at_length)
    await held.hold(team(cost_per_call=100), caller)
    assert held.reason == "a limit was reached: cost_per_call"
    assert held.said[1:] == ["Long.", GOODBYE]
    assert [(event.heard_ms, event.interrupted) for event in held.only(journal.AgentSaid)[1:]] == [
        (9000, False),
        (2000, False),
    ]
    [updated] = [event for event in held.only(journal.CostUpdated) if event.tokens.get("output_audio", 0) == 2_000_000]
    assert (updated.agent, updated.provider, updated.model, updated.cost) == (
        "alfa",
        "openai",
        "gpt-realtime-1.5",
        128.0,
    )


@virtual_time
async def test_given_a_caller_who_speaks_when_the_limit_is_reached_then_they_finish_and_are_answered_by_a_goodbye(
    tmp_path: Path,
) -> None:
    async def caller(held: Held) -> None:
        await asyncio.sleep(58)
        await held.say(6000)

    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1), caller)
    assert held.said == ["That is so.", GOODBYE], "what they said is answered by nothing else"
    [heard] = held.only(journal.UserSaid)
    assert heard.at > 64_000
    assert held.ended > 66


@virtual_time
async def test_given_a_caller_who_does_not_stop_then_the_goodbye_is_said_over_them(tmp_path: Path) -> None:
    async def caller(held: Held) -> None:
        await asyncio.sleep(55)
        await held.say(120_000)

    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1), caller)
    assert held.said == ["That is so.", GOODBYE]
    [_, goodbye] = held.only(journal.AgentSaid)
    assert not goodbye.interrupted
    assert held.ended == pytest.approx(60 + WAIT_S + 2 + LINGER_S, abs=0.5)


@virtual_time
async def test_given_a_caller_who_stops_while_the_goodbye_is_said_over_them_then_it_goes_on(tmp_path: Path) -> None:
    async def caller(held: Held) -> None:
        await asyncio.sleep(55)
        await held.say(26_000)
        await held.say(300)

    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1), caller)
    assert [(event.text, event.interrupted) for event in held.only(journal.AgentSaid)[1:]] == [(GOODBYE, False)]
    assert held.goodbyes == 1


@virtual_time
async def test_given_a_reply_without_end_then_it_is_cut_and_the_goodbye_is_said_whoever_speaks(tmp_path: Path) -> None:
    def endless(asked: Asked) -> Sequence[Step]:
        if "The call ends now" in asked.instructions:
            return [Pause(2000), *play(asked)]
        return [Say("On and on.", ms=90_000)] if asked.said else play(asked)

    async def caller(held: Held) -> None:
        await asyncio.sleep(55)
        held.call.put(Typed("caller", "tell me all"))
        await asyncio.sleep(5 + WAIT_S + 0.5)
        await held.say(800)  # the goodbye is asked for, and not heard yet

    held = Held(tmp_path, endless)
    await held.hold(team(minutes_per_call=1), caller)
    long, goodbye = held.only(journal.AgentSaid)[1:]
    assert long.interrupted
    assert long.at == pytest.approx((60 + WAIT_S) * 1000, abs=100)
    assert (goodbye.text, goodbye.interrupted) == (GOODBYE, False)
    assert held.goodbyes == 1


@virtual_time
async def test_given_a_limit_that_is_reached_then_nothing_but_the_goodbye_begins(tmp_path: Path) -> None:
    def claiming(asked: Asked) -> Sequence[Step]:
        """Says what is not so, at such a length that the memory is outgrown."""
        if "The call ends now" in asked.instructions or not asked.said:
            return play(asked)
        return [Say("A word.", ms=8000) if asked.said == "a word" else Say("It is done.", ms=35_000)]

    async def caller(held: Held) -> None:
        for at in (10, 20):
            await asyncio.sleep(at)
            held.call.put(Typed("caller", "do it" if at == 20 else "a word"))

    held = Held(tmp_path, claiming)
    await held.hold(team(minutes_per_call=1), caller)
    assert held.said == ["That is so.", "A word.", "It is done.", GOODBYE]
    assert held.only(journal.WatchdogFired) == [], "it is not put right any more"
    assert held.only(journal.MemoryCompacted) == []


@virtual_time
async def test_given_a_caller_who_breaks_into_the_goodbye_then_it_is_said_once_more_and_to_its_end(
    tmp_path: Path,
) -> None:
    async def caller(held: Held) -> None:
        await asyncio.sleep(61)
        await held.say(2500)

    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1), caller)
    goodbyes = held.only(journal.AgentSaid)[1:]
    assert [event.interrupted for event in goodbyes] == [True, False]
    assert goodbyes[-1].text == GOODBYE
    assert held.ended > goodbyes[-1].at / 1000


@pytest.mark.parametrize("how", ["mute", "failing"])
@virtual_time
async def test_given_a_model_that_does_not_manage_a_goodbye_then_the_call_ends_all_the_same(
    tmp_path: Path, how: str
) -> None:
    def speechless(asked: Asked) -> Sequence[Step]:
        if "The call ends now" not in asked.instructions:
            return play(asked)
        return [Pause(600_000)] if how == "mute" else [Fail("server_error")]

    held = Held(tmp_path, speechless)
    await held.hold(team(minutes_per_call=1), silent)
    assert held.reason == "a limit was reached: minutes_per_call"
    [*_, first, last] = held.only(journal.AgentSaid)
    texts = team().announcements
    assert [first.text, last.text] == [texts.unreachable, texts.goodbye], "in the voice that needs no model"
    assert first.started_ms / 1000 == pytest.approx(60 + (ANSWER_S if how == "mute" else 0), abs=1)
    assert held.ended * 1000 == pytest.approx(last.at + LINGER_S * 1000, abs=50)
    fired = [event.action for event in held.only(journal.WatchdogFired)]
    assert fired == (["say: one moment"] if how == "mute" else ["leave it"] * ATTEMPTS)


@pytest.mark.timeout(60)  # a deadline that nobody deals with holds the clock
@pytest.mark.parametrize(("nudge_s", "more"), [(58.2, ["That is so."]), (60, [])], ids=["goodbye", "not yet"])
@virtual_time
async def test_given_a_caller_who_is_silent_for_long_when_the_limit_is_reached_then_its_goodbye_is_the_last(
    tmp_path: Path, nudge_s: float, more: list[str]
) -> None:
    silence = TurnTakingSpec(silence=SilenceSpec(nudge_s=nudge_s, nudges=0))
    held = Held(tmp_path)
    await held.hold(team(minutes_per_call=1).model_copy(update={"turn_taking": silence}), silent)
    assert held.reason == "a limit was reached: minutes_per_call"
    assert held.said == ["That is so.", *more, GOODBYE]
    assert all(not event.interrupted for event in held.only(journal.AgentSaid))


@virtual_time
async def test_given_a_tool_that_runs_when_the_limit_is_reached_then_it_may_finish(tmp_path: Path) -> None:
    def tools(asked: Asked) -> Sequence[Step]:
        return [CallTool("slow")] if asked.last.get("role") == "user" else play(asked)

    async def caller(held: Held) -> None:
        await asyncio.sleep(59.6)
        held.call.put(Typed("caller", "please"))

    held = Held(tmp_path, tools)
    await held.hold(team(minutes_per_call=1), caller)
    [finished] = held.only(journal.ToolFinished)
    assert finished.at > 60_000
    assert not finished.failed
    assert held.said == ["That is so.", GOODBYE]
    goodbye = held.only(journal.AgentSaid)[-1]
    assert goodbye.at - goodbye.heard_ms > finished.at


@virtual_time
async def test_given_a_day_that_is_used_up_then_who_calls_hears_a_sentence_and_no_greeting(tmp_path: Path) -> None:
    async def spent() -> float:
        return 50.0

    hints = []

    def listening(asked: Asked) -> Sequence[Step]:
        hints.append(asked.instructions)
        return play(asked)

    held = Held(tmp_path, listening)
    await held.hold(team(cost_per_day=50), silent, spent)
    assert held.reason == "a limit was reached: cost_per_day"
    assert held.said == [GOODBYE]
    assert len(hints) == 1
    assert "tomorrow" in hints[0]


@virtual_time
async def test_given_calls_elsewhere_that_use_up_the_day_then_this_one_ends_when_it_is_looked_up(
    tmp_path: Path,
) -> None:
    looked_up = []

    async def spent() -> float:
        looked_up.append(asyncio.get_running_loop().time())
        return [10.0, 41.0, 55.0][len(looked_up) - 1]

    held = Held(tmp_path)
    await held.hold(team(cost_per_day=50), silent, spent)
    assert held.reason == "a limit was reached: cost_per_day"
    assert held.warned == ["limit.near", "limit.reached"]
    assert len(looked_up) == 3
    assert held.ended == pytest.approx(2 * DAY_S + 2.5, abs=1)


@virtual_time
async def test_given_a_database_that_does_not_answer_then_the_call_is_held(tmp_path: Path) -> None:
    async def spent() -> None:
        return None

    async def caller(held: Held) -> None:
        await asyncio.sleep(3 * DAY_S)
        held.call.put(Left("enough"))

    held = Held(tmp_path)
    await held.hold(team(cost_per_day=50), caller, spent)
    assert held.reason == "enough"


@virtual_time
async def test_given_a_handoff_then_each_agent_is_charged_for_its_own_replies(tmp_path: Path) -> None:
    def handing(asked: Asked) -> Sequence[Step]:
        return [CallTool("transfer_to_bravo")] if asked.said and "ALFA" in asked.instructions else play(asked)

    async def caller(held: Held) -> None:
        await asyncio.sleep(3)
        held.call.put(Typed("caller", "bravo, please"))
        await asyncio.sleep(4)
        held.call.put(Left("enough"))

    held = Held(tmp_path, handing)
    await held.hold(team(), caller)
    charged = held.only(journal.CostUpdated)
    assert [event.agent for event in charged] == ["alfa", "alfa", "bravo"]
    assert [event.tokens.get("output_audio", 0) for event in charged] == [20, 0, 20], "a second is 20 tokens"
    assert charged[-1].total == pytest.approx(sum(event.cost for event in charged), abs=1e-9)
    assert all(event.cost > 0 for event in charged)
    assert held.warned == []


@virtual_time
async def test_given_a_modality_without_a_price_then_the_journal_warns_once(tmp_path: Path) -> None:
    async def caller(held: Held) -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            held.call.put(Usage(transcribed_s=2.0))
        await asyncio.sleep(1)
        held.call.put(Left("enough"))

    price = Price(input_text=1, input_audio=1, output_text=1, output_audio=1)
    held = Held(tmp_path, prices=Prices(models={"openai/gpt-realtime-1.5": price}))
    await held.hold(team(), caller)
    assert held.warned == ["cost.unpriced"]
    told = [event for event in held.only(journal.CostUpdated) if event.unpriced]
    assert [(event.cost, event.transcribed_s) for event in told] == [(None, 2.0)] * 3


@virtual_time
async def test_given_a_sub_agent_then_what_it_thinks_costs_too(tmp_path: Path) -> None:
    async def caller(held: Held) -> None:
        await asyncio.sleep(2)
        used = journal.ModelUsed(
            agent="clerk",
            call_id="c",
            model="gpt-4.1",
            replies=1,
            input_tokens=1000,
            cached_tokens=400,
            output_tokens=100,
        )
        held.call._journaling.record(used)
        await asyncio.sleep(1)
        held.call.put(Left("enough"))

    held = Held(tmp_path, text_models={"clerk": TextModel("openai", "http://nowhere", "gpt-4.1")})
    await held.hold(team(), caller)
    [updated] = [event for event in held.only(journal.CostUpdated) if event.agent == "clerk"]
    assert updated.model == "gpt-4.1"
    assert updated.cost == pytest.approx((600 * 2 + 400 * 0.5 + 100 * 8) / 1e6)
