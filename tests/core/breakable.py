"""A way to a server that can be cut, and mended again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from worker.background import background


class Wire:
    """Passes TCP connections on. `cut` drops those there are, and takes no new one until `mend`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = True
        self._open = set[asyncio.StreamWriter]()

    def cut(self) -> None:
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, there_writer}
        with suppress(OSError):
            async with background(_pass(reader, there_writer)):
                await _pass(there_reader, writer)
        self._open -= {writer, there_writer}
        writer.close()
        there_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()


@asynccontextmanager
async def breakable(to: int, at: int) -> AsyncIterator[Wire]:
    """Listens on a port, and passes on to another one of this machine."""
    wire = Wire(to)
    server = await asyncio.start_server(wire.take, "127.0.0.1", at)
    yield wire
    wire.cut()
    server.close()
