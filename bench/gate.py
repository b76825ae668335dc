"""What it costs to hold a reply back until guards have let it pass, and what is heard of one that does not pass."""

import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.caller import Caller
from bench.gate_script import DAYS, floor_ms, leaky
from bench.house import House, Provider, house, started
from bench.measure import greeted, quiet
from bench.recital import Timing
from bench.report import Report, Row
from bench.tones import ALFA, BRAVO, FRAME_MS

TIMINGS: Sequence[Timing] = ("ahead", "step", "after")
SPEEDS = (1.0, 3.0, 20.0)
DEBOUNCES = {100: "AgentsSDK", 1: "SDK, each word"}  # characters between two checks: its default, and the strictest
_BUDGETS: Mapping[tuple[str, float, int], float] = {("ahead", 3.0, 100): 200, ("step", 3.0, 100): 500}  # ms
_SDK = Path(__file__).with_name("agents_sdk.py")
_PATIENCE_S = 30.0
_FETCHED_S = 240.0  # the first time, its environment is made
_SETTLED_S = 1.0
_OVER_MS = 3000  # the reply that comes in the other's place has begun by then
_JOINING = asyncio.Lock()


async def gate(*, rounds: int, reference: bool) -> Report:
    """First audio with guards against without; what is heard of a forbidden sentence; the same of OpenAI's Agents SDK.

    The floor: nobody can be sooner who reads the whole first sentence, and asks a guard about it. Three callers at once, one
    for each speed of the model, with and without guards.
    """
    report = Report("gate")
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as temporary:
        async with house(Path(temporary)) as home, home.provider() as provider:
            async with home.worker("baton", provider):
                off = dict(
                    zip(SPEEDS, await asyncio.gather(*(_off(home, speed, rounds) for speed in SPEEDS)), strict=True)
                )
            for speed, waited in off.items():
                report.rows.append(Row(f"guards off, {speed:g}x: first audio", "baton", "ms", waited))
            async with home.worker("guarded", provider):
                for rows in await asyncio.gather(*(_on(home, speed, rounds, off[speed]) for speed in SPEEDS)):
                    report.rows += rows
                for leaked in await asyncio.gather(*(_leaks(home, speed, rounds) for speed in SPEEDS)):
                    report.rows += leaked
            if reference:
                for rows in await asyncio.gather(*(_sdk(home, provider, debounce, rounds) for debounce in DEBOUNCES)):
                    report.rows += rows
    return report


# ---- ours


async def _off(home: House, speed: float, rounds: int) -> list[float]:
    async with _caller(home) as caller:
        return [await _first_audio(caller, f"reply step {speed:g} 0") for _ in range(rounds)]


async def _on(home: House, speed: float, rounds: int, off: Sequence[float]) -> list[Row]:
    without, rows = statistics.median(off), list[Row]()
    async with _caller(home) as caller:
        for timing in TIMINGS:
            for delay in DAYS:
                order = f"reply {timing} {speed:g} {delay}"
                added = [await _first_audio(caller, order) - without for _ in range(rounds)]
                what = f"words {timing}, {speed:g}x, guard {delay} ms: added"
                rows.append(Row(what, "baton", "ms", added, _BUDGETS.get((timing, speed, delay))))
                rows.append(Row(what, "floor", "ms", [floor_ms(timing, speed, delay)]))
    return rows


@asynccontextmanager
async def _caller(home: House) -> AsyncIterator[Caller]:
    """One who has been greeted. LiveKit gives a worker a job at a time, and loses the second of two that are as early."""
    async with AsyncExitStack() as stack:
        async with _JOINING:
            caller = await stack.enter_async_context(home.caller())
            await greeted(caller)
        yield caller


async def _first_audio(caller: Caller, order: str) -> float:
    """From the caller's order to the first sound of the answer, ms."""
    sent = await caller.write(order)
    heard = await caller.voice(ALFA, sent)
    await quiet(caller, heard)
    return (heard - sent) * 1000


async def _leaks(home: House, speed: float, rounds: int) -> list[Row]:
    """What is heard of the sentence that does not pass, by its pitch, in frames of 20 ms."""
    rows = list[Row]()
    async with _caller(home) as caller:
        for timing in TIMINGS:
            leaked = list[float]()
            for _ in range(rounds):
                sent = await caller.write(f"leak {timing} {speed:g}")
                last = await caller.silence(await caller.voice(ALFA, sent), _OVER_MS)
                leaked.append(float(FRAME_MS * sum(sound.hz == BRAVO for sound in caller.heard)))
                await quiet(caller, last)
            rows.append(Row(f"words {timing}, {speed:g}x: heard of a forbidden one", "baton", "ms", leaked))
    return rows


# ---- the Agents SDK


@dataclass(frozen=True, slots=True)
class _Given:
    """What the application was given, and when (monotonic seconds). `ms` of audio."""

    kind: str
    at: float
    ms: float = 0.0


@dataclass(slots=True)
class _Sdk:
    process: asyncio.subprocess.Process

    async def answer(self, order: str) -> list[_Given]:
        """All that comes of what the caller writes: the reply, and what the model says when a guard has tripped."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{order}\n".encode())
        given = list[_Given]()
        while True:
            ends = sum(one.kind == "agent_end" for one in given)
            tripped = any(one.kind == "guardrail_tripped" for one in given)
            patience = _SETTLED_S if ends > tripped else _PATIENCE_S
            try:
                async with asyncio.timeout(patience):
                    line = await self.process.stdout.readline()
            except TimeoutError:
                if ends:
                    return given
                raise
            told = json.loads(line)
            given.append(_Given(told["type"], told["at"], told.get("ms", 0.0)))


async def _sdk(home: House, provider: Provider, debounce: int, rounds: int) -> list[Row]:
    reply, rows, name = leaky(), list[Row](), DEBOUNCES[debounce]
    begin, ms = reply.begins[1], reply.sentences[1].ms
    async with _agents_sdk(home, provider, debounce) as sdk:
        for speed in SPEEDS:
            for timing in TIMINGS:
                answers = [first_reply(await sdk.answer(f"leak {timing} {speed:g}")) for _ in range(rounds)]
                handed = [_within(sum(one.ms for one in given), begin, ms) for given in answers]
                heard = [_within(played_ms(given), begin, ms) for given in answers]
                rows.append(Row(f"words {timing}, {speed:g}x: handed of a forbidden one", name, "ms", handed))
                rows.append(Row(f"words {timing}, {speed:g}x: heard of a forbidden one", name, "ms", heard))
    return rows


@asynccontextmanager
async def _agents_sdk(home: House, provider: Provider, debounce: int) -> AsyncIterator[_Sdk]:
    """In an environment of its own: its package is called `agents`, as one of our rooms is."""
    from bootstrap import UV, tool

    uv = await asyncio.to_thread(tool, "uv", UV)
    log = home.folder / f"agents-sdk-{debounce}.log"
    url = f"{provider.url.replace('http', 'ws', 1)}/realtime?model=scripted"
    run = ("run", "-q", "--no-project", "--script", str(_SDK), url, str(debounce))
    async with started(log, uv, *run, settings={"PYTHONPATH": ""}, ready_s=_FETCHED_S) as (process, _):
        yield _Sdk(process)


def first_reply(given: Iterable[_Given]) -> list[_Given]:
    """Of the reply that was asked for: until the next one starts."""
    starts, found = 0, list[_Given]()
    for one in given:
        starts += one.kind == "agent_start"
        if starts < 2 or one.kind == "audio_interrupted":
            found.append(one)
    return found


def played_ms(given: Iterable[_Given]) -> float:
    """How much an application has played that plays what it is given in real time, and stops when it is told to."""
    played = waiting = at = 0.0
    for one in given:
        now = min(waiting, (one.at - at) * 1000)
        played, waiting, at = played + now, waiting - now, one.at
        if one.kind == "audio_interrupted":
            return played
        waiting += one.ms
    return played + waiting


def _within(total_ms: float, begin_ms: float, ms: float) -> float:
    """How much of a sentence is in the beginning of its reply."""
    return min(max(0.0, total_ms - begin_ms), ms)
