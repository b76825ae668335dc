"""The embedded model, judged by clients we did not write: OpenAI's own, and LiveKit's plugin in every other test."""

import asyncio
import base64
import json
from typing import Annotated, Any

import numpy as np
import openai
import pytest
import soxr
from openai.types.realtime import RealtimeResponse, RealtimeServerEvent
from pydantic import Field, TypeAdapter

from tests.speech import say, silence
from tests.system.conftest import House
from worker.local_model.ears import Ears
from worker.local_model.g711 import A_LAW, MU_LAW

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

    async def response(self) -> RealtimeResponse:
        """The next one, when it is done."""
        done = SERVER_EVENT.validate_python(await self.until("response.done"))
        assert isinstance(done.response, RealtimeResponse)
        return done.response

    def audio(self) -> bytes:
        return b"".join(
            base64.b64decode(event["delta"]) for event in self.seen if event["type"] == "response.output_audio.delta"
        )


def client(house: House) -> openai.AsyncOpenAI:
    return client_on(house.environment["BATON_LOCAL_MODEL_PORT"])


def client_on(port: str) -> openai.AsyncOpenAI:
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
        hours = "We are open from nine to five on every day of the week. " * 20  # longer than anybody is held up
        await connection.response.create(response={"instructions": f'Greet with: "{hours}"'})
        await talk.until("response.output_audio.delta")
        await connection.response.create()
        assert (await talk.until("error"))["error"]["code"] == "conversation_already_has_active_response"
        await connection.response.cancel()
        assert (await talk.response()).status == "cancelled"
        await connection.response.create(response={"output_modalities": ["text"]})
        await talk.until("response.output_text.done")


async def test_given_a_turn_then_its_usage_is_told_and_its_tokens_are_limited(house: House) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        pcm = np.concatenate([say("What is the weather in Paris?"), silence(900)])
        await connection.input_audio_buffer.append(audio=base64.b64encode(pcm.tobytes()).decode())
        usage = (await talk.response()).usage
        assert usage
        assert usage.input_token_details
        assert usage.output_token_details
        spoken_ms = len(talk.audio()) / 48
        assert usage.output_token_details.audio_tokens == -(-int(spoken_ms) // 50)
        assert 10 <= (usage.input_token_details.audio_tokens or 0) <= len(pcm) / 2400 + 1
        assert usage.total_tokens == (usage.input_tokens or 0) + (usage.output_tokens or 0)
        assert usage.input_token_details.cached_tokens == 0
        await connection.response.create(response={"max_output_tokens": 12})
        cut = await talk.response()
        assert cut.status == "incomplete"
        assert cut.status_details
        assert cut.status_details.reason == "max_output_tokens"
        assert cut.usage
        assert (cut.usage.output_tokens or 0) <= 12


async def test_given_nobody_speaks_then_the_idle_timeout_asks(house: House, ears: Ears) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        turns: Any = {"type": "server_vad", "idle_timeout_ms": 500}
        await connection.session.update(session={"type": "realtime", "audio": {"input": {"turn_detection": turns}}})
        await connection.response.create()
        await talk.response()
        idle = await talk.until("input_audio_buffer.timeout_triggered")
        committed = await talk.until("input_audio_buffer.committed")
        assert committed["item_id"] == idle["item_id"]
        talk.seen.clear()
        await talk.response()
        assert "still there" in ears.recognise_now(talk.audio(), 24000).lower()


@pytest.mark.parametrize("form", ["audio/pcmu", "audio/pcma"])
async def test_given_a_telephone_s_format_then_both_sides_understand_each_other(
    house: House, ears: Ears, form: Any
) -> None:
    law = {"audio/pcmu": MU_LAW, "audio/pcma": A_LAW}[form]
    audio: Any = {
        "input": {"format": {"type": form}, "transcription": {"model": "whisper-1"}},
        "output": {"format": {"type": form}},
    }
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        await connection.session.update(session={"type": "realtime", "tools": [WEATHER], "audio": audio})
        assert (await talk.until("session.updated"))["session"]["audio"]["output"]["format"] == {"type": form}
        pcm = np.concatenate([silence(300), say("What is the weather in Paris?"), silence(900)])
        wire = law.encode(np.asarray(soxr.resample(pcm, 24000, 8000), np.int16))
        for start in range(0, len(wire), 160):  # 20 ms, as a telephone sends them
            await connection.input_audio_buffer.append(audio=base64.b64encode(wire[start : start + 160]).decode())
        heard = await talk.until("conversation.item.input_audio_transcription.completed")
        assert "weather in paris" in heard["transcript"].lower()
        call = await talk.until("response.function_call_arguments.done")
        await talk.response()
        output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "It is sunny in Paris."}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        await talk.response()
        spoken = law.decode(talk.audio()).tobytes()
        assert "sunny in paris" in ears.recognise_now(spoken, 8000).lower()


async def test_given_speech_in_an_item_then_it_is_understood_and_a_tool_may_be_forced(house: House) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        sound = base64.b64encode(say("I am going to Paris tomorrow.").tobytes()).decode()
        item: Any = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": sound}]}
        await connection.conversation.item.create(item=item)
        added = await talk.until("conversation.item.done")
        choices: list[Any] = ["required", {"type": "function", "name": "weather"}]
        for choice in choices:
            await connection.response.create(response={"tools": [WEATHER], "tool_choice": choice})
            call = await talk.until("response.function_call_arguments.done")
            assert (call["name"], json.loads(call["arguments"])) == ("weather", {"city": "Paris"})
            await talk.response()
        await connection.conversation.item.retrieve(item_id=added["item"]["id"])
        item = (await talk.until("conversation.item.retrieved"))["item"]
        assert "paris" in item["content"][0]["transcript"].lower()


async def test_given_a_question_beside_the_conversation_then_it_is_answered_and_forgotten(house: House) -> None:
    async with client(house).realtime.connect(model="baton-local") as connection:
        talk = Client(connection)
        await talk.until("session.created")
        question: Any = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "When do you close?"}],
        }
        await connection.response.create(
            response={
                "conversation": "none",
                "metadata": {"topic": "hours"},
                "output_modalities": ["text"],
                "instructions": 'Answer "When do you close?" with: "We close at eight."',
                "input": [question],
            }
        )
        aside = await talk.response()
        assert (aside.metadata, aside.conversation_id) == ({"topic": "hours"}, None)
        assert aside.output
        assert aside.output[0].to_dict()["content"] == [{"type": "output_text", "text": "We close at eight."}]
        assert not [event for event in talk.seen if event["type"].startswith("conversation.item")]
        await connection.response.create()
        main = await talk.response()
        assert main.conversation_id
        assert main.output_modalities == ["audio"]
        assert "eight" not in json.dumps(talk.seen[-1]["response"]["output"])
