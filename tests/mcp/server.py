"""A small MCP server, written with the official package: by pipe, or `--port N [--sessions]` for HTTP on loopback.

Where MARKS names a file, it writes down there what it was asked to do, and what was taken back.
"""

import argparse
import asyncio
import json
import os
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.types import Message, Receive, Scope, Send

server: MCPServer[Any] = MCPServer("shelf", log_level="WARNING")


def mark(word: str) -> None:
    if path := os.environ.get("MARKS"):
        with Path(path).open("a") as marks:
            marks.write(f"{word}\n")


@server.tool()
def add(a: int, b: int) -> str:
    """Add two numbers."""
    mark("add")
    return f"{a} and {b} make {a + b}"


@server.tool()
def find_book(title: str) -> dict[str, Any]:
    """Find a book, and tell where it stands."""
    return {"title": title, "shelf": 7}


@server.tool(structured_output=False)
def covers() -> list[Any]:
    """Show what a book looks like."""
    return ["Two covers.", Image(data=b"\x89PNG", format="png")]


@server.tool()
def lend(title: str) -> str:
    """Lend a book."""
    raise ToolError(f"{title} is not here")


@server.tool()
async def wait(seconds: float, ctx: Context[Any, Any]) -> str:
    """Take some time."""
    mark("wait")
    try:
        await ctx.report_progress(0, 1, "Looking in the cellar.")
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        mark("cancelled")
        raise
    return "It has passed."


@server.tool()
def whoami(ctx: Context[Any, Any]) -> str:
    """Tell what the caller has shown of itself."""
    headers = ctx.headers or {}
    return f"{os.environ.get('TOKEN', '-')} {headers.get('authorization', '-')} {os.getpid()}"


@server.tool(description="")
def nameless() -> str:
    return ""


class OlderProtocol:
    """Answers as servers do that know sessions only: nobody can ask what it is capable of before `initialize`."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        message = await receive()
        asked = json.loads(message["body"])
        if asked.get("method") == "server/discover":
            refusal = {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "Method not found"}}
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(refusal).encode()})
            return
        first: list[Message] = [message]

        async def again() -> Message:
            return first.pop() if first else await receive()

        await self._app(scope, again, send)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--sessions", action="store_true")
    options = parser.parse_args()
    if options.port is None:
        server.run("stdio")
        return
    app = server.streamable_http_app(host="127.0.0.1")
    uvicorn.run(
        OlderProtocol(app) if options.sessions else app, host="127.0.0.1", port=options.port, log_level="warning"
    )


if __name__ == "__main__":
    main()
