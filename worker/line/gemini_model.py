"""LiveKit's model of Gemini Live, by Google's API key or on Vertex AI."""

import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.genai import types
from livekit.agents import APIConnectOptions
from livekit.plugins.google import realtime

from agents.providers import GeminiSpec
from worker.line.endpoint import Endpoint, Vertex

_SOCKET = {  # as google-genai hands it on to the websocket; by its own account a dead one would last 40 s, a close 10 s
    "ping_interval": 8.0,
    "ping_timeout": 4.0,
    "close_timeout": 1.0,
    "compression": None,  # sound does not get shorter
}
_CONNECT = APIConnectOptions(max_retry=0)  # who dials tries again, and knows where else
_VERTEX_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def realtime_model(endpoint: Endpoint, voice: str, instructions: str = "") -> realtime.RealtimeModel:
    """Sessions of it never mend themselves. `instructions` are those that a session begins with."""
    told, vertex = endpoint.settings, endpoint.vertex
    assert isinstance(told, GeminiSpec)
    options = types.HttpOptions(  # the model's own: the plugin writes into them
        base_url=endpoint.base_url or None,
        client_args={"verify": _trusted()},
        async_client_args={"ssl": _trusted(), "verify": _trusted(), **_SOCKET},
    )
    return realtime.RealtimeModel(
        model=endpoint.profile.model,
        voice=voice,
        vertexai=vertex is not None,  # else the environment says so
        input_audio_transcription=types.AudioTranscriptionConfig(
            language_codes=list(told.input_audio_transcription.language_codes) or None
        ),
        realtime_input_config=_realtime_input(told, endpoint.profile.silence_ms),
        http_options=options,
        conn_options=_CONNECT,
        **_given(
            instructions=instructions or None,
            api_key=endpoint.api_key or None,
            project=vertex.project if vertex else None,
            location=vertex.location if vertex else None,
            credentials=_credentials(vertex) if vertex else None,
            language=told.language_code,
            temperature=told.temperature,
            top_p=told.top_p,
            top_k=told.top_k,
            max_output_tokens=told.max_output_tokens,
            context_window_compression=_compression(told),
            thinking_config=_thinking(told),
            enable_affective_dialog=told.enable_affective_dialog,
            proactivity=told.proactivity,
            media_resolution=types.MediaResolution(told.media_resolution) if told.media_resolution else None,
        ),
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom this machine trusts. Read once: google-genai reads it three times a session, and no call goes on meanwhile."""
    return ssl.create_default_context()


def _credentials(vertex: Vertex) -> Credentials | None:
    """Of the account in the file; None: whoever is signed in on this machine."""
    if not vertex.credentials:
        return None
    load: Callable[..., tuple[Credentials, str]] = google.auth.load_credentials_from_file
    return load(str(vertex.credentials), scopes=[_VERTEX_SCOPE])[0]


def _realtime_input(told: GeminiSpec, silence_ms: int) -> types.RealtimeInputConfig:
    wish = told.realtime_input_config
    detection = {"silence_duration_ms": silence_ms, **wish.automatic_activity_detection.model_dump(exclude_none=True)}
    return types.RealtimeInputConfig(
        automatic_activity_detection=types.AutomaticActivityDetection.model_validate(detection),
        turn_coverage=types.TurnCoverage(wish.turn_coverage) if wish.turn_coverage else None,
    )


def _compression(told: GeminiSpec) -> types.ContextWindowCompressionConfig | None:
    wish = told.context_window_compression
    if wish is None:
        return None
    window = types.SlidingWindow(target_tokens=wish.sliding_window.target_tokens)
    return types.ContextWindowCompressionConfig(trigger_tokens=wish.trigger_tokens, sliding_window=window)


def _thinking(told: GeminiSpec) -> types.ThinkingConfig | None:
    if told.thinking_config is None:
        return None
    return types.ThinkingConfig.model_validate(told.thinking_config.model_dump(exclude_none=True))


def _given(**options: Any) -> dict[str, Any]:
    """Those that are there: the plugin tells what is null from what is not given."""
    return {name: value for name, value in options.items() if value is not None}
