"""What LiveKit's plugin says on the wire for an endpoint of Gemini's, by key and on Vertex AI, and what a trial finds."""

import json
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agents.providers import GeminiSpec
from tests.simulators import tls
from tests.simulators.gemini_live.messages import BAD_KEY
from tests.simulators.gemini_live.server import Provider
from tests.simulators.openai_realtime.script import Asked, Step
from worker.line import gemini_model
from worker.line.endpoint import Endpoint, Vertex
from worker.line.profile import GEMINI
from worker.line.trial import Trial, try_out

TOOLS = [
    {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
]


def silent(_: Asked) -> Sequence[Step]:
    return []


@pytest.fixture
async def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Provider]:
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    gemini_model._trusted.cache_clear()
    async with Provider(silent).serve() as running:
        yield running
    gemini_model._trusted.cache_clear()


async def setup(provider: Provider, endpoint: Endpoint) -> dict[str, Any]:
    trial = await try_out(endpoint, "Be kind.", TOOLS, "warm")
    assert trial.works, trial.told
    found: dict[str, Any] = provider.connections[-1].received[0]["setup"]
    return found


async def test_a_session_has_what_the_team_tells_gemini(provider: Provider) -> None:
    told = GeminiSpec.model_validate(
        {
            "temperature": 0.3,
            "top_p": 0.8,
            "top_k": 20,
            "max_output_tokens": 700,
            "language_code": "de-DE",
            "input_audio_transcription": {"language_codes": ["de-DE"]},
            "realtime_input_config": {
                "automatic_activity_detection": {
                    "start_of_speech_sensitivity": "START_SENSITIVITY_LOW",
                    "end_of_speech_sensitivity": "END_SENSITIVITY_HIGH",
                    "prefix_padding_ms": 40,
                    "silence_duration_ms": 600,
                },
                "turn_coverage": "TURN_INCLUDES_ALL_INPUT",
            },
            "context_window_compression": {"trigger_tokens": 20000, "sliding_window": {"target_tokens": 8000}},
            "thinking_config": {"thinking_budget": 0},
            "enable_affective_dialog": True,
            "proactivity": True,
            "media_resolution": "MEDIA_RESOLUTION_LOW",
        }
    )
    sent = await setup(provider, Endpoint(GEMINI, provider.url, "g-1", told))
    connection = provider.connections[-1]
    assert connection.key == "g-1"
    assert sent["model"] == "models/gemini-3.8-live"
    generation = sent["generationConfig"]
    assert {name: generation[name] for name in ("temperature", "topP", "topK", "maxOutputTokens")} == {
        "temperature": 0.3,
        "topP": 0.8,
        "topK": 20,
        "maxOutputTokens": 700,
    }
    assert generation["thinkingConfig"] == {"thinkingBudget": 0}
    assert generation["mediaResolution"] == "MEDIA_RESOLUTION_LOW"
    speech = generation["speechConfig"]
    assert speech["languageCode"] == "de-DE"
    assert speech["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] == GEMINI.voice("warm")
    assert sent["inputAudioTranscription"] == {"languageCodes": ["de-DE"]}
    assert sent["realtimeInputConfig"] == {
        "automaticActivityDetection": {
            "startOfSpeechSensitivity": "START_SENSITIVITY_LOW",
            "endOfSpeechSensitivity": "END_SENSITIVITY_HIGH",
            "prefixPaddingMs": 40,
            "silenceDurationMs": 600,
        },
        "turnCoverage": "TURN_INCLUDES_ALL_INPUT",
    }
    assert sent["contextWindowCompression"] == {"triggerTokens": 20000, "slidingWindow": {"targetTokens": 8000}}
    assert generation["enableAffectiveDialog"] is True
    assert sent["proactivity"] == {"proactiveAudio": True}
    assert sent["systemInstruction"]["parts"] == [{"text": "Be kind."}]
    assert [one["name"] for one in sent["tools"][0]["functionDeclarations"]] == ["look"]


async def test_given_nothing_told_then_only_a_long_session_is_kept_short(provider: Provider) -> None:
    sent = await setup(provider, Endpoint(GEMINI, provider.url, "g-1", GeminiSpec()))
    assert sent["contextWindowCompression"] == {"slidingWindow": {}}
    assert not {"temperature", "thinkingConfig", "maxOutputTokens", "enableAffectiveDialog"} & set(
        sent["generationConfig"]
    )
    assert sent["realtimeInputConfig"] == {"automaticActivityDetection": {"silenceDurationMs": GEMINI.silence_ms}}
    assert "languageCode" not in sent["generationConfig"]["speechConfig"]
    assert "proactivity" not in sent


async def test_given_vertex_in_the_environment_then_a_key_is_a_key_all_the_same(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    await setup(provider, Endpoint(GEMINI, provider.url, "g-1", GeminiSpec()))
    assert provider.connections[-1].key == "g-1"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Path]:
    """A service account's file, and the place where its key is good for a token."""

    class Tokens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps({"access_token": "vertex-1", "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with HTTPServer(("127.0.0.1", 0), Tokens) as server:  # in a thread: google-auth waits in the loop's
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = {
            "type": "service_account",
            "client_email": "baton@p.iam.gserviceaccount.com",
            "private_key": key.decode(),
            "token_uri": f"http://127.0.0.1:{server.server_port}/token",
        }
        path = tmp_path / "account.json"
        path.write_text(json.dumps(told))
        yield path
        server.shutdown()


async def test_on_vertex_a_session_is_the_accounts_in_its_project_and_place(
    provider: Provider, account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "not-for-vertex")
    endpoint = Endpoint(GEMINI, provider.url, "", GeminiSpec(), vertex=Vertex("p", "europe-west1", account))
    sent = await setup(provider, endpoint)
    assert provider.connections[-1].key == "Bearer vertex-1"
    assert sent["model"] == "projects/p/locations/europe-west1/publishers/google/models/gemini-3.8-live"


async def test_given_a_file_that_is_no_account_then_that_is_told(provider: Provider, tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"type": "none"}))
    endpoint = Endpoint(GEMINI, provider.url, "", GeminiSpec(), vertex=Vertex("p", "europe-west1", account))
    trial = await try_out(endpoint, "Be kind.", TOOLS, "warm")
    assert not trial.works
    assert str(account) in trial.told
    assert provider.connections == []


async def test_given_a_schema_that_the_plugin_cannot_read_then_it_is_sent_as_in_a_call(provider: Provider) -> None:
    many = {"type": "object", "properties": {"day": {"type": ["string", "null"], "description": "the day"}}}
    tools = [{**TOOLS[0], "parameters": many}]
    trial = await try_out(Endpoint(GEMINI, provider.url, "g-1", GeminiSpec()), "Be kind.", tools, "warm")
    assert trial.works, trial.told


async def test_given_nobody_at_the_address_then_it_is_out_of_reach(provider: Provider) -> None:
    trial = await try_out(Endpoint(GEMINI, "https://127.0.0.1:9", "g-1", GeminiSpec()), "Be kind.", TOOLS, "warm")
    assert not trial.works
    assert trial.told.startswith("gemini: https://127.0.0.1:9 is out of reach (")


async def test_given_a_wrong_key_then_its_variable_is_named(provider: Provider) -> None:
    provider.refusals.setups = [(BAD_KEY.code, BAD_KEY.reason)]
    trial = await try_out(Endpoint(GEMINI, provider.url, "bad", GeminiSpec()), "Be kind.", TOOLS, "warm")
    assert trial == Trial(False, f"gemini: the key is wrong: {BAD_KEY.code} {BAD_KEY.reason} Look at GOOGLE_API_KEY.")
    assert len(provider.connections) == 1, "it is asked once"


async def test_given_a_model_that_is_not_there_then_that_is_told(provider: Provider) -> None:
    why = "models/gemini-9-live is not found for API version v1, or is not supported for bidiGenerateContent."
    provider.refusals.setups = [(1008, why)]
    endpoint = Endpoint(replace(GEMINI, model="gemini-9-live"), provider.url, "g-1", GeminiSpec())
    trial = await try_out(endpoint, "Be kind.", TOOLS, "warm")
    assert not trial.works
    assert trial.told.startswith("gemini: there is no model 'gemini-9-live' for this key (")
    assert trial.told.endswith("Look at `providers: gemini: model`.")


async def test_given_a_setting_that_the_model_has_not_got_then_that_is_told(provider: Provider) -> None:
    told = GeminiSpec.model_validate({"thinking_config": {"thinking_level": "LOW"}})
    trial = await try_out(Endpoint(GEMINI, provider.url, "g-1", told), "Be kind.", TOOLS, "warm")
    assert not trial.works
    assert "does not support thinking_level" in trial.told
