"""What a benchmark runs in: a LiveKit server, the scripted provider and one worker at a time, each a process."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from livekit import api

from bench.caller import Caller
from worker.livekit_server import LiveKit, free_port, livekit_server, read_config, with_free_ports
from worker.settings import AGENT_NAME

_READY_S = 60.0
_TEAM = Path(__file__).parent / "team.yaml"


class BenchError(Exception):
    """A process of the benchmark did not start; the message says which, and what it printed last."""


@dataclass(slots=True)
class Provider:
    """The scripted provider. `events`: (type, monotonic seconds) of what it sent and got, in order."""

    url: str
    events: list[tuple[str, float]] = field(default_factory=list)

    def times(self, kind: str, since: float = 0.0) -> list[float]:
        return [at for known, at in self.events if known == kind and at >= since]


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
    async def provider(self, rtt_ms: int = 0) -> AsyncIterator[Provider]:
        """The scripted provider, `rtt_ms` of round trip away."""
        async with _process(self.folder / "provider.log", "-m", "bench.provider", str(rtt_ms)) as (process, line):
            provider = Provider(line)

            async def read() -> None:
                assert process.stdout
                while line := await process.stdout.readline():
                    event = json.loads(line)
                    provider.events.append((event["type"], event["at"]))

            reading = asyncio.ensure_future(read())
            try:
                yield provider
            finally:
                reading.cancel()

    @asynccontextmanager
    async def worker(self, name: str, provider: Provider) -> AsyncIterator[Worker]:
        """`baton`: our worker; `AgentSession`: the reference; `floor`: no model at all."""
        arguments = {
            "baton": ("-c", "from worker.cli import main; main()", "worker"),
            "AgentSession": ("-m", "bench.reference"),
            "floor": ("-m", "bench.floor"),
        }[name]
        settings = {
            "LIVEKIT_URL": self.livekit.url,
            "LIVEKIT_API_KEY": self.livekit.api_key,
            "LIVEKIT_API_SECRET": self.livekit.api_secret,
            "OPENAI_API_KEY": "scripted",
            "OPENAI_BASE_URL": provider.url,
            "BATON_MODEL": "openai",
            "BATON_TEAM": str(_TEAM),
            "BATON_DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/bench.db",
            "BATON_WORKER_HTTP_PORT": str(free_port()),
        }
        async with _process(self.folder / f"{name}.log", *arguments, **settings) as (process, _):
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
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    try:
        assert process.stdout
        began = time.monotonic()
        try:
            async with asyncio.timeout(_READY_S):
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
