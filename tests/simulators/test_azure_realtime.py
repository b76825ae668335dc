"""The simulated OpenAI by Azure's doors, judged by OpenAI's own client and by LiveKit's plugin."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openai
import pytest
import websockets
from livekit import rtc
from livekit.agents import APIConnectOptions, llm
from livekit.plugins.openai import realtime

from tests.simulators.official_client import BETA, CURRENT, FAST, SILENCE, Client
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step, tone
from tests.simulators.openai_realtime.server import Provider

VERSION = "2025-04-01-preview"
DOORS = {"current": CURRENT, "legacy": BETA}


def play(asked: Asked) -> Sequence[Step]:
    """Asks for the time when there is a tool, and says it."""
    if asked.result:
        return [Say(f"It is {asked.result}.", ms=300)]
    return [CallTool("time", '{"zone": "UTC"}')] if asked.tools else [Say("Good morning to you.", ms=300)]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(play, pace=FAST, keys=["good"]).serve() as provider:
        yield provider


@asynccontextmanager
async def talk(provider: Provider, door: str, key: str = "good") -> AsyncIterator[Client]:
    """The official client, at Azure's current or legacy API."""
    socket = provider.azure.replace("http", "ws")
    async with official(socket, door, key) as connection:
        client = Client(connection, DOORS[door])
        await client.until("session.created")
        yield client


def official(socket: str, door: str, key: str) -> Any:
    if door == "current":
        headers = {"api-key": key}
        return openai.AsyncOpenAI(api_key=key, websocket_base_url=f"{socket}/openai/v1").realtime.connect(
            model="deployed", extra_headers=headers
        )
    azure = openai.AsyncAzureOpenAI(
        api_key=key, api_version=VERSION, azure_endpoint="https://unused", websocket_base_url=f"{socket}/openai"
    )
    return azure.beta.realtime.connect(model="deployed")


@pytest.mark.parametrize("door", DOORS)
async def test_given_a_door_of_azure_when_one_talks_then_every_event_is_of_its_dialect(
    provider: Provider, door: str
) -> None:
    async with talk(provider, door) as client:
        vad = {"type": "server_vad", "silence_duration_ms": 300}
        transcription = {"model": "whisper-1"}
        flat = {"voice": "ash", "turn_detection": vad, "input_audio_transcription": transcription}
        nested = {
            "type": "realtime",
            "audio": {"input": {"turn_detection": vad, "transcription": transcription}, "output": {"voice": "ash"}},
        }
        await client.connection.session.update(session=flat if door == "legacy" else nested)
        updated = await client.until("session.updated")
        await client.hear(tone(300) + SILENCE)
        done = await client.until("response.done")
    config = provider.connections[0].session.config if provider.connections[0].session else {}
    assert config["audio"]["output"]["voice"] == "ash"
    assert config["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 300
    part = done["response"]["output"][0]["content"][0]
    kinds = client.kinds()
    if door == "legacy":
        assert updated["session"]["turn_detection"]["silence_duration_ms"] == 300
        assert (part["type"], done["response"]["modalities"], done["response"]["voice"]) == (
            "audio",
            ["text", "audio"],
            "ash",
        )
        assert {"response.audio.delta", "response.audio_transcript.done", "conversation.item.created"} <= set(kinds)
        assert not {"conversation.item.added", "conversation.item.done"} & set(kinds)
    else:
        assert part["type"] == "output_audio"
        assert {"response.output_audio.delta", "conversation.item.done"} <= set(kinds)
    sent = [event["type"] for event in provider.connections[0].sent]
    assert "response.output_audio.delta" in sent, "the simulator tells the current names, whatever goes over the wire"


@pytest.mark.parametrize("door", DOORS)
async def test_given_a_tool_and_a_written_reply_then_both_dialects_have_them(provider: Provider, door: str) -> None:
    async with talk(provider, door) as client:
        tools: Any = [{"type": "function", "name": "time", "parameters": {"type": "object"}, "description": "now"}]
        session: Any = {"modalities": ["text"], "tools": tools, "temperature": 0.7}
        if door == "current":
            session = {"type": "realtime", "output_modalities": ["text"], "tools": tools}
        await client.connection.session.update(session=session)
        said = {"type": "text" if door == "legacy" else "output_text", "text": "Hello, this is the clock."}
        await client.connection.conversation.item.create(
            item={"type": "message", "role": "assistant", "content": [said]}
        )
        await client.connection.response.create()
        call = await client.until("response.function_call_arguments.done")
        assert ("name" in call) == (door == "current")
        await client.until("response.done")
        output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
        await client.connection.conversation.item.create(item=output)
        await client.connection.response.create()
        done = await client.until("response.done")
        assert done["response"]["output"][0]["content"] == [
            {"type": "text" if door == "legacy" else "output_text", "text": "It is noon."}
        ]
    items = provider.items()
    assert items[0]["content"][0]["type"] == "output_text"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "session.update", "session": {"type": "realtime"}},
        {"type": "session.update", "session": {"audio": {"output": {"voice": "ash"}}}},
        {"type": "session.update", "session": {"modalities": ["audio"]}},
        {"type": "response.create", "response": {"output_modalities": ["text"]}},
        {
            "type": "conversation.item.create",
            "item": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        },
        {
            "type": "conversation.item.create",
            "item": {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "data:"}]},
        },
    ],
)
async def test_given_todays_words_at_the_legacy_door_then_they_are_refused(provider: Provider, frame: Any) -> None:
    async with talk(provider, "legacy") as client:
        await client.connection.send({**frame, "event_id": "mine"})
        error = (await client.until("error"))["error"]
        assert error["event_id"] == "mine"
        assert error["code"] in ("unknown_parameter", "invalid_value")


async def test_given_an_address_then_the_connection_tells_where_one_came_in_and_how(provider: Provider) -> None:
    for door in DOORS:
        async with talk(provider, door):
            pass
    bearer = openai.AsyncOpenAI(api_key="good", base_url=f"{provider.azure}/openai/v1")
    async with bearer.realtime.connect(model="deployed"):
        pass
    async with openai.AsyncOpenAI(api_key="good", base_url=provider.url).realtime.connect(model="gpt-realtime"):
        pass
    assert [
        (a.service, a.dialect.name, a.path, a.model, a.credentials, a.api_version)
        for a in (connection.access for connection in provider.connections)
    ] == [
        ("azure", "current", "/openai/v1/realtime", "deployed", "api-key", ""),
        ("azure", "legacy", "/openai/realtime", "deployed", "api-key", VERSION),
        ("azure", "current", "/openai/v1/realtime", "deployed", "bearer", ""),
        ("openai", "current", "/v1/realtime", "gpt-realtime", "bearer", ""),
    ]


@pytest.mark.parametrize("door", DOORS)
async def test_given_a_wrong_key_then_azure_refuses_the_handshake(provider: Provider, door: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with talk(provider, door, key="bad"):
            pass
    assert refused.value.response.status_code == 401
    assert [access.key for access in provider.refused] == ["bad"]
    assert not provider.connections


async def test_given_a_wrong_key_then_openai_says_so_and_hangs_up(provider: Provider) -> None:
    async with openai.AsyncOpenAI(api_key="bad", base_url=provider.url).realtime.connect(model="any") as connection:
        client = Client(connection)
        assert (await client.until("error"))["error"]["code"] == "invalid_api_key"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.until("session.created")
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 3000
    assert not provider.connections


async def test_given_no_version_then_there_is_no_legacy_api(provider: Provider) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{provider.azure.replace('http', 'ws')}/openai/realtime?deployment=deployed")
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("credentials", [{"api_key": "good"}, {"api_key": None, "entra_token": "good"}])
async def test_given_livekits_plugin_when_it_talks_to_azure_then_it_hears_and_is_answered(
    provider: Provider, door: str, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    options: dict[str, Any] = credentials | ({"api_version": VERSION} if door == "legacy" else {})
    async with aiohttp.ClientSession() as http:
        model = realtime.RealtimeModel.with_azure(
            azure_deployment="deployed",
            azure_endpoint=provider.azure,
            http_session=http,
            conn_options=APIConnectOptions(max_retry=0),
            **options,
        )
        session = model.session()
        heard = asyncio.Queue[llm.InputTranscriptionCompleted]()
        replies = asyncio.Queue[llm.GenerationCreatedEvent]()
        session.on("input_audio_transcription_completed", heard.put_nowait)
        session.on("generation_created", replies.put_nowait)
        await session.update_instructions("You are the clock.")
        await session.update_chat_ctx(
            llm.ChatContext([llm.ChatMessage(role="assistant", content=["Hello."], id="item_1")])
        )
        for start in range(0, 96000, 4800):
            pcm = (tone(300) + SILENCE)[start : start + 4800]
            session.push_audio(rtc.AudioFrame(pcm, 24000, 1, 2400))
        async with asyncio.timeout(10):
            while not (transcript := await heard.get()).is_final:
                pass
            assert transcript.transcript == "hello"
            reply = await replies.get()
            message = await anext(aiter(reply.message_stream))
            assert "".join([text async for text in message.text_stream]) == "Good morning to you."
            assert sum([frame.duration async for frame in message.audio_stream]) == pytest.approx(0.3)
        await session.aclose()
    connection = provider.connections[0]
    assert connection.access.dialect.name == door
    assert connection.access.credentials == ("bearer" if credentials["api_key"] is None else "api-key")
    assert connection.session
    assert connection.session.config["instructions"] == "You are the clock."
    assert connection.items()[0]["content"] == [{"type": "output_text", "text": "Hello."}]
    assert not [event for event in connection.sent if event["type"] == "error"]
    assert (tone(300) + SILENCE).startswith(bytes(connection.audio))
    assert len(connection.audio) >= 1200 * 48, "all of the speech, and the silence that ends it"
