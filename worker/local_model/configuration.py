"""A session's settings: the protocol's defaults, and what clients make of them piece by piece."""

import copy
from typing import Any

from openai.types.realtime import RealtimeSessionCreateRequest
from pydantic import TypeAdapter, ValidationError

from worker.local_model.errors import ProtocolError
from worker.local_model.ids import new_id
from worker.local_model.voice import voice_exists, voice_names

Json = dict[str, Any]
_SESSION = TypeAdapter(RealtimeSessionCreateRequest)
_EAGER_MS = {"low": 1200, "medium": 800, "high": 400, "auto": 600}
SAMPLE_RATE = 24000


class Configuration:
    """`session` is the protocol's session object; `update` merges into it, whole or not at all."""

    def __init__(self, model: str) -> None:
        pcm = {"type": "audio/pcm", "rate": SAMPLE_RATE}
        self.session: Json = {
            "type": "realtime",
            "object": "realtime.session",
            "id": new_id("sess"),
            "model": model,
            "output_modalities": ["audio"],
            "instructions": "You are a helpful assistant. Answer briefly.",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "audio": {
                "input": {
                    "format": pcm,
                    "transcription": None,
                    "noise_reduction": None,
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.5,
                        "prefix_padding_ms": 300,
                        "silence_duration_ms": 500,
                        "create_response": True,
                        "interrupt_response": True,
                        "idle_timeout_ms": None,
                    },
                },
                "output": {"format": pcm, "voice": "heart", "speed": 1.0},
            },
        }

    def update(self, change: Json) -> None:
        """A deep merge; null clears. Raises ProtocolError, and then nothing has changed."""
        if change.get("type", "realtime") != "realtime":
            raise ProtocolError(f"Invalid value: {change['type']!r}. Supported: 'realtime'.", param="session.type")
        merged = _merge(self.session, change)
        for side in ("input", "output"):
            if not isinstance((merged.get("audio") or {}).get(side), dict):
                raise ProtocolError("Audio settings cannot be cleared.", param=f"session.audio.{side}")
        turns = merged["audio"]["input"].get("turn_detection")
        if turns and turns.get("type") == "server_vad":
            for key in ("eagerness",):
                turns.pop(key, None)
        if turns and turns.get("type") == "semantic_vad":
            for key in ("threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms"):
                turns.pop(key, None)
        try:
            _SESSION.validate_python(merged)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"] if not str(part)[:1].isupper())
            raise ProtocolError(f"Invalid value: {fault['msg']}.", param=f"session.{where}") from error
        voice = merged["audio"]["output"]["voice"]
        if not isinstance(voice, str) or not voice_exists(voice):
            raise ProtocolError(
                f"Invalid value: {voice!r}. Supported: {voice_names()}.", param="session.audio.output.voice"
            )
        for side in ("input", "output"):
            form = merged["audio"][side].get("format") or {}
            if form.get("type") != "audio/pcm" or form.get("rate", SAMPLE_RATE) != SAMPLE_RATE:
                raise ProtocolError("Only audio/pcm at 24000 Hz is supported.", param=f"session.audio.{side}.format")
        self.session = merged

    @property
    def turn_detection(self) -> Json | None:
        found: Json | None = self.session["audio"]["input"]["turn_detection"]
        return found

    @property
    def silence_ms(self) -> int:
        turns = self.turn_detection or {}
        if turns.get("type") == "semantic_vad":
            return _EAGER_MS[turns.get("eagerness") or "auto"]
        return int(turns.get("silence_duration_ms") or 500)


def _merge(old: Json, change: Json) -> Json:
    merged = copy.deepcopy(old)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else copy.deepcopy(value)
    return merged
