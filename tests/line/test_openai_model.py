"""What LiveKit's plugin says on the wire for an endpoint: to OpenAI, and to Azure's current and legacy API."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from agents.providers import AzureSpec, OpenAISpec
from tests.simulators.openai_realtime.script import Asked, Step
from tests.simulators.openai_realtime.server import Connection, Provider
from worker.line.endpoint import Azure, Endpoint
from worker.line.entra import EntraToken
from worker.line.openai_model import realtime_model, session_update
from worker.line.profile import AZURE, AZURE_LEGACY, LOCAL, OPENAI

TOOLS = [
    {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
]


def silent(_: Asked) -> Sequence[Step]:
    return []


async def dial(provider: Provider, endpoint: Endpoint, voice: str = "marin") -> Connection:
    """A session that was told who the agent is, and has said so; closed again."""
    async with aiohttp.ClientSession() as http:
        session = realtime_model(endpoint, voice, http).session()
        errors = list[Any]()
        session.on("error", errors.append)
        seen, done = list[dict[str, Any]](), asyncio.Event()

        def take(event: dict[str, Any]) -> None:
            seen.append(event)
            if sum(one["type"] == "session.updated" for one in seen) == 2 or event["type"] == "error":
                done.set()

        session.on("openai_server_event_received", take)
        session.send_event({"type": "session.update", "session": session_update(endpoint, "Be kind.", TOOLS)})
        async with asyncio.timeout(10):
            await done.wait()
        await session.aclose()
    assert not errors
    assert not [event for event in seen if event["type"] == "error"]
    return provider.connections[-1]


async def test_a_session_has_what_the_team_tells_openai() -> None:
    told = OpenAISpec.model_validate(
        {
            "turn_detection": {"silence_duration_ms": 700, "prefix_padding_ms": 100, "threshold": 0.7},
            "transcription": {"model": "gpt-4o-transcribe", "language": "de", "prompt": "Orders."},
            "noise_reduction": "far_field",
            "speed": 1.2,
            "max_output_tokens": 700,
            "truncation": {"retention_ratio": 0.7, "token_limits": {"post_instructions": 5000}},
            "reasoning": {"effort": "low"},
        }
    )
    async with Provider(silent).serve() as provider:
        profile = replace(OPENAI, model="gpt-realtime-2")
        connection = await dial(provider, Endpoint(profile, provider.url, "sk-1", told), "sage")
    assert (connection.access.key, connection.access.credentials, connection.access.model) == (
        "sk-1",
        "bearer",
        "gpt-realtime-2",
    )
    first, second = (event["session"] for event in connection.received if event["type"] == "session.update")
    hears, speaks = first["audio"]["input"], first["audio"]["output"]
    assert hears["turn_detection"] == {
        "type": "server_vad",
        "create_response": False,
        "interrupt_response": False,
        "silence_duration_ms": 700,
        "prefix_padding_ms": 100,
        "threshold": 0.7,
    }
    assert hears["transcription"] == {"model": "gpt-4o-transcribe", "language": "de", "prompt": "Orders."}
    assert hears["noise_reduction"] == {"type": "far_field"}
    assert (speaks["voice"], speaks["speed"], first["max_output_tokens"]) == ("sage", 1.2, 700)
    assert first["truncation"] == {
        "type": "retention_ratio",
        "retention_ratio": 0.7,
        "token_limits": {"post_instructions": 5000},
    }
    assert first["reasoning"] == {"effort": "low"}
    assert (second["instructions"], second["tools"]) == ("Be kind.", TOOLS)


@pytest.mark.parametrize("profile", [OPENAI, LOCAL], ids=lambda profile: str(profile.provider))
async def test_given_nothing_told_then_turns_are_ours_and_nothing_is_said_that_nobody_said(profile: Any) -> None:
    async with Provider(silent).serve() as provider:
        connection = await dial(provider, Endpoint(profile, provider.url, "any"))
    [session, _] = (event["session"] for event in connection.received if event["type"] == "session.update")
    turns = session["audio"]["input"]["turn_detection"]
    assert (turns["create_response"], turns["interrupt_response"], turns["silence_duration_ms"]) == (False, False, 500)
    assert session["audio"]["input"]["transcription"] == {"model": profile.transcriber, "language": "en"}
    assert session["max_output_tokens"] == "inf"
    assert not {"truncation", "reasoning"} & set(session)


@pytest.mark.parametrize(
    ("profile", "model", "asked"),
    [(OPENAI, None, True), (LOCAL, None, True), (AZURE, None, False), (OPENAI, "whisper-1", False)],
)
def test_a_transcriber_that_can_tell_is_asked_how_sure_it_is(profile: Any, model: str | None, asked: bool) -> None:
    told = OpenAISpec.model_validate({"transcription": {"model": model}})
    session = session_update(Endpoint(profile, "http://any", "any", told), "Be kind.", TOOLS)
    assert ("item.input_audio_transcription.logprobs" in session.get("include", ())) is asked


async def test_given_semantic_turns_then_they_are_ours_all_the_same() -> None:
    told = OpenAISpec.model_validate({"turn_detection": {"type": "semantic_vad", "eagerness": "high"}})
    async with Provider(silent).serve() as provider:
        connection = await dial(provider, Endpoint(OPENAI, provider.url, "any", told))
    [session, _] = (event["session"] for event in connection.received if event["type"] == "session.update")
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "high",
        "create_response": False,
        "interrupt_response": False,
    }


async def test_given_azures_version_in_the_environment_then_openai_is_openai_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")
    async with Provider(silent, keys=["sk-1"]).serve() as provider:
        connection = await dial(provider, Endpoint(OPENAI, provider.url, "sk-1"))
        azure = Endpoint(AZURE, f"{provider.azure}/openai", "sk-1", AzureSpec(), Azure("voice"))
        current = await dial(provider, azure)
    assert connection.access.service == "openai"
    assert connection.access.dialect.name == "current"
    assert (current.access.service, current.access.dialect.name) == ("azure", "current")


@pytest.mark.parametrize(
    ("profile", "version", "dialect"), [(AZURE, "", "current"), (AZURE_LEGACY, "2025-04-01-preview", "legacy")]
)
async def test_azure_is_reached_by_its_deployment_and_key_in_either_dialect(
    monkeypatch: pytest.MonkeyPatch, profile: Any, version: str, dialect: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-azure")
    told = AzureSpec.model_validate({"noise_reduction": "near_field", "max_output_tokens": 500, "speed": 0.9})
    async with Provider(silent, keys=["az-1"]).serve() as provider:
        endpoint = Endpoint(profile, f"{provider.azure}/openai", "az-1", told, Azure("voice", version))
        connection = await dial(provider, endpoint, "sage")
    access = connection.access
    assert (access.service, access.dialect.name, access.api_version) == ("azure", dialect, version)
    assert (access.model, access.credentials, access.key) == ("voice", "api-key", "az-1")
    assert connection.session
    config = connection.session.config
    assert config["audio"]["input"]["noise_reduction"] == {"type": "near_field"}
    assert config["audio"]["input"]["transcription"]["model"] == "whisper-1"
    assert config["audio"]["output"]["voice"] == "sage"
    assert config["max_output_tokens"] == 500
    assert config["instructions"] == "Be kind."
    assert [tool["name"] for tool in config["tools"]] == ["look"]


async def test_given_a_token_then_each_session_has_the_newest_and_no_key_goes_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-azure")
    given = iter(["entra-1", "entra-2"])
    renewals = list[Any]()
    token = EntraToken(lambda: (next(given), 1e12), lambda _, renew: renewals.append(renew))
    token.sign_in()
    async with Provider(silent, keys=["entra-1", "entra-2"]).serve() as provider:
        endpoint = Endpoint(AZURE, f"{provider.azure}/openai", "", AzureSpec(), Azure("voice", token=token))
        first = await dial(provider, endpoint)
        renewals.pop()()
        second = await dial(provider, endpoint)
    assert [(one.access.credentials, one.access.key) for one in (first, second)] == [
        ("bearer", "entra-1"),
        ("bearer", "entra-2"),
    ]


async def test_given_a_lost_socket_then_the_session_ends_and_nobody_dials_behind_our_back() -> None:
    async with Provider(silent).serve() as provider, aiohttp.ClientSession() as http:
        session = realtime_model(Endpoint(OPENAI, provider.url, "any"), "marin", http).session()
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        session.on("error", lambda error: ended.set_result(error.recoverable))
        await provider.until("session.updated")
        provider.connections[-1].cut()
        async with asyncio.timeout(10):
            assert await ended is False
        with pytest.raises(Exception, match="closed"):
            await session.aclose()
    assert len(provider.connections) == 1
