"""A server that speaks Gemini Live on loopback, on both of its APIs, from a script, with faults on demand.

async with Provider(play).serve() as provider: ... genai.Client(http_options=provider.http_options())
"""

import asyncio
import collections
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from google.genai.types import HttpOptions

from tests.simulators import tls
from tests.simulators.gemini_live import messages
from tests.simulators.gemini_live.messages import Closed, Message
from tests.simulators.gemini_live.session import Resumable, Session, words
from tests.simulators.openai_realtime.moments import Moment
from tests.simulators.openai_realtime.script import Fault, Pace, Refusals, Script, What
from tests.simulators.wire import GARBAGE, Wire

_GEMINI = re.compile(r"/+ws/google\.ai\.generativelanguage\.\w+\.GenerativeService\.BidiGenerateContent")
_VERTEX = re.compile(r"/+ws/google\.cloud\.aiplatform\.\w+\.LlmBidiService/BidiGenerateContent")
_SPOILT: dict[What, str] = {
    "garbage": GARBAGE,
    "untyped": "{}",
    "malformed": '{"serverContent": {"modelTurn": "no content"}}',
    "unknown": '{"dreamUpdate": {"deep": true}}',
}


@dataclass(slots=True)
class Connection:
    """What went over one socket. `audio`: all the caller's PCM16 that arrived, in order, at `session.sample_rate`."""

    number: int
    session: Session
    key: str  # the API key, or the authorization, that the client showed
    cut: Callable[[], None]  # the socket is gone at once, without a closing frame
    suffer: Callable[[Fault], None]  # it happens now, whatever its `at`
    hang_up: Callable[[Closed], None]
    broken: Callable[[Exception], None]
    sent: list[Message] = field(default_factory=list)
    received: list[Message] = field(default_factory=list)  # in camelCase, without audio and images
    audio: bytearray = field(default_factory=bytearray)
    images: list[bytes] = field(default_factory=list)


class Provider:
    """Every session plays the same script; `faults` count their events over all sessions, in the order of sending.

    An event is named by what the message holds: `setupComplete`, `toolCall`, `goAway` … and, within `serverContent`,
    `modelTurn`, `turnComplete`, `interrupted` … A fault's `reply` and `error` are not for this service: it numbers no
    replies, and has no message for an error.
    """

    def __init__(
        self,
        play: Script,
        *,
        pace: Pace | None = None,
        transcribe: Callable[[bytes], str | None] = lambda _: "hello",
        keep_events: bool = True,
        watch: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """`watch` sees each message of either side, but not audio, when it is sent or arrives."""
        self.play, self.pace, self.transcribe, self._watch = play, pace or Pace(), transcribe, watch
        self.faults: list[Fault] = []
        self.refusals = Refusals()
        self.connections: list[Connection] = []
        self.url = ""
        self._keep = keep_events
        self._seen = collections.Counter[str]()
        self._sent = asyncio.Event()
        self._replies = itertools.count()
        self._handles: dict[str, Resumable] = {}
        self._errors: list[Exception] = []

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator["Provider"]:
        """Raises at its end what the script raised, or the simulator itself."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._connect)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls.server_context())
        await site.start()
        self.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()
        if self._errors:
            raise self._errors[0]

    def http_options(self) -> HttpOptions:
        """What a client needs to find and to trust this server. One for each: LiveKit's plugin writes into it."""
        trusted = tls.client_context()
        return HttpOptions(
            base_url=self.url, client_args={"verify": trusted}, async_client_args={"ssl": trusted, "verify": trusted}
        )

    def strike(self, moment: Moment, what: What, **more: Any) -> None:
        """Sets a fault at a moment, counted from now; `more` as Fault has it."""
        self.faults.append(Fault(moment.at, what, moment.nth + self._seen[moment.at], **more))

    def contents(self) -> Sequence[Message]:
        """What the model of the newest session remembers."""
        return self.connections[-1].session.memory.contents if self.connections else []

    def words(self) -> list[str]:
        """What that model has heard the caller say."""
        return words(self.contents())

    def received(self) -> list[Message]:
        """Client messages but audio, over all sessions."""
        return [message for connection in self.connections for message in connection.received]

    async def until(self, kind: str, timeout_s: float = 15.0) -> None:
        """Waits for the next event of a kind to be sent. Raises TimeoutError."""
        number = self._seen[kind]
        async with asyncio.timeout(timeout_s):
            while self._seen[kind] == number:
                self._sent.clear()
                await self._sent.wait()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        vertex = bool(_VERTEX.fullmatch(request.path))
        if not vertex and not _GEMINI.fullmatch(request.path):
            raise web.HTTPNotFound
        socket = web.WebSocketResponse(max_msg_size=0)
        if self.refusals.count:
            self.refusals.count -= 1
            return web.Response(status=self.refusals.status)
        await socket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        wire = Wire(socket, request.transport, self.pace.rtt_ms / 2000, binary=True)

        def send(message: Message) -> None:
            kind = messages.name(message)
            due = self._due(kind)
            for fault in due:
                connection.suffer(fault)
            if wire.mute or any(fault.what == "drop" for fault in due):
                return
            if self._keep:
                connection.sent.append(message)
            if kind != "modelTurn":
                self._watch(message)
            wire.put(json.dumps(message))

        def suffer(fault: Fault) -> None:
            wire.suffer(fault, _SPOILT)
            if fault.what == "go_away":
                session.go_away(fault.left_ms / 1000)

        def hang_up(closed: Closed) -> None:
            wire.close(closed.code, closed.reason)

        def broken(error: Exception) -> None:
            self._errors.append(error)
            wire.close(1011, "the simulator is broken")

        session = Session(
            len(self.connections),
            send,
            vertex=vertex,
            play=self.play,
            pace=self.pace,
            refusals=self.refusals,
            transcribe=self.transcribe,
            replies=self._replies,
            handles=self._handles,
            in_use=lambda: not (socket.closed or wire.gone.is_set()),
            hang_up=hang_up,
            broken=broken,
        )
        key = request.headers.get("x-goog-api-key", request.headers.get("Authorization", ""))
        connection = Connection(len(self.connections), session, key, wire.cut, suffer, hang_up, broken)
        self.connections.append(connection)
        tasks = [
            asyncio.ensure_future(wire.run()),
            asyncio.ensure_future(self._read(socket, wire, connection)),
            asyncio.ensure_future(wire.gone.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await session.close()
        return socket

    async def _read(self, socket: web.WebSocketResponse, wire: Wire, connection: Connection) -> None:
        late = asyncio.Queue[tuple[float, Message]]()
        loop = asyncio.get_running_loop()

        async def act() -> None:
            try:
                while True:
                    due, message = await late.get()
                    await asyncio.sleep(max(0.0, due - loop.time()))
                    await connection.session.take(message)
            except Closed as closed:
                connection.hang_up(closed)
            except Exception as error:
                connection.broken(error)

        acting = asyncio.ensure_future(act())
        try:
            async for frame in socket:
                if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    continue
                if wire.deaf:
                    await asyncio.Event().wait()
                try:
                    message = messages.parse(frame.data)
                    self._note(message, connection)
                except Closed as closed:
                    connection.hang_up(closed)
                else:
                    late.put_nowait((loop.time() + self.pace.rtt_ms / 2000, message))
        finally:
            acting.cancel()

    def _note(self, message: Message, connection: Connection) -> None:
        media = message.get("realtimeInput") or {}
        if "audio" not in media and "video" not in media:
            self._watch(message)
        if not self._keep:
            return
        if "audio" in media:
            connection.audio += messages.blob(media["audio"])
        elif "video" in media:
            connection.images.append(messages.blob(media["video"]))
        else:
            connection.received.append(message)

    def _due(self, kind: str) -> list[Fault]:
        number = self._seen[kind]
        self._seen[kind] += 1
        self._sent.set()
        due = [fault for fault in self.faults if fault.at == kind and fault.nth == number]
        for fault in due:
            self.faults.remove(fault)
        return due
