"""A server that speaks the OpenAI Realtime protocol on loopback, from a script, with faults on demand.

async with Provider(play).serve() as provider: ... OPENAI_BASE_URL=provider.url, or AZURE_OPENAI_ENDPOINT=provider.azure

Events are told in the protocol's current names, whatever dialect a client speaks.
"""

import asyncio
import base64
import collections
import itertools
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.simulators.openai_realtime.access import PATHS, Access, access
from tests.simulators.openai_realtime.errors import ERRORS, error_event
from tests.simulators.openai_realtime.hearing import Hearing
from tests.simulators.openai_realtime.moments import Moment, Tally
from tests.simulators.openai_realtime.script import Fault, Pace, Refusals, Script, What
from tests.simulators.openai_realtime.session import Event, ProtocolError, Session
from tests.simulators.wire import GARBAGE, Wire

_HANDSHAKE = 3  # round trips: TCP, TLS, and the upgrade to a WebSocket


@dataclass(slots=True)
class Connection:
    """What went over one socket. `appended`: the caller's audio that arrived since somebody looked at it, in base64."""

    number: int
    access: Access
    sent: list[Event] = field(default_factory=list)
    received: list[Event] = field(default_factory=list)
    appended: list[str] = field(default_factory=list)
    _audio: bytearray = field(default_factory=bytearray)
    session: Session | None = None
    open: bool = True
    cut: Callable[[], None] = lambda: None  # the socket is gone at once, without a closing frame
    suffer: Callable[[Fault], None] = lambda _: None  # it happens now, whatever its `at`

    @property
    def audio(self) -> bytearray:
        """All the caller's PCM16 at 24 kHz that arrived, in order."""
        self._audio += b"".join(map(base64.b64decode, self.appended))
        self.appended.clear()
        return self._audio

    def items(self) -> Sequence[Event]:
        """The conversation's items, as the model has them."""
        return self.session.items if self.session else []


class Provider:
    """Every session plays the same script; `faults` count their events over all sessions, in the order of sending."""

    def __init__(
        self,
        play: Script,
        *,
        pace: Pace | None = None,
        transcribe: Callable[[bytes], str | None] = lambda _: "hello",
        keys: Collection[str] = (),
        keep_events: bool = True,
        watch: Callable[[Event], None] = lambda _: None,
        hearing: Callable[[], Hearing] = Hearing,
    ) -> None:
        """`keys` are the credentials that are good, of whatever kind; without any, all are.

        `watch` sees each event of either side, but not audio, when it is sent or arrives. `hearing`: of each session.
        """
        self.play, self.pace, self.transcribe, self._watch = play, pace or Pace(), transcribe, watch
        self._hearing = hearing
        self.faults: list[Fault] = []
        self.keys = set(keys)
        self.refusals = Refusals()
        self.refused: list[Access] = []  # who had no good key
        self.connections: list[Connection] = []
        self.url = self.azure = ""  # base addresses: of OpenAI's API, and of an Azure resource
        self._keep = keep_events  # a benchmark's memory is not the simulator's business
        self._tally = Tally()
        self._sent = asyncio.Event()
        self._replies = itertools.count()

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator["Provider"]:
        app = web.Application()
        for path in PATHS:
            app.router.add_get(path, self._connect)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.azure = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.url = f"{self.azure}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    def strike(self, moment: Moment, what: What, **more: Any) -> None:
        """Sets a fault at a moment, counted from now; `more` as Fault has it."""
        at = self._tally.ahead(moment)
        self.faults.append(Fault(at.at, what, at.nth, reply=at.reply, **more))

    def items(self) -> Sequence[Event]:
        """What the model of the newest session remembers."""
        return self.connections[-1].items()

    def words(self) -> list[str]:
        """What that model has heard the caller say."""
        return [text(item) for item in self.items() if item.get("role") == "user"]

    def received(self) -> list[Event]:
        """Client events but audio, over all sessions."""
        return [event for connection in self.connections for event in connection.received]

    async def until(self, kind: str, timeout_s: float = 15.0) -> None:
        """Waits for the next server event of a type. Raises TimeoutError."""
        number = self._tally.all[kind]
        async with asyncio.timeout(timeout_s):
            while self._tally.all[kind] == number:
                self._sent.clear()
                await self._sent.wait()

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        await asyncio.sleep(_HANDSHAKE * self.pace.rtt_ms / 1000)
        if self.refusals.count:
            self.refusals.count -= 1
            raise _refusal(self.refusals.status)
        asked = access(request)
        if self.keys and asked.key not in self.keys:
            self.refused.append(asked)
            return await _turn_away(request, asked)
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(len(self.connections), asked)
        self.connections.append(connection)
        assert isinstance(request.transport, asyncio.Transport)
        wire = Wire(socket, request.transport, self.pace.rtt_ms / 2000)

        def send(event: Event) -> None:
            due = self._due(event)
            for fault in due:
                suffer(fault, event)
            if any(fault.what == "drop" for fault in due):
                return
            if self._keep:
                connection.sent.append(event)
            if event["type"] != "response.output_audio.delta":
                self._watch(event)
            if (written := asked.dialect.write(event)) is not None:
                wire.put(json.dumps(written))

        def suffer(fault: Fault, event: Event) -> None:
            if fault.what != "error":
                wire.suffer(fault, _spoilt(event))
                return
            send(error_event(fault.error))
            error = ERRORS[fault.error]
            if error.close:
                wire.close(error.close, error.reason)

        connection.cut = wire.cut
        connection.suffer = lambda fault: suffer(fault, {"type": fault.at})
        session = Session(
            asked.model,
            connection.number,
            send,
            play=self.play,
            pace=self.pace,
            refusals=self.refusals,
            transcribe=self.transcribe,
            hearing=self._hearing,
            replies=self._replies,
        )
        connection.session = session
        tasks = [
            asyncio.ensure_future(wire.run()),
            asyncio.ensure_future(self._read(socket, wire, connection, session)),
            asyncio.ensure_future(wire.gone.wait()),
        ]
        session.begin()
        expiry = asyncio.get_running_loop().call_later(
            self.pace.session_s, connection.suffer, Fault("", "error", error="session_expired")
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            connection.open = False
            expiry.cancel()
            for task in tasks:
                task.cancel()
            await session.close()
        return socket

    async def _read(self, socket: web.WebSocketResponse, wire: Wire, connection: Connection, session: Session) -> None:
        late = collections.deque[tuple[float, Event]]()
        arrived = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def act() -> None:
            while True:
                await arrived.wait()
                while late:
                    due, event = late[0]
                    if (wait_s := due - loop.time()) > 0:
                        await asyncio.sleep(wait_s)
                    late.popleft()
                    await session.take(event)
                arrived.clear()

        acting = asyncio.ensure_future(act())
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                if wire.deaf:
                    await asyncio.Event().wait()
                raw = json.loads(message.data)
                try:
                    event = connection.access.dialect.read(raw)
                except ProtocolError as error:
                    session.refuse(error, raw.get("event_id"))
                    continue
                if event.get("type") == "input_audio_buffer.append":
                    if self._keep:
                        connection.appended.append(event["audio"])
                else:
                    self._watch(event)
                    if self._keep:
                        connection.received.append(event)
                late.append((loop.time() + self.pace.rtt_ms / 2000, event))
                arrived.set()
        finally:
            acting.cancel()

    def _due(self, event: Event) -> list[Fault]:
        names = {(name.at, name.nth, name.reply) for name in self._tally.count(event)}
        self._sent.set()
        due = [fault for fault in self.faults if (fault.at, fault.nth, fault.reply) in names]
        for fault in due:
            self.faults.remove(fault)
        return due


def _spoilt(due: Event) -> dict[What, str]:
    return {
        "garbage": GARBAGE,
        "untyped": '{"event_id": "event_x"}',
        "malformed": json.dumps({"type": due["type"]}),
        "unknown": json.dumps({"type": "response.dreamt", "event_id": "event_x", "dream": {"deep": True}}),
    }


def text(item: Event) -> str:
    """What a message says, spoken or written."""
    return " ".join(str(part.get("transcript") or part.get("text") or "") for part in item["content"])


async def _turn_away(request: web.Request, asked: Access) -> web.WebSocketResponse:
    """Azure refuses the handshake. OpenAI takes it, says what is wrong, and hangs up."""
    if asked.service == "azure":
        raise _refusal(401)
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    error = ERRORS["invalid_api_key"]
    await socket.send_json(error_event("invalid_api_key"))
    await socket.close(code=error.close or 0, message=error.reason.encode())
    return socket


def _refusal(status: int) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPException]] = {
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        429: web.HTTPTooManyRequests,
        500: web.HTTPInternalServerError,
        503: web.HTTPServiceUnavailable,
    }
    return kinds[status](text=json.dumps({"error": {"message": "scripted", "code": str(status)}}))
