"""Azure's legacy API (`api-version` in the address): the protocol's beta names, translated to the current ones at the wire.

Source: the types in `openai.types.beta.realtime`, and what LiveKit's plugin and the official client send there.
"""

from collections.abc import Mapping
from typing import Any

from tests.simulators.openai_realtime.session import Event, ProtocolError

_TYPES = {
    "conversation.item.added": "conversation.item.created",
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
}
_CONTENT = {"output_audio": "audio", "output_text": "text", "input_audio": "input_audio", "input_text": "input_text"}
_CURRENT_CONTENT = {old: new for new, old in _CONTENT.items()}
_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}
_CURRENT_FORMATS: Mapping[str, Event] = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
_SESSION = {  # of the flat session: where the current one has it
    "instructions": ("instructions",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
    "tracing": ("tracing",),
    "model": ("model",),
    "max_response_output_tokens": ("max_output_tokens",),
    "modalities": ("output_modalities",),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "output_audio_format": ("audio", "output", "format"),
    "input_audio_format": ("audio", "input", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
}
_RESPONSE = {
    "instructions": ("instructions",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
    "metadata": ("metadata",),
    "conversation": ("conversation",),
    "input": ("input",),
    "max_response_output_tokens": ("max_output_tokens",),
    "modalities": ("output_modalities",),
    "voice": ("audio", "output", "voice"),
    "output_audio_format": ("audio", "output", "format"),
}
_NOT_CURRENT = {"temperature"}  # taken, and of no consequence
_UNTOLD = ("turn_detection", "idle_timeout_ms"), ("tools", "strict")
_MODEL = "gpt-4o-realtime-preview"  # the service tells the model, not the deployment


def read(event: Event) -> Event:
    """A client event in the current names. Raises ProtocolError for what this dialect does not know."""
    match event.get("type"):
        case "session.update":
            wanted = _current(event.get("session") or {}, _SESSION, "session")
            return {**event, "session": {"type": "realtime", **wanted}}
        case "response.create" if event.get("response"):
            return {**event, "response": _current(event["response"], _RESPONSE, "response")}
        case "conversation.item.create" if "content" in event["item"]:
            return {
                **event,
                "item": {**event["item"], "content": [_read_part(part) for part in event["item"]["content"]]},
            }
        case _:
            return event


def write(event: Event) -> Event | None:
    """A server event in the names of the beta; None for what was not there yet."""
    written = {**event, "type": _TYPES.get(event["type"], event["type"])}
    match event["type"]:
        case "conversation.item.done":
            return None
        case "session.created" | "session.updated":
            return written | {"session": _session(event["session"])}
        case "response.created" | "response.done":
            return written | {"response": _response(event["response"])}
        case "response.function_call_arguments.done":
            del written["name"]
    if "item" in event:
        written["item"] = _item(event["item"])
    return written


def _current(flat: Event, places: Mapping[str, tuple[str, ...]], what: str) -> Event:
    found: Event = {}
    for key, value in flat.items():
        if key in _NOT_CURRENT:
            continue
        if key not in places:
            raise ProtocolError(f"Unknown parameter: '{what}.{key}'.", code="unknown_parameter", param=f"{what}.{key}")
        *path, name = places[key]
        inner = found
        for step in path:
            inner = inner.setdefault(step, {})
        inner[name] = _read_value(key, value, f"{what}.{key}")
    return found


def _read_value(key: str, value: Any, param: str) -> Any:
    match key:
        case "modalities" if sorted(value) not in (["text"], ["audio", "text"]):
            raise ProtocolError(f"Invalid modalities: {value}.", code="invalid_value", param=param)
        case "modalities":
            return ["audio"] if "audio" in value else ["text"]
        case "input_audio_format" | "output_audio_format":
            return _CURRENT_FORMATS[value]
        case _:
            return value


def _read_part(part: Event) -> Event:
    kind = part.get("type")
    if kind not in _CURRENT_CONTENT:
        raise ProtocolError(f"Invalid value: '{kind}'.", code="invalid_value", param="item.content[0].type")
    return {**part, "type": _CURRENT_CONTENT[kind]}


def _session(session: Event) -> Event:
    flat: Event = {key: session[key] for key in ("id", "object", "expires_at")}
    for key, path in _SESSION.items():
        value: Any = session
        for step in path:
            value = value[step]
        flat[key] = value
    for key, detail in _UNTOLD:
        for holder in flat[key] if isinstance(flat[key], list) else [flat[key] or {}]:
            holder.pop(detail, None)
    return flat | {
        "model": _MODEL,
        "modalities": _modalities(session),
        "input_audio_format": _FORMATS[flat["input_audio_format"]["type"]],
        "output_audio_format": _FORMATS[flat["output_audio_format"]["type"]],
        "temperature": 0.8,
    }


def _response(response: Event) -> Event:
    flat = {key: value for key, value in response.items() if key not in ("output_modalities", "audio")}
    output = response["audio"]["output"]
    flat |= {
        "modalities": _modalities(response),
        "voice": output["voice"],
        "output_audio_format": _FORMATS[output["format"]["type"]],
        "output": [_item(item) for item in response["output"]],
    }
    if usage := response.get("usage"):
        details = usage["input_token_details"]
        told = {key: details[key] for key in ("text_tokens", "audio_tokens", "cached_tokens")}
        flat["usage"] = usage | {"input_token_details": told}
    return flat


def _item(item: Event) -> Event:
    if "content" not in item:
        return item
    return {**item, "content": [{**part, "type": _CONTENT[part["type"]]} for part in item["content"]]}


def _modalities(holder: Event) -> list[str]:
    return ["text", "audio"] if "audio" in holder["output_modalities"] else ["text"]
