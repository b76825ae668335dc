"""LiveKit's model of OpenAI's Realtime protocol for whoever speaks it: OpenAI, Azure's two dialects, the embedded one."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from livekit.agents import APIConnectOptions
from livekit.plugins.openai import realtime
from openai.types.realtime import AudioTranscription, RealtimeReasoning, RealtimeTruncationRetentionRatio
from openai.types.realtime.realtime_audio_input_turn_detection import SemanticVad, ServerVad
from openai.types.realtime.realtime_truncation import RealtimeTruncation
from openai.types.realtime.realtime_truncation_retention_ratio import TokenLimits

from agents.providers import OpenAISpec, TruncationSpec, TurnDetectionSpec
from worker.line.endpoint import Endpoint

_CONNECT = APIConnectOptions(max_retry=0, timeout=5.0)  # who dials tries again, and knows where else


def realtime_model(endpoint: Endpoint, voice: str, http: aiohttp.ClientSession) -> realtime.RealtimeModel:
    """Sessions of it never mend themselves, and leave to us when the model replies. A token is the newest there is."""
    told, azure = endpoint.settings, endpoint.azure
    assert isinstance(told, OpenAISpec)
    model = realtime.RealtimeModel(
        model=endpoint.profile.model,
        voice=voice,
        modalities=["audio"],
        base_url=endpoint.base_url,
        api_key=endpoint.api_key or "none",
        turn_detection=_turn_detection(told.turn_detection),
        input_audio_transcription=AudioTranscription(
            **_given(
                model=told.transcription.model or endpoint.profile.transcriber,
                language=told.transcription.language,
                prompt=told.transcription.prompt,
            )
        ),
        input_audio_noise_reduction=told.noise_reduction,
        speed=told.speed,
        truncation=_truncation(told.truncation) if told.truncation else None,
        reasoning=RealtimeReasoning(effort=told.reasoning.effort) if told.reasoning else None,
        http_session=http,
        max_session_duration=None,
        conn_options=_CONNECT,
    )
    if told.max_output_tokens:
        model.update_options(max_response_output_tokens=told.max_output_tokens)
    # What it has not been given the plugin takes from the environment, whoever that was meant for: Azure's version would
    # make an Azure of OpenAI, and OpenAI's key would be sent to Azure beside a token.
    options = model._opts
    options.api_key = endpoint.api_key or None
    options.is_azure = azure is not None
    options.azure_deployment = azure.deployment if azure else None
    options.api_version = (azure.api_version or None) if azure else None
    options.entra_token = azure.token.value if azure and azure.token else None
    return model


def session_update(
    endpoint: Endpoint, instructions: str, tools: Sequence[Mapping[str, Any]], voice: str | None = None
) -> dict[str, Any]:
    """The `session` of a `session.update` that makes the model another agent, in the endpoint's dialect."""
    told: dict[str, Any] = {"instructions": instructions, "tools": [dict(tool) for tool in tools]}
    if endpoint.azure and endpoint.azure.api_version:
        return told | ({"voice": voice} if voice else {})
    settings = endpoint.settings
    own = isinstance(settings, OpenAISpec) and not settings.transcription.model
    if endpoint.profile.logprobs and own:  # of another transcriber nobody knows
        told["include"] = ["item.input_audio_transcription.logprobs"]
    return {"type": "realtime", **told, **({"audio": {"output": {"voice": voice}}} if voice else {})}


def _turn_detection(told: TurnDetectionSpec) -> ServerVad | SemanticVad:
    if told.type == "semantic_vad":
        kind = _given(eagerness=told.eagerness)
        return SemanticVad(type="semantic_vad", create_response=False, interrupt_response=False, **kind)
    return ServerVad(
        type="server_vad",
        create_response=False,
        interrupt_response=False,
        silence_duration_ms=told.silence_duration_ms,
        prefix_padding_ms=told.prefix_padding_ms,
        **_given(threshold=told.threshold),
    )


def _truncation(told: TruncationSpec) -> RealtimeTruncation:
    if told.type != "retention_ratio":
        return told.type
    assert told.retention_ratio is not None
    limits = TokenLimits(post_instructions=told.token_limits.post_instructions) if told.token_limits else None
    return RealtimeTruncationRetentionRatio(
        type="retention_ratio", retention_ratio=told.retention_ratio, **_given(token_limits=limits)
    )


def _given(**options: Any) -> dict[str, Any]:
    """Those that are there: null means something else on the wire."""
    return {name: value for name, value in options.items() if value is not None}
