"""One MCP server: connected when it can be, and again after it was lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

import httpx2
from livekit.agents import ToolError
from mcp import Client, MCPError, StdioServerParameters
from mcp.client._transport import ReadStream, TransportStreams
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, Tool

from agents.tool_spec import McpSpec
from worker.mcp.result import told
from worker.variables import Unset, fill

logger = logging.getLogger(__name__)

CONNECT_S = 20.0  # a server that is fetched when it first starts takes its time
RETRY_S = 30.0  # one that is away is tried again, though nobody calls it
AWAY = "This is not available at the moment. Apologise; it may be tried again later."
BROKEN_OFF = (
    "The connection broke off in the middle. Whether it was done is not known: say so, and try again only if asked to."
)


class Connection:
    """Made on the loop it belongs to, the one that `run` runs on; `tools` and `trouble` may be read anywhere.

    `tools` are those of the last listing, also while the server is away. `trouble` is why it is; empty while it is not.
    LiveKit's own MCP client is not used: it does not notice that a server has died, and so never connects again.
    """

    def __init__(self, name: str, spec: McpSpec, variables: Mapping[str, str]) -> None:
        self._name, self._spec, self._variables = name, spec, variables
        self.tools: Mapping[str, Tool] = {}
        self.trouble = ""
        self._status = 0  # of the last HTTP answer that was an error
        self._session_over = False  # the HTTP server does not know us any more: it was started anew
        self._lost = asyncio.Event()
        self._wanted = asyncio.Event()
        self.tried = asyncio.Event()  # the first attempt is over, in whatever way
        self._client = self._nobody_yet()  # what the attempt under way leads to, or else the next one

    async def run(self) -> None:
        """Keeps the server connected until cancelled."""
        while True:
            try:
                await self._hold()
                why = "it has ended"
            except Exception as error:  # whatever a server does, calls go on, and it is tried again
                why = self._in_words(error)
            self._lose()
            if not self.trouble:
                logger.warning("MCP server %s is away: %s. Its tools say so; it is tried again.", self._name, why)
            self.trouble = why
            self.tried.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._wanted.wait()

    async def call(self, tool: str, arguments: dict[str, Any], tell: Callable[[str], None]) -> str:
        """What a tool answers, as the model reads it. Raises ToolError. Cancelling it tells the server to stop."""

        async def report(progress: float, total: float | None, message: str | None) -> None:
            if message:
                tell(message)

        async def ask() -> str:
            client = await self._reach()
            return told(await client.call_tool(tool, arguments, progress_callback=report))

        try:
            try:
                return await ask()
            except MCPError:
                if not self._session_over:
                    raise
            self._lose()  # the server did not look at the call: it is made again, and nothing is done twice
            return await ask()
        except MCPError as error:
            raise ToolError(BROKEN_OFF if error.code == CONNECTION_CLOSED else error.message) from error

    async def _reach(self) -> Client:
        self._wanted.set()
        return await asyncio.shield(self._client)

    async def _hold(self) -> None:
        """One connection, until it is lost."""
        self._lost, self._status, self._session_over = asyncio.Event(), 0, False
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(CONNECT_S):
                    client = await stack.enter_async_context(Client(self._transport()))
                    self.tools = await _listed(client)
            except BaseException:
                self._wanted.clear()
                self._client.set_exception(ToolError(AWAY))
                self._client.exception()  # nobody may have waited for it
                raise
            if self.trouble:
                logger.info("MCP server %s is there again", self._name)
            self.trouble = ""
            self._client.set_result(client)
            self.tried.set()
            await self._lost.wait()

    def _lose(self) -> None:
        """Who calls from now on waits for the next attempt."""
        self._lost.set()
        if self._client.done():
            self._client = self._nobody_yet()

    def _nobody_yet(self) -> asyncio.Future[Client]:
        return asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[TransportStreams]:
        async with AsyncExitStack() as stack:
            if self._spec.url:
                headers = {name: self._filled(value) for name, value in self._spec.headers.items()}
                timeout = httpx2.Timeout(CONNECT_S, read=None)  # how long a tool may take, the team file says
                http = httpx2.AsyncClient(headers=headers, timeout=timeout, event_hooks={"response": [self._answered]})
                await stack.enter_async_context(http)
                transport = streamable_http_client(self._filled(self._spec.url), http_client=http)
            else:
                program, *arguments = self._spec.command
                environment = {name: self._filled(value) for name, value in self._spec.env.items()}
                transport = stdio_client(StdioServerParameters(command=program, args=arguments, env=environment))
            read, write = await stack.enter_async_context(transport)
            yield _Watched(read, self._lose), write

    async def _answered(self, response: httpx2.Response) -> None:
        if response.is_error:
            self._status = response.status_code
        if response.status_code == 404 and "mcp-session-id" in response.request.headers:
            self._session_over = True

    def _filled(self, text: str) -> str:
        return fill(text, self._variables)

    def _in_words(self, error: BaseException) -> str:
        """What is wrong, without anything that a header, a variable or an address may hold."""
        match error:
            case BaseExceptionGroup():
                return self._in_words(error.exceptions[0])
            case Unset(name):
                return f"the variable {name} is not set"
            case TimeoutError():
                return f"it does not answer within {CONNECT_S:.0f} seconds"
            case FileNotFoundError():
                return f"there is no program {self._spec.command[0]!r}"
            case OSError():
                return error.strerror or type(error).__name__
            case httpx2.ConnectError() if "CERTIFICATE" in str(error):
                return "its certificate is not accepted"
            case httpx2.ConnectError():
                return "nobody answers at its address"
            case MCPError() if self._status:
                return f"it answers with HTTP status {self._status}"
            case MCPError() if error.code == CONNECTION_CLOSED:
                return "it ends before it answers"
            case MCPError():
                return f"it answers: {error.message}"
            case _:
                return type(error).__name__


class _Watched:
    """A transport's read stream, which tells when the other side is gone."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], ended: Callable[[], None]) -> None:
        self._stream, self._ended = stream, ended

    async def receive(self) -> SessionMessage | Exception:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._ended()
            raise

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stream.__aexit__(kind, error, trace)


async def _listed(client: Client) -> Mapping[str, Tool]:
    tools, cursor = dict[str, Tool](), None
    while True:
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        tools |= {tool.name: tool for tool in page.tools}
        if (cursor := page.next_cursor) is None:
            return tools
