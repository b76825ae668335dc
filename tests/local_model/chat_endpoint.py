"""A chat endpoint on loopback, over real HTTP: it answers by a script, well or badly."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

STALL = object()  # in a stream: nothing more comes, and the connection stays open
CUT = object()  # the connection goes


@dataclass
class Endpoint:
    """`answer`: chunks, raw lines (str), STALL or CUT; `status` other than 200 is an error at once."""

    url: str = ""
    answer: list[Any] = field(default_factory=list)
    status: int = 200
    models: tuple[str, ...] = ("some-model",)
    stalls_before_headers: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    open: int = 0  # requests that are being answered
    closed: asyncio.Event = field(default_factory=asyncio.Event)  # one has ended, or its client went away

    async def list_models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.open += 1
        try:
            return await self._stream(request)
        finally:
            self.open -= 1
            self.closed.set()

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self.stalls_before_headers:
            await asyncio.Event().wait()
        if self.status != 200:
            return web.json_response({"error": {"message": "no"}}, status=self.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in self.answer:
            if part is STALL:
                await asyncio.Event().wait()
            elif part is CUT:
                assert request.transport
                request.transport.abort()
                return response
            else:
                line = part if isinstance(part, str) else f"data: {json.dumps(part)}\n\n"
                await response.write(line.encode())
        return response


def words(*pieces: str) -> list[Any]:
    return [{"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]


def call(*pieces: dict[str, Any], index: int = 0) -> list[Any]:
    """A tool call: each piece has some of `name` and `arguments`."""
    return [
        {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "function": piece}]}}]}
        for piece in pieces
    ]


DONE = "data: [DONE]\n\n"


@asynccontextmanager
async def serving(endpoint: Endpoint, port: int = 0) -> AsyncIterator[Endpoint]:
    application = web.Application()
    application.router.add_get("/v1/models", endpoint.list_models)
    application.router.add_post("/v1/chat/completions", endpoint.complete)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield endpoint
    finally:
        await runner.cleanup()
