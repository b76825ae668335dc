"""What a reply takes in and gives out, in tokens, by a rule of its own: the embedded model has no price.

Text counts as the embedding model's vocabulary splits it. Audio counts as at OpenAI, whose guide to the costs of Realtime
says one token for each 100 ms of the caller's speech and for each 50 ms of the model's; a part begun is a whole one. Of
the caller's speech only the sound counts, of the model's also the words. A picture counts as the words read in it.
Nothing is cached.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from worker.local_model.brain.embedding import load_tokenizer

_HEARD_MS = 100
_SAID_MS = 50


@dataclass(frozen=True, slots=True)
class Tokens:
    text: int = 0
    audio: int = 0

    @property
    def total(self) -> int:
        return self.text + self.audio

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.text + other.text, self.audio + other.audio)


def written(text: str) -> Tokens:
    return Tokens(text=_count(text))


def heard(audio_ms: float) -> Tokens:
    """The caller's speech."""
    return Tokens(audio=math.ceil(audio_ms / _HEARD_MS))


def said(text: str, audio_ms: float) -> Tokens:
    """The model's speech."""
    return Tokens(_count(text), math.ceil(audio_ms / _SAID_MS))


def usage(taken: Tokens, given: Tokens) -> dict[str, Any]:
    """As `response.done` carries it."""
    nothing = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
    return {
        "total_tokens": taken.total + given.total,
        "input_tokens": taken.total,
        "output_tokens": given.total,
        "input_token_details": {
            "text_tokens": taken.text,
            "audio_tokens": taken.audio,
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": nothing,
        },
        "output_token_details": {"text_tokens": given.text, "audio_tokens": given.audio},
    }


@functools.lru_cache(4096)
def _count(text: str) -> int:
    return len(_tokenizer().encode(text, add_special_tokens=False).ids)


@functools.cache
def _tokenizer() -> Tokenizer:
    tokenizer = load_tokenizer()
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
