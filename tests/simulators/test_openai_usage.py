"""What the simulated OpenAI says a reply took, by modality."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from tests.simulators.official_client import SILENCE, Client, talk
from tests.simulators.openai_realtime import usage
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step, tone

INSTRUCTIONS = "Be brief." + " " * 4096  # 1027 tokens


def play(asked: Asked) -> Sequence[Step]:
    return [CallTool("time", '{"a": 1}')] if "call" in asked.said else [Say("Good morning.", ms=1010)]


def picture(width: int, height: int) -> str:
    data = io.BytesIO()
    Image.new("RGB", (width, height)).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


async def reply(client: Client) -> dict[str, Any]:
    await client.connection.response.create()
    used: dict[str, Any] = (await client.until("response.done"))["response"]["usage"]
    return used


async def write(client: Client, *content: Any) -> None:
    await client.connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})


async def test_given_speech_text_and_a_picture_then_each_is_counted_and_what_was_known_comes_from_the_cache() -> None:
    async with talk(play) as (client, _):
        await client.connection.session.update(
            session={"type": "realtime", "instructions": INSTRUCTIONS, "audio": {"input": {"turn_detection": None}}}
        )
        await client.hear(tone(300) + SILENCE + bytes(480))
        await client.connection.input_audio_buffer.commit()
        first = await reply(client)
        assert first["input_token_details"] == {
            "text_tokens": 1027,
            "audio_tokens": 21,  # 2010 ms
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        }
        assert first["output_token_details"] == {"text_tokens": 4, "audio_tokens": 21}  # 13 characters, 1010 ms
        assert first["total_tokens"] == first["input_tokens"] + first["output_tokens"] == 1048 + 25
        await write(client, {"type": "input_text", "text": "and this?"})
        await write(client, {"type": "input_image", "image_url": picture(600, 500)})
        await write(client, {"type": "input_image", "image_url": picture(600, 500), "detail": "low"})
        second = await reply(client)
        assert second["input_token_details"] == {
            "text_tokens": 1027 + 4 + 3,
            "audio_tokens": 21 + 21,
            "image_tokens": 85 + 2 * 170 + 85,
            "cached_tokens": 1024,  # whole blocks of 64: none of the speech
            "cached_tokens_details": {"text_tokens": 1024, "audio_tokens": 0, "image_tokens": 0},
        }


async def test_given_a_short_talk_then_nothing_comes_from_the_cache() -> None:
    async with talk(play) as (client, _):
        await client.connection.session.update(session={"type": "realtime", "instructions": INSTRUCTIONS[:4000]})
        for _ in range(2):
            assert (await reply(client))["input_token_details"]["cached_tokens"] == 0


async def test_given_other_instructions_then_nothing_of_it_comes_from_the_cache() -> None:
    async with talk(play) as (client, _):
        for number, cached in enumerate([0, 0]):
            instructions = f"{number}{INSTRUCTIONS}"
            await client.connection.session.update(session={"type": "realtime", "instructions": instructions})
            used = await reply(client)
            assert used["input_token_details"]["cached_tokens"] == cached


async def test_given_a_tool_call_then_the_tool_its_call_and_its_result_are_text() -> None:
    async with talk(play) as (client, provider):
        await write(client, {"type": "input_text", "text": "call"})
        without = await reply(client)
        assert without["output_token_details"] == {"text_tokens": 4, "audio_tokens": 0}  # 'time {"a": 1}'
        tools: Any = [{"type": "function", "name": "time", "parameters": {}}]
        await client.connection.session.update(session={"type": "realtime", "tools": tools})
        output: Any = {
            "type": "function_call_output",
            "call_id": provider.items()[-1]["call_id"],
            "output": "nine" * 4,
        }
        await client.connection.conversation.item.create(item=output)
        used = await reply(client)
        more = used["input_tokens"] - without["input_tokens"]
        assert more == 4 + 4 + 14  # the call, its result, and the tool as JSON of 54 characters


async def test_given_a_reply_cut_short_then_the_model_remembers_and_counts_what_was_heard() -> None:
    async with talk(play) as (client, _):
        first = await reply(client)
        item = client.seen[-1]["response"]["output"][0]["id"]
        await client.connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=120)
        await client.until("conversation.item.truncated")
        second = await reply(client)
        assert second["input_token_details"]["audio_tokens"] == 3
        assert first["output_token_details"]["audio_tokens"] == 21


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("whisper-1", {"type": "duration", "seconds": 1.98}),
        (
            "gpt-4o-mini-transcribe",
            {
                "type": "tokens",
                "total_tokens": 23,
                "input_tokens": 20,
                "input_token_details": {"text_tokens": 0, "audio_tokens": 20},
                "output_tokens": 3,
            },
        ),
    ],
)
async def test_given_a_transcriber_then_its_usage_is_by_the_second_or_by_the_token(model: str, expected: Any) -> None:
    assert usage.transcription(model, 1980, "95040 bytes") == expected
    async with talk(play) as (client, _):
        vad = {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": 980}
        await client.connection.session.update(
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": model}, "turn_detection": vad}}}
        )
        await client.hear(tone(300) + SILENCE)
        done = await client.until("conversation.item.input_audio_transcription.completed")
        assert done["usage"] == expected
