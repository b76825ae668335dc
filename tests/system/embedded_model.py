"""The embedded model behind a socket of the test's own process, which has loaded it once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from worker.local_model.senses import Senses
from worker.local_model.server import app


@dataclass(frozen=True)
class Model:
    runner: web.AppRunner
    port: int

    def cut(self) -> None:
        """Its sockets are gone, without a word of goodbye."""
        assert self.runner.server
        for connection in self.runner.server.connections:
            if connection.transport:
                connection.transport.abort()


@asynccontextmanager
async def serving(senses: Senses) -> AsyncIterator[Model]:
    runner = web.AppRunner(app(senses), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Model(runner, runner.addresses[0][1])
    finally:
        await runner.cleanup()
