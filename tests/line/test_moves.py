"""A line that moves from session to session, over real sockets to scripted providers, on virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pytest

from bench.tones import spoken, tone
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, Fault, Pace, Say, Step
from tests.simulators.openai_realtime.server import Connection, Provider, text
from tests.virtual_time import virtual_time
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    Failure,
    LineEvent,
    LineLost,
    LineMoved,
    MessageEnded,
    Move,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    Transcript,
)
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.profile import OPENAI
from worker.line.sessions import DRAIN_S, GIVE_UP_S, LATE_S

Kind = TypeVar("Kind", bound=LineEvent)
FRAME = SAMPLE_RATE // 20 * 2  # bytes of 50 ms
WORDS = {300: "chat", 400: "move", 500: "long"}
HOUR = replace(OPENAI, session_s=600)


def answer(asked: Asked) -> Sequence[Step]:
    return [Say("good day", ms=1000)]


def then(step: Say) -> Callable[[Sequence[Provider]], None]:
    """The second reply is this."""

    def prepare(providers: Sequence[Provider]) -> None:
        providers[0].play = lambda asked: [step] if asked.reply == 1 else answer(asked)

    return prepare


@dataclass
class House:
    """Providers, a line that prefers the first, and all that came of it."""

    providers: Sequence[Provider]
    line: Line
    breaker: Breaker
    events: list[LineEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, kind: type[Kind], count: int = 1) -> Kind:
        async with asyncio.timeout(60):
            while len(found := self.of(kind)) < count:
                self.changed.clear()
                await self.changed.wait()
        return found[count - 1]

    async def moved(self, count: int = 1) -> LineMoved:
        """What the new session was told has arrived."""
        event = await self.until(LineMoved, count)
        await asyncio.sleep(0.1)
        return event

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    async def say(self, hz: int, ms: int, quiet_ms: int) -> None:
        said = tone(hz, ms, SAMPLE_RATE).tobytes() + bytes(SAMPLE_RATE * quiet_ms // 1000 * 2)
        for start in range(0, len(said), FRAME):
            self.line.hear(said[start : start + FRAME])
            await asyncio.sleep(0.05)

    async def reply(self) -> None:
        number = len(self.of(ReplyEnded))
        self.line.ask()
        await self.until(ReplyEnded, number + 1)

    def arm(self, epoch: int, role: str = "warm") -> None:
        self.line.arm(replace(self.line.armed, epoch=epoch, instructions=f"You are agent {epoch}.", role=role))

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def sessions(self) -> list[Connection]:
        return [connection for provider in self.providers for connection in provider.connections]


@asynccontextmanager
async def house(count: int = 1, prepare: Callable[[Sequence[Provider]], None] = lambda _: None) -> AsyncIterator[House]:
    """`prepare` may break the providers before the line dials."""

    def take(event: LineEvent) -> None:
        found.events.append(event)
        found.changed.set()

    def transcribe(pcm: bytes) -> str:
        return WORDS.get(spoken(np.frombuffer(pcm, "<i2"), SAMPLE_RATE) or 0, "")

    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        providers = [Provider(answer, pace=Pace(transcript_ms=20), transcribe=transcribe) for _ in range(count)]
        for provider in providers:
            await stack.enter_async_context(provider.serve())
        prepare(providers)
        breaker = Breaker(loop.time)
        endpoints = tuple(Endpoint(HOUR, provider.url, "any") for provider in providers)
        line = Line(Arms(0, "You are agent 0.", (), "warm", endpoints), take, breaker=breaker)
        found = House(providers, line, breaker)
        try:
            yield found
        finally:
            await line.close()


def voice(connection: Connection) -> str:
    assert connection.session
    return str(connection.session.config["audio"]["output"]["voice"])


def instructions(connection: Connection) -> str:
    assert connection.session
    return str(connection.session.config["instructions"])


def words(connection: Connection) -> list[str]:
    return [text(item) for item in connection.items()]


@virtual_time
async def test_given_a_provider_that_refuses_the_connection_then_the_next_takes_the_call_and_later_calls() -> None:
    def refuse(providers: Sequence[Provider]) -> None:
        providers[0].refusals.count, providers[0].refusals.status = 100, 401

    async with house(2, refuse) as at:
        moved = await at.moved()
        assert moved.why is Move.LOST
        assert [event.final for event in at.of(LineLost)] == [False]
        assert at.now < 0.5, "it was not tried again: a wrong key stays wrong"
        await at.reply()
        assert [len(provider.connections) for provider in at.providers] == [0, 1]
        other = Line(at.line.armed, lambda _: None, breaker=at.breaker)
        await asyncio.sleep(1)
        assert [len(provider.connections) for provider in at.providers] == [0, 2]
        await other.close()


@virtual_time
async def test_given_a_network_that_fails_once_then_the_first_choice_is_tried_again() -> None:
    async with house(2) as at:
        await at.reply()
        at.providers[0].connections[0].cut()
        await at.moved()
        assert [len(provider.connections) for provider in at.providers] == [2, 0]
        assert words(at.providers[0].connections[1]) == ["good day"]


@virtual_time
async def test_given_a_provider_that_dies_then_the_next_takes_the_call_without_a_wait() -> None:
    async with house(2) as at:
        await at.reply()
        at.providers[0].refusals.count, at.providers[0].refusals.status = 100, 503
        at.providers[0].connections[0].cut()
        lost = at.now
        await at.until(LineMoved)
        assert at.now - lost < 0.1
        assert len(at.providers[1].connections) == 1


@virtual_time
async def test_given_a_provider_that_is_not_there_when_a_call_begins_then_the_next_is_asked_at_once() -> None:
    """That it has failed but once says nothing of it to other calls, and everything to this one."""

    def refuse(providers: Sequence[Provider]) -> None:
        providers[0].refusals.count, providers[0].refusals.status = 1, 503

    async with house(2, refuse) as at:
        await at.moved()
        await at.reply()
        assert [len(provider.connections) for provider in at.providers] == [0, 1]
        assert not at.breaker.rests(at.line.armed.endpoints[0])


@virtual_time
async def test_given_nobody_who_answers_then_the_line_gives_up_in_time() -> None:
    def refuse(providers: Sequence[Provider]) -> None:
        for provider in providers:
            provider.refusals.count, provider.refusals.status = 100, 503

    async with house(2, refuse) as at:
        await at.until(LineLost, 2)
        assert [event.final for event in at.of(LineLost)] == [False, True]
        assert GIVE_UP_S - 5 < at.now <= GIVE_UP_S + 1
        assert "503" in at.of(LineLost)[1].reason


@virtual_time
async def test_given_wrong_keys_everywhere_then_the_line_gives_up_at_once() -> None:
    def refuse(providers: Sequence[Provider]) -> None:
        for provider in providers:
            provider.refusals.count, provider.refusals.status = 100, 401

    async with house(2, refuse) as at:
        lost = await at.until(LineLost, 2)
        assert lost.final
        assert at.now < 1


@virtual_time
async def test_given_a_next_agent_with_another_voice_then_a_new_session_knows_all_and_hears_on() -> None:
    async with house() as at:
        await at.say(300, 400, 800)
        await at.until(Transcript)
        await at.reply()
        at.line.write("a note")
        at.arm(1, "calm")
        assert not at.line.up, "the old agent is asked nothing more"
        await at.moved()
        old, new = at.sessions()
        assert (voice(old), voice(new)) == ("marin", "cedar")
        assert instructions(new) == "You are agent 1."
        assert words(new) == ["chat", "good day", "a note"]
        await at.say(400, 400, 800)
        await at.until(Transcript, 2)
        assert words(new)[-1] == "move"
        assert [event.text for event in at.of(Transcript)] == ["chat", "move"], "nothing is heard twice"
        assert at.of(LineLost) == []


@virtual_time
async def test_given_a_caller_in_mid_sentence_at_a_handoff_then_the_new_session_hears_all_of_it() -> None:
    async with house() as at:
        await at.reply()
        at.arm(1, "calm")
        await at.say(400, 700, 900)
        await at.moved()
        await at.until(Transcript)
        assert "move" in words(at.sessions()[-1])
        assert {event.text for event in at.of(Transcript)} == {"move"}
        assert bytes(at.sessions()[-1].audio).count(tone(400, 700, SAMPLE_RATE).tobytes()[:9600]) == 1


@virtual_time
async def test_given_a_reply_that_runs_at_a_handoff_then_it_ends_before_the_next_agent_takes_over() -> None:
    async with house(prepare=then(Say("I put you through", ms=900))) as at:
        await at.reply()
        at.line.ask()
        await at.until(ReplyStarted, 2)
        at.arm(1, "calm")
        await at.moved()
        kinds = [type(event) for event in at.events]
        assert kinds.index(LineMoved) > kinds.index(ReplyEnded, kinds.index(ReplyEnded) + 1)
        assert words(at.sessions()[-1]) == ["good day", "I put you through"]


@virtual_time
async def test_given_a_reply_that_does_not_end_then_a_handoff_ends_it() -> None:
    async with house(prepare=then(Say("for ever and ever", ms=60_000))) as at:
        await at.reply()
        at.line.ask()
        await at.until(ReplyStarted, 2)
        began = at.now
        at.arm(1, "calm")
        await at.moved()
        assert at.now - began < DRAIN_S + 0.5
        assert len(at.of(ReplyEnded)) == len(at.of(MessageEnded)) == 2
        assert not at.of(ReplyEnded)[1].failure


@virtual_time
async def test_given_no_session_for_the_next_agent_then_the_present_one_keeps_the_call() -> None:
    async with house() as at:
        await at.reply()
        at.providers[0].refusals.count = 100
        at.arm(1, "calm")
        refused = await at.until(ArmRefused)
        assert refused.epoch == 1
        at.arm(2)
        assert at.line.up
        await at.reply()
        assert instructions(at.sessions()[0]) == "You are agent 2."
        assert at.of(LineLost) == []


@virtual_time
async def test_given_a_session_that_will_end_then_it_is_left_at_a_pause() -> None:
    async with house() as at:
        await at.reply()
        at.line.pause(True)
        await asyncio.sleep(450)
        at.line.pause(True)
        assert len(at.sessions()) == 1
        at.line.pause(False)
        await asyncio.sleep(60)
        assert len(at.sessions()) == 1, "somebody speaks"
        at.line.pause(True)
        moved = await at.moved()
        assert moved.why is Move.LIMIT
        assert words(at.sessions()[-1]) == ["good day"]
        assert at.line.up


@virtual_time
async def test_given_a_long_silence_before_a_session_is_left_then_it_is_not_told_again() -> None:
    async with house() as at:
        await at.reply()
        for _ in range(40):
            await at.say(0, 0, 500)
        at.arm(1, "calm")
        await at.moved()
        assert len(at.sessions()[-1].audio) / 2 / SAMPLE_RATE <= 1.1


@virtual_time
async def test_given_no_pause_before_a_session_ends_then_it_is_left_in_time_with_all_that_is_being_said() -> None:
    async with house() as at:
        at.line.pause(False)
        await asyncio.sleep(600 - LATE_S - 0.3)
        await at.say(400, 800, 0)
        await at.say(400, 800, 900)
        await at.moved()
        assert at.now < 600
        await at.until(Transcript)
        assert words(at.sessions()[-1]) == ["move"]
        assert tone(400, 1500, SAMPLE_RATE).tobytes()[:24000] in bytes(at.sessions()[-1].audio)


@virtual_time
async def test_given_speech_that_a_new_session_does_not_hear_then_it_has_ended() -> None:
    async with house() as at:
        at.line.pause(False)
        await asyncio.sleep(600 - LATE_S - 0.2)
        await at.say(400, 300, 0)
        await at.until(SpeechStarted)
        at.providers[0].faults = [Fault("input_audio_buffer.speech_started", "drop", nth=1)]
        await at.moved()
        await at.until(SpeechStopped)
        assert at.of(SpeechStopped)[0].item == at.of(SpeechStarted)[0].item


@virtual_time
async def test_given_a_first_choice_that_is_there_again_then_the_call_returns_to_it_at_a_pause() -> None:
    def refuse(providers: Sequence[Provider]) -> None:
        providers[0].refusals.count, providers[0].refusals.status = 1, 429

    async with house(2, refuse) as at:
        await at.moved()
        await at.reply()
        at.line.pause(True)
        assert [len(provider.connections) for provider in at.providers] == [0, 1]
        await asyncio.sleep(30)
        at.line.pause(True)
        moved = await at.moved(2)
        assert moved.why is Move.RETURN
        assert [len(provider.connections) for provider in at.providers] == [1, 1]
        assert words(at.providers[0].connections[0]) == ["good day"]


@virtual_time
async def test_given_a_model_that_is_mute_then_another_session_is_asked() -> None:
    async with house(2) as at:
        await at.reply()
        at.line.give_up("the model is mute")
        assert not at.line.up
        await at.moved()
        await at.reply()
        assert at.of(LineLost)[0].reason == "the model is mute"


@virtual_time
async def test_given_a_socket_that_is_half_open_then_it_is_lost_though_nobody_closes_it() -> None:
    async with house() as at:
        await at.reply()
        at.providers[0].faults = [Fault("response.created", "deaf", nth=1)]
        at.line.ask()
        await at.say(300, 200, 0)
        await at.moved()
        assert at.now < 20


@virtual_time
async def test_given_what_was_interrupted_after_a_move_then_the_new_session_remembers_what_was_heard() -> None:
    async with house() as at:
        await at.reply()
        item = at.of(MessageEnded)[0].item
        at.arm(1, "calm")
        await at.moved()
        at.line.heard(item, "good", 300, interrupted=True)
        await at.reply()
        assert words(at.sessions()[-1]) == ["good", "good day"]


@virtual_time
async def test_given_a_session_that_stands_by_for_the_next_agent_then_a_handoff_dials_no_other() -> None:
    async with house() as at:
        await at.reply()
        other = replace(at.line.armed, epoch=1, instructions="You are agent 1.", role="calm")
        for _ in range(3):
            at.line.expect([other, replace(other, role="warm")])
        await asyncio.sleep(1)
        assert len(at.sessions()) == 2, "one is enough, and for the same voice none is needed"
        await at.reply()
        at.line.write("a note")
        began = at.now
        at.arm(1, "calm")
        await at.until(LineMoved)
        assert at.now == began
        await at.reply()
        assert len(at.sessions()) == 2
        assert instructions(at.sessions()[1]) == "You are agent 1."
        assert words(at.sessions()[1]) == ["good day", "good day", "a note", "good day"]


@virtual_time
async def test_given_a_first_reply_that_begins_then_a_session_stands_by_for_the_next_voice() -> None:
    async with house() as at:
        at.line.expect([replace(at.line.armed, role="calm")])
        await at.reply()
        assert len(at.sessions()) == 2
        at.arm(1, "calm")
        await at.reply()
        assert [voice(one) for one in at.sessions()] == ["marin", "cedar"]


@virtual_time
async def test_given_a_handoff_while_the_session_for_it_is_dialled_then_no_other_is() -> None:
    async with house() as at:
        await at.reply()
        at.line.expect([replace(at.line.armed, role="calm")])
        at.arm(1, "calm")
        await at.moved()
        assert [voice(one) for one in at.sessions()] == ["marin", "cedar"]


@virtual_time
async def test_given_a_session_that_was_made_ready_in_mid_sentence_then_it_knows_the_whole_of_it() -> None:
    async with house(prepare=then(Say("I put you through", ms=1500))) as at:
        await at.reply()
        at.line.ask()
        await at.until(Text, 4)
        at.line.expect([replace(at.line.armed, role="calm")])
        await at.until(ReplyEnded, 2)
        first = at.of(MessageEnded)[0].item
        at.line.heard(first, "good", 300, interrupted=True)
        at.arm(1, "calm")
        await at.moved()
        assert words(at.sessions()[-1]) == ["good", "I put you through"]
        assert len(at.sessions()) == 2


@virtual_time
async def test_given_a_session_that_has_not_spoken_then_it_stands_by_for_any_voice_until_none_is_expected() -> None:
    async with house() as at:
        await at.reply()
        at.line.expect([replace(at.line.armed, role="calm"), replace(at.line.armed, role="deep")])
        await asyncio.sleep(1)
        assert [one.open for one in at.sessions()] == [True, True]
        at.arm(1, "deep")
        await at.moved()
        assert [voice(one) for one in at.sessions()] == ["marin", "ash"]
        await at.reply()
        at.line.expect([replace(at.line.armed, role="calm")])
        await asyncio.sleep(1)
        at.line.expect([])
        await asyncio.sleep(1)
        assert [one.open for one in at.sessions()] == [False, True, False]


@virtual_time
async def test_given_a_session_that_stands_by_for_a_loss_then_it_is_of_another_provider_and_takes_over_at_once() -> (
    None
):
    async with house(2) as at:
        await at.reply()
        at.line.expect([], loss=True)
        await asyncio.sleep(1)
        assert [len(provider.connections) for provider in at.providers] == [1, 1]
        at.providers[0].connections[0].cut()
        await at.until(LineLost)
        lost = at.now
        await at.until(LineMoved)
        assert at.now - lost < 0.01
        await at.reply()
        assert words(at.providers[1].connections[0]) == ["good day", "good day"]


@virtual_time
async def test_given_a_session_that_stood_by_and_is_gone_then_another_is_dialled() -> None:
    async with house() as at:
        await at.reply()
        at.line.expect([replace(at.line.armed, role="calm")])
        await asyncio.sleep(1)
        at.sessions()[1].cut()
        await asyncio.sleep(1)
        at.arm(1, "calm")
        await at.moved()
        assert len(at.sessions()) == 3
        assert at.of(LineLost) == []


@pytest.mark.parametrize(
    ("code", "failure"),
    [("insufficient_quota", Failure.QUOTA), ("session_expired", Failure.SESSION)],
)
def test_failures_rest_as_they_deserve(code: str, failure: Failure) -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    first, second = Endpoint(OPENAI, "http://one", code), Endpoint(OPENAI, "http://two", code)
    breaker.failed(first, failure)
    assert breaker.choose((first, second)) is (second if failure is Failure.QUOTA else first)
    assert breaker.choose((first,)) is first, "there is no other"


def test_a_breaker_rests_longer_each_time_and_forgets_when_it_works() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    one = Endpoint(OPENAI, "http://one", "key")
    rests = []
    for _ in range(8):
        breaker.failed(one, Failure.OVERLOAD)
        began = now
        while breaker.rests(one):
            now += 1
        rests.append(now - began)
    assert rests == [0, 10, 20, 40, 80, 160, 300, 300]
    breaker.worked(one)
    breaker.failed(one, Failure.NETWORK)
    assert not breaker.rests(one), "one failure is none"


@virtual_time
async def test_given_a_session_that_replied_until_it_was_lost_then_the_silence_before_is_not_told_again() -> None:
    async with house(prepare=then(Say("for a long time", ms=30_000))) as at:
        await at.say(300, 400, 800)
        await at.reply()
        at.line.ask()
        await at.say(0, 0, 6000)
        at.sessions()[0].cut()
        await at.moved()
        assert len(at.sessions()[1].audio) < 1.5 * SAMPLE_RATE * 2


@virtual_time
async def test_given_more_speech_than_is_kept_when_it_is_told_again_then_what_follows_is_still_found() -> None:
    async with house() as at:
        for _ in range(40):
            await at.say(500, 900, 100)
        assert len(at.sessions()) == 1
        at.sessions()[0].cut()
        await at.moved()
        await at.say(0, 0, 900)
        await at.until(Transcript)
        await at.say(400, 600, 0)
        at.sessions()[1].cut()
        await at.moved(2)
        assert len(at.sessions()[2].audio) < 2 * SAMPLE_RATE * 2
        await at.say(0, 0, 900)
        await at.until(Transcript, 2)
        assert at.of(Transcript)[1].text == "move"
