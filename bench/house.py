"""What a benchmark runs in: a LiveKit server, the scripted provider and one worker at a time, each a process."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from livekit import api

from bench.caller import Caller
from tests.free_ports import free_port, with_free_ports
from worker.background import background
from worker.livekit_server import LiveKit, livekit_server, read_config
from worker.settings import AGENT_NAME

_READY_S = 60.0
WORKERS = ("baton", "AgentSession")
TEAM = Path(__file__).parent / "team.yaml"


class BenchError(Exception):
    """A process of the benchmark did not start; the message says which, and what it printed last."""


@dataclass(frozen=True, slots=True)
class Event:
    """`at`: monotonic seconds. `heard`: of a turn of the caller, the pitch of each 20 ms."""

    kind: str
    at: float
    heard: Sequence[int | None] = ()


@dataclass(slots=True)
class Provider:
    """The scripted provider. `events`: what it sent, got and did, in order; `azure`: its address as an Azure resource."""

    url: str
    azure: str
    process: asyncio.subprocess.Process
    events: list[Event] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def times(self, kind: str, since: float = 0.0) -> list[float]:
        return [event.at for event in self.events if event.kind == kind and event.at >= since]

    def turns(self, since: float) -> list[Sequence[int | None]]:
        """What was heard in each turn of the caller that has ended since: the pitch of each 20 ms."""
        return [event.heard for event in self.events if event.kind == "turn" and event.at >= since]

    async def until(self, kind: str, since: float, timeout_s: float = 30.0) -> float:
        """When there was such an event, at or after `since`. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not (times := self.times(kind, since)):
                self.news.clear()
                await self.news.wait()
        return times[0]

    async def order(self, what: str) -> float:
        """Has it do something, see `bench.provider`. Returns when it was done."""
        assert self.process.stdin
        since = time.monotonic()
        self.process.stdin.write(f"{what}\n".encode())
        return await self.until(what, since)

    async def read(self) -> None:
        """Keeps what it prints, until cancelled or its end."""
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            self.events.append(Event(told["type"], told["at"], told.get("heard", ())))
            self.news.set()


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker under test, its children included."""

    process: psutil.Process

    def cpu_s(self) -> float:
        """Seconds of one core, since it began."""
        spent = [one.cpu_times() for one in self._all()]
        return sum(one.user + one.system for one in spent)

    def memory_mb(self) -> float:
        """PSS (shared pages by their share) where the system tells it, else USS."""
        told = [one.memory_full_info() for one in self._all()]
        return sum(getattr(one, "pss", one.uss) for one in told) / 1e6

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@dataclass(frozen=True, slots=True)
class House:
    livekit: LiveKit
    folder: Path

    def caller(self) -> Caller:
        """A caller for a room of their own; `async with` joins."""
        room, livekit = f"bench-{secrets.token_hex(6)}", self.livekit
        dispatch = api.RoomConfiguration(agents=[api.RoomAgentDispatch(agent_name=AGENT_NAME)])
        token = api.AccessToken(livekit.api_key, livekit.api_secret).with_identity("caller").with_room_config(dispatch)
        return Caller(livekit.url, token.with_grants(api.VideoGrants(room_join=True, room=room)).to_jwt(), room)

    @asynccontextmanager
    async def provider(self, rtt_ms: int = 0, speed: float = 3.0) -> AsyncIterator[Provider]:
        """The scripted provider, `rtt_ms` of round trip away; it speaks at `speed`, in real time."""
        async with self._provider("bench.provider", str(rtt_ms), str(speed)) as provider:
            yield provider

    @asynccontextmanager
    async def listening_provider(self) -> AsyncIterator[Provider]:
        """One that hears voices, for `bench.turns`."""
        async with self._provider("bench.listening_provider") as provider:
            yield provider

    @asynccontextmanager
    async def _provider(self, module: str, *arguments: str) -> AsyncIterator[Provider]:
        async with _process(self.folder / "provider.log", "-m", module, *arguments) as (process, line):
            url, azure = line.split()
            provider = Provider(url, azure, process)
            async with background(provider.read()):
                yield provider

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[None]:
        """The front desk, which finds calls another worker."""
        arguments = ("-c", "from worker.cli import main; main()", "desk")
        settings = self._settings | {"BATON_HTTP_PORT": str(free_port())}
        async with _process(self.folder / "desk.log", *arguments, **settings):
            yield

    @property
    def _settings(self) -> dict[str, str]:
        return {
            "LIVEKIT_URL": self.livekit.url,
            "LIVEKIT_API_KEY": self.livekit.api_key,
            "LIVEKIT_API_SECRET": self.livekit.api_secret,
            "BATON_DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/bench.db",
        }

    @asynccontextmanager
    async def worker(
        self, name: str, provider: Provider, team: Path = TEAM, second: Provider | None = None
    ) -> AsyncIterator[Worker]:
        """`baton`: our worker; `short`: the same, its sessions; `guarded`: with a guard; `AgentSession`: the reference;
        `floor`: no model at all.

        `second` stands in for `provider`. Of the reference's team only the voices count.
        """
        arguments = {
            "baton": ("-c", "from worker.cli import main; main()", "worker"),
            "short": ("-m", "bench.short_sessions", "worker"),
            "guarded": ("-m", "bench.guarded", "worker"),
            "AgentSession": ("-m", "bench.reference"),
            "floor": ("-m", "bench.floor"),
        }[name]
        port = free_port()
        settings = self._settings | {
            "OPENAI_API_KEY": "scripted",
            "OPENAI_BASE_URL": provider.url,
            "BATON_MODEL": "openai",
            "BATON_TEAM": str(team),
            "BATON_WORKER_HTTP_PORT": str(port),
        }
        if second:
            settings |= {
                "BATON_MODEL": "openai,azure",
                "AZURE_OPENAI_ENDPOINT": second.azure,
                "AZURE_OPENAI_API_KEY": "scripted",
                "AZURE_OPENAI_DEPLOYMENT": "scripted",
            }
        async with _process(self.folder / f"{name}-{port}.log", *arguments, **settings) as (process, _):
            yield Worker(psutil.Process(process.pid))


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A LiveKit server on free ports; logs go to `folder`."""
    config = with_free_ports(read_config())
    secret = secrets.token_hex(24)
    async with livekit_server(config, "APIbench", secret, folder / "livekit.log") as (livekit, _):
        yield House(livekit, folder)


@asynccontextmanager
async def _process(
    log: Path, *arguments: str, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A Python process, and the first line it prints. Raises BenchError."""
    async with started(log, sys.executable, *arguments, settings=settings) as running:
        yield running


@asynccontextmanager
async def started(
    log: Path, program: str, *arguments: str, settings: Mapping[str, str], ready_s: float = _READY_S
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The same of any program."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            env={**os.environ, **settings},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    try:
        assert process.stdout
        began = time.monotonic()
        try:
            async with asyncio.timeout(ready_s):
                line = (await process.stdout.readline()).decode().strip()
        except TimeoutError:
            line = ""
        if not line:
            raise BenchError(f"{arguments[-1]} was not ready in {time.monotonic() - began:.0f} s; see {log}.")
        yield process, line
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
