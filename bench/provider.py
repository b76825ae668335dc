"""The scripted provider of a benchmark, as a process: what it says is a tone, and who says it is the tone's pitch.

python -m bench.provider RTT_MS SPEED     SPEED: of its speech, in real time

Prints its addresses (of OpenAI's API, of an Azure resource), then one JSON object for each watched event: its type and
time, and of a turn the pitches that were heard. Takes orders on standard input, one a line: see `obey`.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.gate_script import answer
from bench.tones import ALFA, BRAVO, CHAT, LONG, MOVE, SCALE, frames, prevailing
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from tests.simulators.openai_realtime.session import Event

LONG_MS = 20_000
SHORT_MS = 900
LOAD_MS = 4_000

_speaking = 0  # the connection that was asked for a reply last


def transcribe(pcm: bytes) -> str:
    """What the caller's tone means."""
    heard = frames(np.frombuffer(pcm, "<i2"), SAMPLE_RATE)
    tell("turn", heard=heard)
    words = {CHAT: "chat", MOVE: "move", LONG: "long", **dict.fromkeys(SCALE, "scale")}
    return words.get(prevailing(heard) or 0, "")


def play(asked: Asked) -> Sequence[Step]:
    """Whoever is asked speaks at their own pitch."""
    global _speaking
    _speaking = asked.connection
    alfa = "ALFA" in asked.instructions
    hz = ALFA if alfa else BRAVO
    if asked.result is None and asked.last.get("role") == "user":
        if (told := answer(asked.said)) and "withheld" not in asked.instructions:
            return [told]
        match asked.said:
            case "move":
                return [CallTool(f"transfer_to_{'bravo' if alfa else 'alfa'}")]
            case "long":
                return [Say("so many words " * 20, ms=LONG_MS, hz=hz)]
            case "chat":
                return [Say("that is four seconds long", ms=LOAD_MS, hz=hz)]
    return [Say("very well then", ms=SHORT_MS, hz=hz)]


WATCHED = (
    "session.created",
    "response.function_call_arguments.done",
    "response.done",
    "input_audio_buffer.speech_stopped",
    "response.create",
)


def watch(event: Event) -> None:
    if event["type"] in WATCHED:
        tell(event["type"])


def tell(kind: str, **more: Any) -> None:
    print(json.dumps({"type": kind, "at": time.monotonic(), **more}), flush=True)


def obey(provider: Provider, order: str) -> None:
    """`cut`: the socket that speaks is gone; `die`: each one, and nobody is let in; `live`: they are again."""
    match order:
        case "cut":
            provider.connections[_speaking].cut()
        case "die":
            provider.refusals.count = sys.maxsize
            for connection in provider.connections:
                if connection.open:
                    connection.cut()
        case "live":
            provider.refusals.count = 0
    tell(order)


async def main(rtt_ms: int, speed: float) -> None:
    pace = Pace(think_ms=0, speed=speed, rtt_ms=rtt_ms, transcript_ms=80)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with Provider(play, pace=pace, transcribe=transcribe, keep_events=False, watch=watch).serve() as provider:
        print(provider.url, provider.azure, flush=True)
        while order := (await orders.readline()).decode().strip():
            obey(provider, order)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
