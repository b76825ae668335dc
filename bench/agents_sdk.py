# /// script
# requires-python = ">=3.11"
# dependencies = ["openai-agents==0.24.0"]
# ///
"""OpenAI's Agents SDK with an output guardrail, as its documentation has it, at a provider's address.

uv run --script bench/agents_sdk.py URL DEBOUNCE     DEBOUNCE: characters between two checks; the SDK's own default is 100

Reads what the caller writes, a line each. Prints one JSON object for each event that the application is given: its type and
time, and how many ms of audio. Imports nothing of ours: the SDK's package has the same name as one of our rooms.
"""

import asyncio
import json
import sys
import time
from typing import Any

from agents.realtime import RealtimeAgent, RealtimeRunner

from agents import GuardrailFunctionOutput, RunContextWrapper, output_guardrail

FORBIDDEN = "swordfish"
BYTES_A_MS = 48  # PCM16 mono, 24 kHz


@output_guardrail
async def words(context: RunContextWrapper[Any], agent: Any, text: str) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info=None, tripwire_triggered=FORBIDDEN in text)


def tell(kind: str, **more: Any) -> None:
    print(json.dumps({"type": kind, "at": time.monotonic(), **more}), flush=True)


async def main(url: str, debounce: int) -> None:
    agent = RealtimeAgent(name="alfa", instructions="You are ALFA.")
    runner = RealtimeRunner(
        agent,
        config={"output_guardrails": [words], "guardrails_settings": {"debounce_text_length": debounce}},
    )
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with await runner.run(model_config={"api_key": "scripted", "url": url}) as session:
        tell("ready")
        writing = asyncio.ensure_future(write(orders, session))
        async for event in session:
            if event.type == "audio":
                tell("audio", ms=len(event.audio.data) / BYTES_A_MS)
            elif event.type in ("audio_interrupted", "guardrail_tripped", "agent_start", "agent_end"):
                tell(event.type)
            if writing.done():
                break


async def write(orders: asyncio.StreamReader, session: Any) -> None:
    while order := (await orders.readline()).decode().strip():
        await session.send_message(order)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
