"""Whatever becomes of sessions: all of the caller reaches a model, in order, and nothing twice that has its words."""

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.line.conversation import KINDS, TURN_MS, Conversation, answer, conversation
from tests.simulators import tls
from tests.simulators.gemini_live import moments as gemini
from tests.simulators.openai_realtime import moments as openai
from tests.simulators.openai_realtime.moments import Moment
from tests.simulators.openai_realtime.script import Fault, What
from tests.simulators.openai_realtime.server import Provider as OpenAI
from tests.virtual_time import virtual_time
from worker.line import gemini_model
from worker.line.events import LineLost, LineMoved, Move

SOAK = bool(os.environ.get("BATON_SOAK"))
SESSION_S = 8
RUNS = 600 if SOAK else 20
ENDS: tuple[What, ...] = ("abort", "close", "stall", "deaf")
SPOKEN = openai.moments(answer, spoken=True)
MOMENTS = {"openai": SPOKEN, "azure": SPOKEN, "gemini": gemini.moments(answer)}
IN_TURN_MS = (100, 350, 590, 700, 1090) if SOAK else (350, 1090)  # in a sentence, or at its end
SENTENCES_MS = tuple(TURN_MS + ms for ms in IN_TURN_MS)


@pytest.fixture(autouse=True, scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    bundle = tmp_path_factory.mktemp("authorities") / "authorities.pem"
    tls.write_bundle(bundle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(bundle))
        gemini_model._trusted.cache_clear()
        yield
    gemini_model._trusted.cache_clear()


def ends() -> Iterator[tuple[str, Moment, What]]:
    """Of a session, at each event of a turn: its socket is cut, and the rest of ENDS in turn. All of them in a soak."""
    for kind, moments in MOMENTS.items():
        for number, moment in enumerate(moments):
            for place, what in enumerate(ENDS):
                if SOAK or place == number % len(ENDS) or (place == 0 and kind != "azure"):
                    yield kind, moment, what


@pytest.mark.parametrize(("kind", "moment", "what"), ends(), ids=str)
@virtual_time
async def test_given_a_session_that_ends_at_an_event_of_a_turn_then_nothing_is_lost(
    kind: str, moment: Moment, what: What
) -> None:
    async with conversation(kind) as talk:
        await talk.speak(turns=1)
        talk.provider.strike(moment, what)
        if moment.at == "setupComplete":  # of the next session
            talk.present.suffer(Fault("", "abort"))
        await talk.speak(turns=2)
        await talk.settle()
        assert not talk.provider.faults, "it came to pass"
        assert talk.of(LineLost)
        assert talk.faults() == []


@pytest.mark.parametrize("at_ms", SENTENCES_MS)
@pytest.mark.parametrize("kind", KINDS)
@virtual_time
async def test_given_a_handoff_to_another_voice_in_mid_sentence_then_nothing_is_lost(kind: str, at_ms: int) -> None:
    async with conversation(kind) as talk:
        await talk.speak(until_ms=at_ms)
        hand_over(talk, role="calm")
        await talk.settle()
        assert [event.why for event in talk.of(LineMoved)] == [Move.HANDOFF]
        assert not talk.of(LineLost)
        assert talk.faults() == []


@pytest.mark.parametrize("at_ms", SENTENCES_MS)
@pytest.mark.parametrize("kinds", [(old, new) for old in KINDS for new in KINDS if old != new], ids="-".join)
@virtual_time
async def test_given_a_handoff_to_another_provider_in_mid_sentence_then_nothing_is_lost(
    kinds: tuple[str, str], at_ms: int
) -> None:
    async with conversation(*kinds) as talk:
        await talk.speak(until_ms=at_ms)
        hand_over(talk, role="warm", to_another=True)
        await talk.settle()
        assert [event.why for event in talk.of(LineMoved)] == [Move.HANDOFF]
        assert talk.provider is talk.providers[1]
        assert talk.faults() == []


@pytest.mark.parametrize("at_ms", SENTENCES_MS)
@virtual_time
async def test_given_a_provider_that_goes_away_in_mid_sentence_then_it_is_left_before_and_nothing_is_lost(
    at_ms: int,
) -> None:
    async with conversation("gemini") as talk:
        await talk.speak(until_ms=at_ms)
        talk.present.suffer(Fault("", "go_away", left_ms=1000))
        await talk.settle()
        assert [event.why for event in talk.of(LineMoved)] == [Move.LIMIT]
        assert not talk.of(LineLost)
        assert talk.faults() == []


@pytest.mark.parametrize("at_ms", SENTENCES_MS)
@pytest.mark.parametrize("kind", ["openai", "azure"])
@virtual_time
async def test_given_a_session_that_expires_in_mid_sentence_then_nothing_is_lost(kind: str, at_ms: int) -> None:
    async with conversation(kind) as talk:
        await talk.speak(until_ms=at_ms)
        talk.present.suffer(Fault("", "error", error="session_expired"))
        await talk.settle()
        assert [event.why for event in talk.of(LineMoved)] == [Move.LOST]
        assert talk.faults() == []


@pytest.mark.parametrize("kind", KINDS)
@virtual_time
async def test_given_sessions_that_may_not_last_then_each_is_left_in_mid_sentence_and_nothing_is_lost(
    kind: str,
) -> None:
    async with conversation(kind, session_s=SESSION_S) as talk:
        await talk.speak(turns=8)
        await talk.settle()
        assert {event.why for event in talk.of(LineMoved)} == {Move.LIMIT}
        assert len(talk.sessions) > 3
        assert not talk.of(LineLost)
        assert talk.faults() == []


# ---- at random

LINES = (("openai",), ("azure",), ("gemini",), ("openai", "gemini"), ("gemini", "azure"), ("azure", "openai"))
FAULTS: tuple[What, ...] = ("abort", "close", "deaf", "slow", "garbage", "untyped", "malformed", "unknown", "go_away")
EVENTS = (*FAULTS, "stall", "refuse", "voice", "provider", "pause", "stand by")
ROLES = ("warm", "calm", "bright", "deep")


@pytest.mark.parametrize("seed", range(RUNS))
@virtual_time
async def test_given_faults_and_moves_at_random_then_nothing_is_lost(seed: int) -> None:
    chance = random.Random(seed)
    kinds, rtt_ms = LINES[seed % len(LINES)], chance.choice([0, 0, 60, 250])
    schedule = sorted((chance.randrange(TURN_MS, 12_000), chance.choice(EVENTS)) for _ in range(chance.randint(1, 6)))
    if sum(event in ("stall", "deaf") for _, event in schedule) > 1:
        schedule = [(at_ms, event) for at_ms, event in schedule if event != "stall"]  # the ring lasts for half a minute
    async with conversation(*kinds, rtt_ms=rtt_ms) as talk:
        for at_ms, event in schedule:
            await talk.speak(until_ms=at_ms)
            happen(talk, event, chance)
        await talk.settle()
        assert not talk.faults(), f"{talk.faults()}: {kinds}, round trip {rtt_ms} ms, {schedule}"


def happen(talk: Conversation, event: str, chance: random.Random) -> None:
    match event:
        case "voice":
            hand_over(talk, role=chance.choice(ROLES))
        case "provider":
            hand_over(talk, role=chance.choice(ROLES), to_another=True)
        case "stand by":
            talk.line.expect([replace(talk.line.armed, role=chance.choice(ROLES))], loss=chance.random() < 0.5)
        case "pause":
            talk.line.pause(True)
            talk.line.pause(False)
        case "refuse":
            talk.provider.refusals.count, talk.provider.refusals.status = (
                chance.randint(1, 2),
                chance.choice([429, 503]),
            )
        case "go_away" if isinstance(talk.provider, OpenAI):
            talk.present.suffer(Fault("", "error", error="session_expired"))
        case _:
            what = next(what for what in (*FAULTS, *ENDS) if what == event)
            code = chance.choice([1000, 1001, 1011])
            talk.present.suffer(Fault("response.created", what, code=code, late_ms=300, left_ms=3000))


def hand_over(talk: Conversation, *, role: str, to_another: bool = False) -> None:
    armed = talk.line.armed
    epoch = armed.epoch + 1
    present = talk.providers.index(talk.provider)
    others = tuple(one for number, one in enumerate(talk.endpoints) if number != present)
    endpoints = (others or armed.endpoints) if to_another else armed.endpoints
    talk.line.arm(replace(armed, epoch=epoch, instructions=f"You are agent {epoch}.", role=role, endpoints=endpoints))
