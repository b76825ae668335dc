"""The server's end of a socket, and what becomes of it when something goes wrong."""

import asyncio
import json

from aiohttp import web

from tests.simulators.openai_realtime.script import Fault
from tests.simulators.openai_realtime.session import Event


class Wire:
    """Sends in order, each message `delay` seconds after it was put."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport, delay: float) -> None:
        self._socket, self._transport, self._delay = socket, transport, delay
        self._waiting = asyncio.Queue[tuple[float, str | tuple[int, str] | None]]()
        self._mute = False
        self.deaf = False
        self.gone = asyncio.Event()

    def put(self, text: str) -> None:
        self._put(text)

    def close(self, code: int, reason: str) -> None:
        """After what was put before; nothing comes after it."""
        self._put((code, reason))
        self._mute = True

    def cut(self) -> None:
        """The socket is gone at once, without a closing frame."""
        self._transport.abort()
        self.gone.set()

    def suffer(self, fault: Fault, due: Event) -> None:
        """`due`: the event that is to be sent now."""
        match fault.what:
            case "close":
                self.close(fault.code, "scripted")
            case "abort":
                self._put(None)
                self._mute = True
            case "stall":
                self._mute = True
            case "deaf":
                self._mute = self.deaf = True
                self._transport.pause_reading()
            case "slow":
                self._delay += fault.late_ms / 1000
            case "garbage":
                self.put("{this is no JSON")
            case "untyped":
                self.put('{"event_id": "event_x"}')
            case "malformed":
                self.put(json.dumps({"type": due["type"]}))
            case "unknown":
                self.put(json.dumps({"type": "response.dreamt", "event_id": "event_x", "dream": {"deep": True}}))
            case "error" | "drop":
                pass  # not the wire's

    def _put(self, what: str | tuple[int, str] | None) -> None:
        """A message, a closing frame, or None: the cut."""
        if not self._mute:
            self._waiting.put_nowait((asyncio.get_running_loop().time() + self._delay, what))

    async def run(self) -> None:
        """Until the socket is closed, by either side."""
        while not self._socket.closed:
            due, what = await self._waiting.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            try:
                if what is None:
                    self.cut()
                elif isinstance(what, str):
                    await self._socket.send_str(what)
                else:
                    code, reason = what
                    await self._socket.close(code=code, message=reason.encode())
            except ConnectionError:
                return
