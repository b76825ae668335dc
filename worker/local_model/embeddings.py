"""Sentences as vectors for other processes: OpenAI's embeddings protocol, with the model that the brain has loaded."""

import asyncio
import base64
import json
from typing import Any

import numpy as np
from aiohttp import web

from worker.local_model.brain.embedding import Embedder

MODEL = "baton-local"
_MOST = 2048  # inputs at once, as OpenAI takes


class Embeddings:
    """`embedder`: None where a chat endpoint thinks; it is loaded then when somebody asks."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder
        self._loading = asyncio.Lock()

    async def answer(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            texts = _texts(body)
        except (json.JSONDecodeError, UnicodeDecodeError, ValueError) as error:
            told = {"message": str(error), "type": "invalid_request_error", "param": "input", "code": None}
            return web.json_response({"error": told}, status=400)
        async with self._loading:
            if self._embedder is None:
                self._embedder = await asyncio.to_thread(Embedder)
        embedder = self._embedder
        vectors = await asyncio.to_thread(embedder.embed, texts)
        packed = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": number, "embedding": _packed(vector) if packed else vector.tolist()}
            for number, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        return web.json_response({"object": "list", "data": data, "model": MODEL, "usage": usage})


def _texts(body: Any) -> list[str]:
    """What is to be embedded. Raises ValueError: a sentence for the client."""
    given = body.get("input") if isinstance(body, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not (isinstance(texts, list) and 0 < len(texts) <= _MOST and all(isinstance(one, str) and one for one in texts)):
        raise ValueError(f"`input` is a text, or a list of at most {_MOST}, none of them empty.")
    return texts


def _packed(vector: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(vector, "<f4").tobytes()).decode()
