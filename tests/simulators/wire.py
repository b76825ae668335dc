"""The server's end of a socket, and what becomes of it when something goes wrong."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from tests.simulators.openai_realtime.script import Fault, What

GARBAGE = "{this is no JSON"
_REASON_BYTES = 123  # a control frame holds no more


class Wire:
    """Sends in order, each message `delay` seconds after it was put; JSON in text frames, or in binary ones."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport, delay: float, *, binary: bool = False
    ) -> None:
        self._socket, self._transport, self._delay, self._binary = socket, transport, delay, binary
        self._waiting = asyncio.Queue[tuple[float, str | tuple[int, str] | None]]()
        self.mute = self.deaf = False
        self.gone = asyncio.Event()

    def put(self, text: str) -> None:
        self._put(text)

    def close(self, code: int, reason: str) -> None:
        """After what was put before; nothing comes after it."""
        self._put((code, reason))
        self.mute = True

    def cut(self) -> None:
        """The socket is gone at once, without a closing frame."""
        self._transport.abort()
        self.gone.set()

    def suffer(self, fault: Fault, spoilt: Mapping[What, str]) -> None:
        """`spoilt`: messages that a client cannot read, as far as the fault may ask for one."""
        match fault.what:
            case "close":
                self.close(fault.code, fault.reason)
            case "abort":
                self._put(None)
                self.mute = True
            case "stall":
                self.mute = True
            case "deaf":
                self.mute = self.deaf = True
                if not self._transport.is_closing():
                    self._transport.pause_reading()
            case "slow":
                self._delay += fault.late_ms / 1000
            case "garbage" | "untyped" | "malformed" | "unknown":
                self.put(spoilt[fault.what])
            case "error" | "drop" | "go_away":
                pass  # not the wire's

    def _put(self, what: str | tuple[int, str] | None) -> None:
        """A message, a closing frame, or None: the cut."""
        if not self.mute:
            self._waiting.put_nowait((asyncio.get_running_loop().time() + self._delay, what))

    async def run(self) -> None:
        """Until the socket is closed, by either side."""
        while not self._socket.closed:
            due, what = await self._waiting.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            try:
                if what is None:
                    self.cut()
                elif isinstance(what, tuple):
                    code, reason = what
                    await self._socket.close(code=code, message=reason.encode()[:_REASON_BYTES])
                elif self._binary:
                    await self._socket.send_bytes(what.encode())
                else:
                    await self._socket.send_str(what)
            except ConnectionError:
                return
