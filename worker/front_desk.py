"""The front desk, over HTTP: the page, tokens to join, health, metrics, and the calls' journals."""

import asyncio
import hmac
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import prometheus_client
from aiohttp import web
from livekit import api
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.spec import TeamSpec
from worker.background import background
from worker.desk import grants
from worker.desk.headers import security_headers
from worker.desk.origins import Origins
from worker.desk.rate_limit import RateLimit, caller_address
from worker.journal.files import Folder
from worker.journal.store import Store
from worker.parts import PortError, ready, until_told
from worker.settings import AGENT_NAME, Settings
from worker.waiting_line import WaitingLine
from worker.watcher import Watcher

logger = logging.getLogger(__name__)

PAGE = Path(__file__).parent.parent / "web-demo" / "dist"
_BODY_LIMIT = 16 * 1024
_JOINS_A_MINUTE = 30  # of one address
_GUESSES_A_MINUTE = 10  # of the admin token, of one address
_ROOM_NAME = 16  # letters at least: who knows a room's name may join it
_TOKEN_S = 600  # to join with; who is in the room stays
_JOINS = prometheus_client.Counter("baton_joins_total", "Tokens given out.")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DeskError(Exception):
    """The front desk cannot open; the message says why."""


class JoinRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="", max_length=80)
    room: str = Field(default="", max_length=64, pattern=rf"^([A-Za-z0-9_-]{{{_ROOM_NAME},}})?$")

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("a name has no control characters")
        return name.strip()


class FrontDesk:
    """`team` is None where its file cannot be read. If it was named, its calls are for workers of that team alone."""

    def __init__(self, settings: Settings, store: Store, team: TeamSpec | None) -> None:
        self._settings, self._store = settings, store
        self._sources = grants.sources(team)
        self._for = {"team": team.team} if team and "team" in settings.model_fields_set else {}
        self._livekit = api.LiveKitAPI(
            settings.livekit_url.replace("ws", "http", 1),
            settings.livekit_api_key,
            settings.livekit_api_secret.get_secret_value(),
        )
        self._origins = Origins(settings.other_origins)
        self._headers = security_headers(settings.livekit_url, self._origins)
        self._joins, self._guesses = RateLimit(_JOINS_A_MINUTE), RateLimit(_GUESSES_A_MINUTE)
        self._line = WaitingLine(store, self._livekit, team.team if team else "")

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_BODY_LIMIT, middlewares=[self._guard])
        app.router.add_post("/api/join", self._join)
        app.router.add_options("/api/join", self._may_join)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/api/calls", self._calls)
        app.router.add_get("/api/calls/{id}", self._call)
        app.router.add_get("/api/calls/{id}/events", self._follow)
        app.router.add_get("/api/calls/{id}/recording", self._recording)
        app.router.add_get("/", self._page)
        app.router.add_get("/embed.js", self._embed)
        if (PAGE / "assets").is_dir():
            app.router.add_static("/assets", PAGE / "assets")
        return app

    def watcher(self) -> Watcher:
        """Finds another worker for calls whose own is gone."""
        return Watcher(self._store, self._livekit)

    def waiting_line(self) -> WaitingLine:
        """Offers those again whom nobody has taken."""
        return self._line

    async def close(self) -> None:
        await self._livekit.aclose()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Headers for every answer, and errors in words."""
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            if refusal.status < 400:
                raise
            response = _refuse(refusal.status, refusal.reason, "See the README for the paths there are.")
        if not response.prepared:
            if request.path.startswith("/assets/") and response.status == 200:
                response.headers["Cache-Control"] = (
                    "public, max-age=31536000, immutable"  # their names change with them
                )
            for name, value in self._headers.items():
                response.headers.setdefault(name, value)
            if request.path == "/api/join":
                self._tell_other_pages(request, response)
        return response

    def _tell_other_pages(self, request: web.Request, response: web.StreamResponse) -> None:
        """A browser lets a page of another site read an answer only where this says so."""
        response.headers["Vary"] = "Origin"
        if self._origins.other(origin := request.headers.get("Origin")):
            response.headers["Access-Control-Allow-Origin"] = origin or ""

    async def _may_join(self, request: web.Request) -> web.Response:
        """What a browser asks before a page of another site sends JSON."""
        if not self._origins.other(request.headers.get("Origin")):
            return _refuse(403, "This page may not join calls here.", "BATON_ORIGINS names those that may.")
        allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
        return web.Response(status=204, headers={**allowed, "Access-Control-Max-Age": "600"})

    async def _join(self, request: web.Request) -> web.Response:
        if not self._origins.welcome(request.headers.get("Origin"), request.host):
            return _refuse(403, "This page may not join calls here.", "BATON_ORIGINS names the other sites that may.")
        if request.content_type != "application/json":
            return _refuse(415, "JSON is expected.", "Send Content-Type: application/json.")
        if "Authorization" in request.headers:
            self._admin(request)  # a server that asks for its visitors, all from one address
        elif not self._has_share(request):
            return _refuse(429, "Too many calls from this address.", "Wait a minute, then try again.")
        try:
            wanted = JoinRequest.model_validate_json(await request.read())
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "body"
            return _refuse(400, f"{where}: {fault['msg']}.", "`name` has 80 characters at most, `room` 16 to 64.")
        call, room = f"call-{secrets.token_hex(8)}", wanted.room or f"room-{secrets.token_urlsafe(12)}"
        job = json.dumps({"call": call, **self._for})
        identity = f"caller-{secrets.token_hex(6)}"
        at_once = self._line.expect(room, job, identity, _TOKEN_S)
        _JOINS.inc()
        token = self._token(room, job, identity, wanted.name, at_once=at_once)
        return web.json_response({"url": self._settings.livekit_url, "token": token, "room": room, "call": call})

    def _token(self, room: str, job: str, identity: str, name: str, *, at_once: bool) -> str:
        """For this room, to be heard and to write in it, and to be seen if the team looks; to nothing else.

        `job`: what workers are told of the call; `at_once`: LiveKit offers it to them when its caller comes.
        """
        granted = api.VideoGrants(
            room_join=True,
            room=room,
            can_publish=True,
            can_publish_sources=self._sources,
            can_publish_data=True,
            can_subscribe=True,
            can_update_own_metadata=False,
        )
        agents = [api.RoomAgentDispatch(agent_name=AGENT_NAME, metadata=job)] if at_once else []
        token = api.AccessToken(self._settings.livekit_api_key, self._settings.livekit_api_secret.get_secret_value())
        return (
            token.with_identity(identity)
            .with_name(name or "Caller")
            .with_grants(granted)
            .with_room_config(api.RoomConfiguration(agents=agents, metadata=job))
            .with_ttl(timedelta(seconds=_TOKEN_S))
            .to_jwt()
        )

    def _has_share(self, request: web.Request) -> bool:
        """Whether this address may join once more; it has, then."""
        address, now = self._address(request), asyncio.get_running_loop().time()
        if self._joins.reached(address, now):
            return False
        self._joins.count(address, now)
        return True

    def _address(self, request: web.Request) -> str:
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        return caller_address(request.remote or "", forwarded, self._settings.proxies)

    async def check_livekit(self) -> None:
        """Raises DeskError when LiveKit is away or refuses our keys."""
        try:
            await self._livekit.room.list_rooms(api.ListRoomsRequest())
        except (api.TwirpError, OSError) as error:
            raise DeskError(
                f"LiveKit at {self._settings.livekit_url} is away, or refuses our keys: {error}. Check LIVEKIT_*."
            ) from error

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, _: web.Request) -> web.Response:
        """Whether LiveKit answers, with our keys."""
        try:
            await self.check_livekit()
        except DeskError as error:
            return _refuse(503, str(error), "Check LIVEKIT_URL and its keys.")
        return web.json_response({"status": "ready"})

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=prometheus_client.generate_latest(), content_type="text/plain")

    async def _page(self, _: web.Request) -> web.StreamResponse:
        if not (PAGE / "index.html").exists():
            return _refuse(503, "The page is not built.", "Run `make install`.")
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    async def _embed(self, _: web.Request) -> web.StreamResponse:
        """The script that other sites load; whether their visitors get in is decided later."""
        if not (PAGE / "embed.js").exists():
            return _refuse(503, "The page is not built.", "Run `make install`.")
        headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}
        return web.FileResponse(PAGE / "embed.js", headers=headers)

    async def _calls(self, request: web.Request) -> web.Response:
        self._admin(request)
        return web.json_response(await self._store.calls(), dumps=_dumps)

    async def _call(self, request: web.Request) -> web.Response:
        self._admin(request)
        events = await self._store.events(request.match_info["id"])
        if not events:
            return _refuse(404, "There is no such call.", "GET /api/calls lists those there are.")
        return web.json_response([event.model_dump(mode="json") for event in events])

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        """What was said, as sound, as far as it is written."""
        self._admin(request)
        call = request.match_info["id"]
        parts = await asyncio.to_thread(Folder(self._settings.files).recordings, call)
        part = request.query.get("part", "1")
        if part not in map(str, range(1, len(parts) + 1)):
            hint = "GET /api/calls/{id} tells whether it was recorded, and in how many parts."
            return _refuse(404, "There is no such recording.", hint)
        named = {"Content-Disposition": f'attachment; filename="{call}.ogg"', "Cache-Control": "no-store"}
        return web.FileResponse(parts[int(part) - 1], headers={"Content-Type": "audio/ogg", **named})

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the journal so far, then as it grows, until the call ends."""
        self._admin(request)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        seen = 0
        while True:
            for event in await self._store.events(request.match_info["id"], after=seen):
                seen += 1
                await stream.write(f"id: {seen}\ndata: {event.model_dump_json()}\n\n".encode())
                if event.type == "call.ended":
                    return stream
            await asyncio.sleep(0.5)  # the journal's writer is another process

    def _admin(self, request: web.Request) -> None:
        """Raises 401 for whoever has not got the admin token, 429 who guesses it; without one set, nobody has it."""
        address, now = self._address(request), asyncio.get_running_loop().time()
        if self._guesses.reached(address, now):
            raise web.HTTPTooManyRequests(reason="Too many wrong admin tokens from this address. Wait a minute.")
        token = self._settings.admin_token.get_secret_value()
        given = re.sub(r"^Bearer ", "", request.headers.get("Authorization", ""))
        if not token or not hmac.compare_digest(given.encode(errors="surrogateescape"), token.encode()):
            if given:
                self._guesses.count(address, now)
            raise web.HTTPUnauthorized(
                reason="The admin token is needed: BATON_ADMIN_TOKEN, as `Authorization: Bearer`."
            )


async def run(settings: Settings) -> None:
    """Serves on 127.0.0.1 until told to stop. Raises SettingsError, DeskError, PortError and StoreError."""
    settings.need_livekit()
    store = Store(settings.database_url)
    await store.open()
    desk = FrontDesk(settings, store, await asyncio.to_thread(grants.read, settings.team))
    runner = web.AppRunner(desk.app(), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", settings.http_port).start()
        except OSError as error:
            raise PortError(settings.http_port, error, "BATON_HTTP_PORT") from error
        await desk.check_livekit()
        ready(f"http://127.0.0.1:{settings.http_port}")
        async with background(desk.watcher().run(), desk.waiting_line().run()):
            await until_told()
    finally:
        await runner.cleanup()
        await desk.close()
        await store.close()


def _refuse(status: int, error: str, hint: str) -> web.Response:
    return web.json_response({"error": error, "hint": hint}, status=status)


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str)
