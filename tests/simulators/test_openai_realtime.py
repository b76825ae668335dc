"""The OpenAI simulator, judged by OpenAI's own client: every event it sends is one of the official types."""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

import pytest
import websockets
from PIL import Image

from tests.shown.files import saved
from tests.simulators.official_client import FAST, SILENCE, talk
from tests.simulators.openai_realtime.script import Asked, CallTool, Fail, Fault, Pace, Say, Step, tone


def hello(_: Asked) -> Sequence[Step]:
    return [Say("Good morning to you.", ms=800)]


async def test_given_speech_when_it_stops_then_it_is_committed_transcribed_and_answered() -> None:
    async with talk(hello) as (client, provider):
        await client.connection.session.update(
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
        )
        await client.until("session.updated")
        await client.hear(tone(300) + SILENCE)
        done = await client.until("response.done")
        kinds = client.kinds()
        assert kinds.index("input_audio_buffer.speech_stopped") < kinds.index("response.created")
        assert "conversation.item.input_audio_transcription.completed" in kinds
        assert done["response"]["output"][0]["content"][0]["transcript"] == "Good morning to you."
        audio = [event for event in client.seen if event["type"] == "response.output_audio.delta"]
        assert sum(len(base64.b64decode(event["delta"])) for event in audio) == 800 * 48
        assert bytes(provider.connections[0].audio) == tone(300) + SILENCE


async def test_given_a_tool_call_when_its_result_is_given_then_the_script_sees_it() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Say(f"It is {asked.result}.")] if asked.result else [CallTool("time", '{"zone": "UTC"}')]

    async with talk(play) as (client, _):
        await client.connection.response.create()
        call = await client.until("response.function_call_arguments.done")
        await client.until("response.done")
        output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
        await client.connection.conversation.item.create(item=output)
        await client.connection.response.create()
        done = await client.until("response.done")
        assert done["response"]["output"][0]["content"][0]["transcript"] == "It is noon."


async def test_given_pictures_then_the_script_sees_them_and_what_is_none_is_refused() -> None:
    data = saved(Image.new("RGB", (8, 8)))
    url = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    seen = list[bytes]()

    def play(asked: Asked) -> Sequence[Step]:
        seen.extend(asked.pictures)
        return [Say("I see.")]

    async with talk(play) as (client, _):
        for given in (url, url[:-400], "https://example.org/a.jpg", url.replace("jpeg", "heic")):
            item: Any = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": given}]}
            await client.connection.conversation.item.create(item=item)
            if given != url:
                assert (await client.until("error"))["error"]["param"] == "item.content[0].image_url"
        await client.connection.response.create()
        await client.until("response.done")
    assert seen == [data]


async def test_given_a_long_reply_when_the_caller_speaks_then_it_is_cancelled_and_can_be_truncated() -> None:
    async with talk(lambda _: [Say("word " * 30, ms=9000)], Pace(think_ms=0, speed=3, transcript_ms=0)) as (client, _):
        await client.connection.response.create()
        await client.until("response.output_audio.delta")
        await client.hear(tone(300))
        done = await client.until("response.done")
        assert done["response"]["status"] == "cancelled"
        item = done["response"]["output"][0]["id"]
        await client.connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=50)
        await client.until("conversation.item.truncated")
        await client.connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=5000)
        assert "already shorter" in (await client.until("error"))["error"]["message"]


async def test_given_wrong_requests_then_each_is_answered_by_an_error() -> None:
    async with talk(hello) as (client, _):
        for frame, code in [
            ('{"type": "nobody.knows"}', "invalid_value"),
            ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty"),
            ('{"type": "response.cancel"}', "response_cancel_not_active"),
            ('{"type": "conversation.item.delete", "item_id": "none"}', "item_not_found"),
            ('{"type": "session.update", "session": {}}', "missing_required_parameter"),
            ('{"type": "session.update", "session": {"type": "realtime", "voice": "ash"}}', "unknown_parameter"),
        ]:
            await client.connection.send_raw(frame)
            assert (await client.until("error"))["error"]["code"] == code


async def test_given_a_session_of_text_when_asked_then_the_reply_is_written() -> None:
    async with talk(hello) as (client, _):
        await client.connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await client.connection.response.create()
        done = await client.until("response.done")
        assert [part for item in done["response"]["output"] for part in item["content"]] == [
            {"type": "output_text", "text": "Good morning to you."}
        ]
        written = [event["delta"] for event in client.seen if event["type"] == "response.output_text.delta"]
        assert "".join(written) == "Good morning to you."
        assert not any("audio" in kind for kind in client.kinds())


async def test_given_a_script_that_fails_then_the_response_says_so() -> None:
    async with talk(lambda _: [Fail("rate_limit_exceeded")]) as (client, _):
        await client.connection.response.create()
        done = await client.until("response.done")
        assert done["response"]["status"] == "failed"


@pytest.mark.parametrize("what", ["close", "abort"])
async def test_given_a_fault_then_the_socket_ends_there(what: Any) -> None:
    async with talk(hello, FAST, Fault("response.output_audio.delta", what, nth=2)) as (client, _):
        await client.connection.response.create()
        with pytest.raises(websockets.ConnectionClosed):
            await client.until("response.done")
        arrived = client.kinds().count("response.output_audio.delta")
        assert arrived == 2 if what == "close" else arrived <= 2, (
            "a socket that is cut takes with it what is not read yet"
        )


async def test_given_a_stall_then_nothing_comes_and_the_socket_stays() -> None:
    async with talk(hello, FAST, Fault("response.output_audio.delta", "stall", nth=1)) as (client, _):
        await client.connection.response.create()
        await client.until("response.output_audio.delta")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.until("response.done")
