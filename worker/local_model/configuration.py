"""A session's settings: the protocol's defaults, and what clients make of them piece by piece."""

import copy
from typing import Any

from openai.types.realtime import RealtimeSessionCreateRequest
from pydantic import TypeAdapter, ValidationError

from worker.local_model.audio_format import AUDIO_FORMATS
from worker.local_model.errors import ProtocolError
from worker.local_model.ids import new_id
from worker.local_model.voice import voice_exists, voice_names

Json = dict[str, Any]
_SESSION = TypeAdapter(RealtimeSessionCreateRequest)
_EAGER_MS = {"low": 1200, "medium": 600, "high": 400, "auto": 600}
_MOST_TOKENS = 4096
_TURNS: dict[str, Json] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "create_response": True,
        "interrupt_response": True,
        "idle_timeout_ms": None,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}
_PCM = {"type": "audio/pcm", "rate": 24000}
_DEFAULTS: Json = {
    "type": "realtime",
    "object": "realtime.session",
    "output_modalities": ["audio"],
    "instructions": "You are a helpful assistant. Answer briefly.",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "truncation": "auto",
    "tracing": None,
    "prompt": None,
    "include": None,
    "audio": {
        "input": {
            "format": _PCM,
            "transcription": None,
            "noise_reduction": None,
            "turn_detection": _TURNS["server_vad"],
        },
        "output": {"format": _PCM, "voice": "heart", "speed": 1.0},
    },
}
_WHOLE = ("format", "tool_choice", "truncation", "prompt", "tracing")  # a new one has nothing of the old


class Configuration:
    """`session` is the protocol's session object; `update` merges into it, whole or not at all.

    There is one for each session, which is known by it where sessions take turns.
    """

    def __init__(self, model: str) -> None:
        self.session: Json = copy.deepcopy(_DEFAULTS) | {"id": new_id("sess"), "model": model}

    def update(self, change: Json) -> None:
        """A deep merge; null puts a default back, and switches turn detection off.

        Raises ProtocolError, and then nothing has changed.
        """
        if change.get("type", "realtime") != "realtime":
            raise ProtocolError(f"Invalid value: {change['type']!r}. Supported: 'realtime'.", param="session.type")
        merged = _merge(self.session, change, _DEFAULTS)
        try:
            _SESSION.validate_python(merged)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"] if not str(part)[:1].isupper())
            raise ProtocolError(f"Invalid value: {fault['msg']}.", param=f"session.{where}") from error
        check_output(merged, "session")
        form = merged["audio"]["input"]["format"].get("type")
        if form not in AUDIO_FORMATS:
            raise ProtocolError(
                f"Invalid value: {form!r}. Supported: {', '.join(AUDIO_FORMATS)}.", param="session.audio.input.format"
            )
        idle_ms = (merged["audio"]["input"]["turn_detection"] or {}).get("idle_timeout_ms")
        if idle_ms is not None and int(idle_ms) <= 0:
            param = "session.audio.input.turn_detection.idle_timeout_ms"
            raise ProtocolError(f"Invalid value: {idle_ms}. It is at least 1 ms.", param=param)
        self.session = merged

    def for_response(self, request: Json) -> Json:
        """The session as one response sees it, with what its request says instead. Raises ProtocolError."""
        changes = {key: value for key, value in request.items() if key in self.session and key != "id"}
        merged = _merge(self.session, {key: value for key, value in changes.items() if value is not None}, self.session)
        check_output(merged, "response")
        return merged

    @property
    def turn_detection(self) -> Json | None:
        found: Json | None = self.session["audio"]["input"]["turn_detection"]
        return found

    @property
    def input_format(self) -> str:
        return str(self.session["audio"]["input"]["format"]["type"])

    @property
    def idle_ms(self) -> int | None:
        """How long nobody may speak before the model does; None: as long as they like."""
        found = (self.turn_detection or {}).get("idle_timeout_ms")
        return int(found) if found is not None else None

    @property
    def silence_ms(self) -> int:
        turns = self.turn_detection or {}
        if turns.get("type") == "semantic_vad":
            return _EAGER_MS[turns.get("eagerness") or "auto"]
        return int(turns.get("silence_duration_ms") or 500)


def check_output(settings: Json, where: str) -> None:
    """Raises ProtocolError for what the package's types let through, and no reply can be made by."""
    output = settings["audio"]["output"]
    voice = output["voice"]
    if not isinstance(voice, str) or not voice_exists(voice):
        raise ProtocolError(
            f"Invalid value: {voice!r}. Supported: {voice_names()}.", param=f"{where}.audio.output.voice"
        )
    if (form := output["format"].get("type")) not in AUDIO_FORMATS:
        raise ProtocolError(
            f"Invalid value: {form!r}. Supported: {', '.join(AUDIO_FORMATS)}.", param=f"{where}.audio.output.format"
        )
    limit = settings["max_output_tokens"]
    if limit != "inf" and not (type(limit) is int and 1 <= limit <= _MOST_TOKENS):
        raise ProtocolError(
            f"Invalid value: {limit!r}. It is 1 to {_MOST_TOKENS}, or 'inf'.", param=f"{where}.max_output_tokens"
        )
    choice = settings["tool_choice"]
    remote = [tool for tool in settings["tools"] if tool.get("type") == "mcp"]
    if remote or (isinstance(choice, dict) and choice.get("type") == "mcp"):
        raise ProtocolError("MCP servers are not supported. Offer functions.", param=f"{where}.tools")


def _merge(old: Json, change: Json, defaults: Json) -> Json:
    merged = copy.deepcopy(old)
    for key, value in change.items():
        if value is None:
            merged[key] = None if key == "turn_detection" else copy.deepcopy(defaults.get(key))
        elif key == "turn_detection" and isinstance(value, dict):
            merged[key] = _turns(old.get(key) or {}, value)
        elif isinstance(value, dict) and isinstance(old.get(key), dict) and key not in _WHOLE:
            merged[key] = _merge(old[key], value, defaults.get(key) or {})
        else:
            merged[key] = copy.deepcopy(value)
    form = merged.get("format")
    if isinstance(form, dict) and form.get("type", "audio/pcm") == "audio/pcm":
        merged["format"] = _PCM | form
    return merged


def _turns(old: Json, change: Json) -> Json:
    """Another kind of detection begins with that kind's defaults."""
    kind = change.get("type") or old.get("type") or "server_vad"
    defaults = _TURNS.get(kind, {})
    return _merge(old if old.get("type") == kind else defaults, change, defaults)
