"""What is measured of a worker: a caller in a real room, a scripted provider, and the clock they share."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.caller import Caller
from bench.house import House, Provider, Worker
from bench.tones import ALFA, BRAVO, CHAT, LONG, MOVE
from worker.background import background

TURN_MS = 500  # of a caller's tone
SETTLED_S = 0.7  # between two measurements


@dataclass(frozen=True, slots=True)
class Load:
    """A worker with so many calls, the agents speaking two thirds of the time."""

    calls: int
    cores_a_call: float
    memory_mb: float


async def greeting(house: House) -> float:
    """Join to first audio of the agent, seconds."""
    async with house.caller() as caller:
        return await caller.voice(ALFA, 0.0) - caller.joined_at


async def replies(house: House, provider: Provider, count: int) -> tuple[list[float], list[float]]:
    """End of the caller's speech to first audio, and the provider's speech_stopped to the request; seconds.

    The provider waits for its own silence first, the same for every worker.
    """
    waited = list[float]()
    began = time.monotonic()
    async with house.caller() as caller:
        await greeted(caller)
        for _ in range(count):
            ended = await caller.say(CHAT, TURN_MS)
            heard = await caller.voice(ALFA, ended)
            waited.append(heard - ended)
            await quiet(caller, heard)
    stops = provider.times("input_audio_buffer.speech_stopped", began)
    asks = provider.times("response.create", began)
    requests = [min((ask - stop for ask in asks if ask >= stop), default=-1.0) for stop in stops]
    return waited, [request for request in requests if 0 <= request < 1]


async def handoffs(house: House, provider: Provider, count: int) -> list[float]:
    """The provider's tool call to the first audio of the next agent in the room, seconds."""
    gaps = list[float]()
    async with house.caller() as caller:
        await greeted(caller)
        for number in range(count):
            ended = await caller.say(MOVE, TURN_MS)
            heard = await caller.voice(ALFA if number % 2 else BRAVO, ended)
            [decided] = provider.times("response.function_call_arguments.done", ended - 0.5)
            gaps.append(heard - decided)
            await quiet(caller, heard)
    return gaps


async def barge_ins(house: House, count: int) -> list[float]:
    """The first sample with which the caller speaks over a long reply to the last of it that they hear, seconds.

    Each in a call of its own: where a caller's packets fall among the worker's frames is the same for all of a call.
    """
    silences = list[float]()
    for _ in range(count):
        async with house.caller() as caller:
            await greeted(caller)
            ended = await caller.say(LONG, TURN_MS)
            await caller.voice(ALFA, ended)
            await asyncio.sleep(1.5)
            speaking = asyncio.ensure_future(caller.say(CHAT, 1200))
            last = await caller.silence(time.monotonic())
            silences.append(last - caller.began)
            await speaking
    return silences


async def load(house: House, worker: Worker, calls: int, seconds: float) -> Load:
    """CPU and memory while `calls` callers talk in turns with it, each in a room of their own.

    They come one after the other: of those who come at once, an idle worker of the framework takes one.
    """
    async with AsyncExitStack() as stack:
        for _ in range(calls):
            caller = await stack.enter_async_context(house.caller())
            await greeted(caller)
            await stack.enter_async_context(background(_talk(caller)))
        await asyncio.sleep(6.0)
        before, began = worker.cpu_s(), time.monotonic()
        await asyncio.sleep(seconds)
        spent = (worker.cpu_s() - before) / (time.monotonic() - began)
        memory_mb = worker.memory_mb()
    return Load(calls, spent / calls, memory_mb)


async def _talk(caller: Caller) -> None:
    while True:
        ended = await caller.say(CHAT, TURN_MS)
        heard = await caller.voice(ALFA, ended)
        await caller.silence(heard)


async def greeted(caller: Caller) -> None:
    await quiet(caller, await caller.voice(ALFA, 0.0))


async def quiet(caller: Caller, heard: float) -> None:
    await caller.silence(heard)
    await asyncio.sleep(SETTLED_S)
    caller.heard.clear()
