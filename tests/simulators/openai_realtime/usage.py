"""What a reply takes in and gives out, in tokens of each modality, counted from what the session holds.

The caller's audio is one token for each 100 ms, the model's one for each 50 ms (OpenAI's guide to the costs of Realtime);
a part begun is a whole one. Text is a token for four characters, a picture is 85 tokens and 170 for each tile of 512
pixels. What the reply before took in, unchanged from its beginning, comes from the cache when that is 1024 tokens at least:
whole blocks of 64 of each modality, as real sessions report it.
"""

import base64
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

from PIL import Image

from tests.simulators.openai_realtime.script import SAMPLE_RATE

_HEARD_MS, _SAID_MS = 100, 50
_CHARACTERS = 4
_TILE_PX, _TILE, _PICTURE = 512, 170, 85
_CACHED_FROM, _BLOCK = 1024, 64

Modality = Literal["text", "audio", "image"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that a model takes in or gives out; `what` tells whether it is still the same."""

    what: str
    modality: Modality
    tokens: int


def taken(
    instructions: str, tools: Sequence[Any], items: Sequence[Mapping[str, Any]], audio_ms: Mapping[str, int]
) -> list[Piece]:
    """What a reply has before it, in order. `audio_ms`: of each item that is speech, whoever's."""
    told = [_text(instructions), *(_text(json.dumps(tool)) for tool in tools)]
    return [piece for piece in [*told, *given(items, audio_ms)] if piece.tokens]


def given(items: Sequence[Mapping[str, Any]], audio_ms: Mapping[str, int]) -> list[Piece]:
    return [piece for item in items for piece in _pieces(item, audio_ms.get(str(item["id"]), 0))]


def usage(before: Sequence[Piece], now: Sequence[Piece], out: Sequence[Piece]) -> dict[str, Any]:
    """As `response.done` carries it. `before` is what the session's last reply took in."""
    kept = [piece for piece, _ in takewhile(lambda pair: pair[0] == pair[1], zip(now, before, strict=False))]
    if _total(kept) < _CACHED_FROM:
        kept = []
    cached = {name: tokens // _BLOCK * _BLOCK for name, tokens in _details(kept).items()}
    outgoing = _details(out)
    return {
        "total_tokens": _total(now) + _total(out),
        "input_tokens": _total(now),
        "output_tokens": _total(out),
        "input_token_details": {
            **_details(now),
            "cached_tokens": sum(cached.values()),
            "cached_tokens_details": cached,
        },
        "output_token_details": {name: outgoing[name] for name in ("text_tokens", "audio_tokens")},
    }


def transcription(model: str, audio_ms: int, text: str) -> dict[str, Any]:
    """Whisper is paid by the second, its successors by the token."""
    if model.startswith("whisper"):
        return {"type": "duration", "seconds": audio_ms / 1000}
    audio, words = math.ceil(audio_ms / _HEARD_MS), _text(text).tokens
    return {
        "type": "tokens",
        "total_tokens": audio + words,
        "input_tokens": audio,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        "output_tokens": words,
    }


def _pieces(item: Mapping[str, Any], audio_ms: int) -> Iterator[Piece]:
    match item["type"]:
        case "function_call":
            yield _text(f"{item['name']} {item['arguments']}")
        case "function_call_output":
            yield _text(str(item["output"]))
        case _:
            for part in item["content"]:
                yield from _of(part, str(item["id"]), audio_ms)


def _of(part: Mapping[str, Any], item: str, audio_ms: int) -> Iterator[Piece]:
    match part["type"]:
        case "input_audio":  # its transcript is another model's
            ms = audio_ms or len(base64.b64decode(part.get("audio") or "")) * 1000 // (SAMPLE_RATE * 2)
            yield Piece(f"{item} {ms}", "audio", math.ceil(ms / _HEARD_MS))
        case "output_audio":
            yield _text(part.get("transcript") or "")
            yield Piece(f"{item} {audio_ms}", "audio", math.ceil(audio_ms / _SAID_MS))
        case "input_image":
            yield Piece(part["image_url"], "image", _picture(part))
        case _:
            yield _text(part.get("text") or "")


def _text(text: str) -> Piece:
    return Piece(text, "text", math.ceil(len(text) / _CHARACTERS))


def _picture(part: Mapping[str, Any]) -> int:
    if part.get("detail") == "low":
        return _PICTURE
    _, _, data = part["image_url"].partition(",")
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return _PICTURE + _TILE * math.prod(math.ceil(side / _TILE_PX) for side in image.size)


def _total(pieces: Sequence[Piece]) -> int:
    return sum(piece.tokens for piece in pieces)


def _details(pieces: Sequence[Piece]) -> dict[str, int]:
    modalities: Sequence[Modality] = ("text", "audio", "image")
    return {f"{name}_tokens": _total([piece for piece in pieces if piece.modality == name]) for name in modalities}
