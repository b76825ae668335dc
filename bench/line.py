"""What a caller hears when the line moves: a lost socket, another voice, the end of a session, another provider."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import measure
from bench.caller import RATE, Caller
from bench.house import TEAM, WORKERS, House, Provider, house
from bench.measure import TURN_MS, greeted, quiet
from bench.report import Report, Row
from bench.short_sessions import LEFT_S
from bench.tones import ALFA, BRAVO, FRAME_MS, LONG, MOVE, SCALE, STEP_MS, missing_ms, scale

VOICES = TEAM.with_name("voices.yaml")
_SAID = scale(RATE)
_SAID_S = len(_SAID) / RATE
_WRITTEN_S = 2.0  # after the caller's last word, the provider has taken it for a turn, or never will
_RTT_MS = 100  # to the provider
_RESTED_S = 11.0  # a provider that failed is tried again


async def line(*, rounds: int) -> Report:
    """Silence at the caller, and the words of theirs that are missing, whenever the line moves."""
    report = Report("line")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home:
            await _losses(home, report, rounds)
            await _voices(home, report, rounds)
            await _limits(home, report, rounds)
            await _failovers(home, report, rounds)
    return report


async def _losses(home: House, report: Report, rounds: int) -> None:
    async with home.provider(_RTT_MS) as provider, home.worker("baton", provider):
        gaps = await losses(home, provider, rounds)
        report.rows.append(Row("socket killed, audio waits: silence", "baton", "ms", gaps, budget=50))
        missing = await losses_at_speech(home, provider, rounds)
        report.rows.append(Row("socket killed, caller speaks: missing", "baton", "ms", missing, budget=FRAME_MS))
    async with home.provider(_RTT_MS, speed=1.0) as provider:
        for team, what in (
            (TEAM, "socket killed, none waits"),
            (_with(home, TEAM, "always"), "socket killed, standby: always"),
        ):
            async with home.worker("baton", provider, team):
                gaps = await losses(home, provider, rounds)
                report.rows.append(Row(f"{what}: silence", "baton", "ms", gaps, budget=400))


async def _voices(home: House, report: Report, rounds: int) -> None:
    cold = _with(home, VOICES, "on_decision")
    for rtt_ms, budget in ((0, None), (100, 240)):
        async with home.provider(rtt_ms) as provider:
            for name in WORKERS:
                async with home.worker(name, provider, VOICES):
                    gaps = await measure.handoffs(home, provider, rounds)
                    report.rows.append(Row(f"other voice, RTT {rtt_ms}: gap", name, "ms", _ms(gaps), budget=budget))
                    missing = await handoffs_at_speech(home, provider, rounds)
                    what = f"other voice, RTT {rtt_ms}, caller speaks: missing"
                    report.rows.append(Row(what, name, "ms", missing, budget=FRAME_MS))
            async with home.worker("baton", provider, cold):
                gaps = await measure.handoffs(home, provider, rounds)
                report.rows.append(Row(f"other voice, RTT {rtt_ms}, no standby: gap", "baton", "ms", _ms(gaps)))


async def _limits(home: House, report: Report, rounds: int) -> None:
    for speed, what, budget in ((3.0, "audio waits", 50), (1.0, "none waits", 400)):
        async with home.provider(_RTT_MS, speed) as provider, home.worker("short", provider):
            gaps = await limits(home, provider, rounds)
            report.rows.append(Row(f"session ends in mid-reply, {what}: silence", "baton", "ms", gaps, budget=budget))
    async with home.provider(_RTT_MS) as provider:
        for name, what in (("baton", "session stays"), ("short", "session ends at a pause")):
            async with home.worker(name, provider):
                waited, missing = await replies_at_limits(home, provider, rounds, moves=name == "short")
                report.rows.append(Row(f"{what}: end of speech to reply", "baton", "ms", _ms(waited)))
                report.rows.append(Row(f"{what}: missing", "baton", "ms", missing, budget=FRAME_MS))


async def _failovers(home: House, report: Report, rounds: int) -> None:
    for speed, team, what in (
        (3.0, TEAM, "provider dies in mid-reply, audio waits"),
        (1.0, TEAM, "provider dies in mid-reply, none waits"),
        (1.0, _with(home, TEAM, "always"), "provider dies in mid-reply, standby: always"),
    ):
        async with (
            home.provider(_RTT_MS, speed) as provider,
            home.provider(_RTT_MS, speed) as second,
            home.worker("baton", provider, team, second),
        ):
            gaps = await failovers(home, provider, second, rounds // 3 + 1)
            report.rows.append(Row(f"{what}: silence", "baton", "ms", gaps))
    async with (
        home.provider(_RTT_MS) as provider,
        home.provider(_RTT_MS) as second,
        home.worker("baton", provider, TEAM, second),
    ):
        near = [await measure.greeting(home) for _ in range(rounds // 4 + 1)]
        report.rows.append(Row("first provider answers: join to greeting", "baton", "ms", _ms(near)))
        far = await refusals(home, provider, rounds // 4 + 1)
        report.rows.append(Row("first provider refuses: join to greeting", "baton", "ms", _ms(far)))


def _with(home: House, team: Path, standby: str) -> Path:
    """The same team with another rule for sessions that stand by."""
    other = home.folder / f"{standby}.yaml"
    other.write_text(f"{team.read_text()}standby: {standby}\n")
    return other


def _ms(seconds: Sequence[float]) -> list[float]:
    return [one * 1000 for one in seconds]


# ---- one thing each


async def losses(house: House, provider: Provider, count: int) -> list[float]:
    """The socket is killed in mid-reply: the longest silence until the speech that goes on is over, ms."""
    gaps = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for _ in range(count):
            await _long_reply(caller, 1.5)
            gaps.append(await _gap(caller, provider, await provider.order("cut")))
    return gaps


async def losses_at_speech(house: House, provider: Provider, count: int) -> list[float]:
    """The caller speaks over a reply, and the socket is killed at some moment of that: what nobody heard of it, ms."""
    missing = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for moment in _spread(0.0, _SAID_S + 0.6, count):
            await _long_reply(caller, 1.0)
            began = time.monotonic()
            speaking = asyncio.ensure_future(caller.speak(_SAID))
            await asyncio.sleep(moment)
            await provider.order("cut")
            missing.append(await _missing(caller, provider, began, await speaking))
    return missing


async def handoffs_at_speech(house: House, provider: Provider, count: int) -> list[float]:
    """The caller speaks on while they are handed over, from some moment of that: what nobody heard of it, ms."""
    missing = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for moment in _spread(0.55, 1.0, count):  # until 0.5 it would be one turn: there is no handoff yet
            ended = await caller.say(MOVE, TURN_MS)
            await asyncio.sleep(moment)
            missing.append(await _missing(caller, provider, ended, await caller.speak(_SAID)))
    return missing


async def limits(house: House, provider: Provider, count: int) -> list[float]:
    """A session is left in mid-reply: the longest silence until the speech that goes on is over, ms."""
    gaps = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for _ in range(count):
            await _long_reply(caller, 0.0)
            moved = await provider.until("session.created", time.monotonic(), LEFT_S + 5)
            gaps.append(await _gap(caller, provider, moved))
    return gaps


async def replies_at_limits(
    house: House, provider: Provider, count: int, *, moves: bool
) -> tuple[list[float], list[float]]:
    """The caller speaks at a pause, if so wished just when a session is left there.

    Returns the end of their speech to the reply, s; and what nobody heard of it, ms.
    """
    waited, missing = list[float](), list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for moment in _spread(0.0, 0.3, count):
            began = time.monotonic()
            if moves:
                await provider.until("session.created", began, LEFT_S + 5)
            await asyncio.sleep(moment)
            ended = await caller.speak(_SAID)
            heard = await caller.voice(ALFA, ended)
            waited.append(heard - ended)
            missing.append(await _missing(caller, provider, began, ended))
    return waited, missing


async def failovers(house: House, provider: Provider, second: Provider, count: int) -> list[float]:
    """The provider dies in mid-reply, and another takes the call: the longest silence until its speech is over, ms."""
    gaps = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for _ in range(count):
            await _long_reply(caller, 1.5)
            gaps.append(await _gap(caller, second, await provider.order("die")))
            await _come_back(caller, provider)
    return gaps


async def refusals(house: House, provider: Provider, count: int) -> list[float]:
    """Join to first audio, when the first provider lets nobody in, and nobody knows it yet."""
    waited = list[float]()
    for _ in range(count):
        await provider.order("die")
        waited.append(await measure.greeting(house))
        await provider.order("live")
        await asyncio.sleep(_RESTED_S)
        await measure.greeting(house)
    return waited


async def _come_back(caller: Caller, provider: Provider) -> None:
    """The provider is there again, and after the next reply it has the call."""
    lives = await provider.order("live")
    await asyncio.sleep(_RESTED_S)
    await caller.voice(ALFA, await caller.speak(_SAID))
    await provider.until("session.created", lives)
    await quiet(caller, time.monotonic())


async def _long_reply(caller: Caller, listens_s: float) -> None:
    ended = await caller.say(LONG, TURN_MS)
    await caller.until(lambda heard: next((h.at for h in heard if h.at > ended and h.hz in (ALFA, BRAVO)), None))
    await asyncio.sleep(listens_s)


async def _gap(caller: Caller, goes_on: Provider, since: float) -> float:
    """The longest silence between what is heard at `since` and the end of what comes of the next reply."""
    await caller.silence(await goes_on.until("response.done", since))
    gap = caller.longest_gap_ms(since)
    await quiet(caller, time.monotonic())
    return gap


async def _missing(caller: Caller, provider: Provider, since: float, ended: float) -> float:
    """What is in no turn that the provider took."""
    await asyncio.sleep(max(0.0, ended + _WRITTEN_S - time.monotonic()))
    turns = provider.turns(since)
    await quiet(caller, time.monotonic())
    return min((missing_ms(heard) for heard in turns), default=len(SCALE) * STEP_MS)


def _spread(first: float, last: float, count: int) -> Iterator[float]:
    """`count` moments from `first` to `last`, seconds."""
    return (first + (last - first) * number / max(1, count - 1) for number in range(count))
