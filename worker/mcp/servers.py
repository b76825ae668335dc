"""The MCP servers of a team, for all calls of a process."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from agents.tool_spec import McpSpec
from worker.background import background

if TYPE_CHECKING:
    from mcp_types import Tool

    from worker.mcp.connection import Connection

_ANYTHING = {"type": "object", "properties": {}}


class McpServers:
    """One connection a server, on a loop in a thread of its own: calls come from many loops, a connection has one.

    A context manager. Entering it waits until every server has been tried once; none is needed. Leaving it ends the
    connections, and the programs behind them. Methods may be called in any thread while it is open.
    """

    def __init__(self, specs: Mapping[str, McpSpec], variables: Mapping[str, str]) -> None:
        self._specs, self._variables = specs, variables
        self._connections: Mapping[str, Connection] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "McpServers":
        if self._specs:
            tried = Future[None]()
            self._thread = threading.Thread(target=self._hold, args=(tried,), name="mcp", daemon=True)
            self._thread.start()
            tried.result()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def trouble(self, server: str) -> str:
        """Why a server is away; empty while it is not."""
        return self._connections[server].trouble

    def tools(self, server: str) -> "Mapping[str, Tool]":
        """What it offers, as it was last listed."""
        return self._connections[server].tools

    def schema(self, ref: str) -> Mapping[str, Any] | None:
        """`description` and `parameters` of `server.tool`. None for a tool that the server has not got.

        The tool of a server that has never been reached is offered without parameters: calling it tells what is wrong.
        """
        server, _, name = ref.partition(".")
        if tool := self.tools(server).get(name):
            return {"description": tool.description or tool.title or _spelt(name), "parameters": tool.input_schema}
        if self.tools(server) or not self.trouble(server):
            return None
        return {"description": f"{_spelt(name)}. Not available at the moment.", "parameters": _ANYTHING}

    async def call(self, ref: str, arguments: dict[str, Any], progress: Callable[[str], None] = lambda _: None) -> str:
        """What `server.tool` answers, for the model. Raises ToolError. A call that is cancelled is cancelled there.

        `progress` is called in the servers' thread.
        """
        server, _, name = ref.partition(".")
        assert self._loop, "a context manager"
        work = asyncio.run_coroutine_threadsafe(self._connections[server].call(name, arguments, progress), self._loop)
        return await asyncio.wrap_future(work)

    def _hold(self, tried: "Future[None]") -> None:
        try:
            asyncio.run(self._run(tried))
        except BaseException as error:
            if tried.done():
                raise
            tried.set_exception(error)

    async def _run(self, tried: "Future[None]") -> None:
        from worker.mcp.connection import Connection  # 20 MB that only teams with a server need

        self._loop = asyncio.get_running_loop()
        self._connections = {name: Connection(name, spec, self._variables) for name, spec in self._specs.items()}
        connections = self._connections.values()
        async with background(*(connection.run() for connection in connections)):
            await asyncio.gather(*(connection.tried.wait() for connection in connections))
            tried.set_result(None)
            await self._stop.wait()


def _spelt(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()
