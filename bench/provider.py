"""The scripted provider of a benchmark, as a process: what it says is a tone, and who says it is the tone's pitch.

python -m bench.provider RTT_MS     prints its address, then one JSON object for each watched event: its type and time
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import numpy as np

from bench.tones import ALFA, BRAVO, CHAT, LONG, MOVE, spoken
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from tests.simulators.openai_realtime.session import Event

LONG_MS = 20_000
SHORT_MS = 900
LOAD_MS = 4_000


def transcribe(pcm: bytes) -> str:
    """What the caller's tone means."""
    words = {CHAT: "chat", MOVE: "move", LONG: "long"}
    return words.get(spoken(np.frombuffer(pcm, "<i2"), SAMPLE_RATE) or 0, "")


def play(asked: Asked) -> Sequence[Step]:
    """Whoever is asked speaks at their own pitch."""
    alfa = "ALFA" in asked.instructions
    hz = ALFA if alfa else BRAVO
    if asked.result is None and asked.last.get("role") == "user":
        match asked.said:
            case "move":
                return [CallTool(f"transfer_to_{'bravo' if alfa else 'alfa'}")]
            case "long":
                return [Say("so many words " * 20, ms=LONG_MS, hz=hz)]
            case "chat":
                return [Say("that is four seconds long", ms=LOAD_MS, hz=hz)]
    return [Say("very well then", ms=SHORT_MS, hz=hz)]


WATCHED = (
    "response.function_call_arguments.done",
    "input_audio_buffer.speech_stopped",
    "response.create",
)


def watch(event: Event) -> None:
    if event["type"] in WATCHED:
        print(json.dumps({"type": event["type"], "at": time.monotonic()}), flush=True)


async def main(rtt_ms: int) -> None:
    pace = Pace(think_ms=0, rtt_ms=rtt_ms, transcript_ms=80)
    async with Provider(play, pace=pace, transcribe=transcribe, keep_events=False, watch=watch).serve() as provider:
        print(provider.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
