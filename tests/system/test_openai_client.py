"""The embedded model, judged by clients we did not write: OpenAI's own, and LiveKit's plugin in every other test."""

import asyncio
import base64
import json
from typing import Annotated, Any

import numpy as np
import openai
import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter

from tests.speech import say, silence
from tests.system.conftest import House
from worker.local_model.ears import Ears

pytestmark = [pytest.mark.system, pytest.mark.needs("flite", "espeak-ng")]
SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": 'Tell the weather in a city.\nExamples: "What is the weather in Paris?", "Will it rain in Rome?"',
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"], "description": "the city"}},
        "required": ["city"],
    },
}


class Client:
    """Every event that comes is validated against the official package's types."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []

    async def until(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                raw: dict[str, Any] = json.loads(await self.connection.recv_bytes())
                event = SERVER_EVENT.validate_python(raw)
                assert not event.model_extra, event.model_extra
                self.seen.append(raw)
                if raw["type"] == kind:
                    return raw

    def audio(self) -> bytes:
        return b"".join(
            base64.b64decode(event["delta"]) for event in self.seen if event["type"] == "response.output_audio.delta"
        )


def client(house: House) -> openai.AsyncOpenAI:
    port = house.environment["BATON_LOCAL_MODEL_PORT"]
    return openai.AsyncOpenAI(api_key="any", base_url=f"http://127.0.0.1:{port}/v1")


async def test_given_the_official_client_when_it_talks_then_a_tool_is_called_and_its_result_spoken(
    house: House, ears: Ears
) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        await connection.session.update(
            session={
                "type": "realtime",
                "tools": [WEATHER],
                "audio": {"input": {"transcription": {"model": "whisper-1"}}},
            }
        )
        await talk.until("session.updated")
        pcm = np.concatenate([silence(300), say("What is the weather in Paris?"), silence(900)])
        await connection.input_audio_buffer.append(audio=base64.b64encode(pcm.tobytes()).decode())
        heard = await talk.until("conversation.item.input_audio_transcription.completed")
        assert "paris" in heard["transcript"].lower()
        call = await talk.until("response.function_call_arguments.done")
        assert json.loads(call["arguments"]) == {"city": "Paris"}
        await talk.until("response.done")
        output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "It is sunny in Paris."}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        await talk.until("response.done")
        await talk.until("response.done") if not talk.audio() else None
        assert "sunny" in ears.recognise_now(talk.audio(), 24000).lower()


async def test_given_wrong_events_then_each_is_answered_by_an_error_and_the_session_goes_on(house: House) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        wrong = [
            ("{", "invalid_json"),
            ('{"type": "nobody.knows"}', "invalid_value"),
            ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty"),
            ('{"type": "response.cancel"}', "response_cancel_not_active"),
            ('{"type": "conversation.item.delete", "item_id": "none"}', "item_not_found"),
            (
                '{"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "nobody"}}}}',
                "",
            ),
            (
                '{"type": "conversation.item.create",'
                ' "item": {"type": "function_call_output", "call_id": "x", "output": ""}}',
                "invalid_tool_call_id",
            ),
        ]
        for frame, code in wrong:
            await connection.send_raw(frame)
            error = (await talk.until("error"))["error"]
            assert code in ("", error["code"]), (frame, error)
        await connection.response.create()
        assert (await talk.until("response.done"))["response"]["status"] == "completed"


async def test_given_a_reply_when_it_is_cancelled_then_it_ends_at_once_and_another_may_begin(house: House) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        await connection.response.create()
        await connection.response.create()
        assert (await talk.until("error"))["error"]["code"] == "conversation_already_has_active_response"
        await connection.response.cancel()
        done = await talk.until("response.done")
        assert done["response"]["status"] in ("cancelled", "completed")
        await connection.response.create(response={"output_modalities": ["text"]})
        await talk.until("response.output_text.done")
