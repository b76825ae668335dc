"""Everything on this machine, one process a part: started in order, stopped together."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agents.team_file import read_team
from worker import keys, livekit_server
from worker.line.endpoint import choose_endpoints
from worker.parts import CHILD, READY, need_port, until_told
from worker.settings import STATE_FOLDER, Settings
from worker.team.text_models import choose_text_models

_READY_S = 60.0
_STOP_S = 10.0


class PartError(Exception):
    """A part did not start, or died; the message says which, and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of `baton up`, and where it writes."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def failure(self, what: str) -> PartError:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()][-5:]
        shown = "".join(f"\n    {line[:300]}" for line in lines)
        return PartError(f"{self.name} {what}. The end of {self.log}:{shown}")


async def run(settings: Settings) -> None:
    """Starts all, tells the address, and stops all at Ctrl-C, TERM, or when one dies.

    Raises PartError, PortError and the like.
    """
    team = read_team(settings.team)
    endpoints = choose_endpoints(settings, team)
    text_models = choose_text_models(settings, team).values()
    local = "local" in {*(one.profile.provider for one in endpoints.each), *(model.provider for model in text_models)}
    local = local or team.needs_embedded_model
    own_livekit = not settings.livekit_url
    environment = {**os.environ, CHILD: "1", "PYTHONUNBUFFERED": "1", "BATON_TEAM": str(settings.team)}
    if own_livekit:
        config = livekit_server.read_config()
        key, secret = keys.machine_keys(STATE_FOLDER)
        environment |= {"LIVEKIT_URL": f"ws://127.0.0.1:{config['port']}"}
        environment |= {"LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret}
    _check_ports(settings, local=local, own_livekit=own_livekit)

    names = [*(["livekit"] if own_livekit else []), *(["model"] if local else []), "worker", "desk"]
    async with AsyncExitStack() as stack:
        stopping = asyncio.ensure_future(until_told())
        stack.callback(stopping.cancel)
        parts: list[Part] = []
        stack.push_async_callback(_stop, parts)
        for name in names:
            parts.append(await _start(name, environment))
        starting = asyncio.ensure_future(_all_ready(parts))
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            starting.cancel()
            return
        await starting
        print(f"\nBaton is ready: http://127.0.0.1:{settings.http_port}", flush=True)
        model = f"model {endpoints.told(team.start)} ({endpoints.why})"
        print(f"Team {team.team}, {model}. Ctrl-C stops everything.", flush=True)
        await _watch(parts, environment, stopping)
        print("Stopping.", flush=True)


async def _watch(parts: list[Part], environment: dict[str, str], stopping: asyncio.Future[Literal[True]]) -> None:
    """Until `stopping`. A worker that dies is started again, and goes on with its calls; without another part, all ends.

    Raises PartError.
    """
    again: asyncio.Future[None] | None = None
    while not stopping.done():
        deaths = {asyncio.ensure_future(part.process.wait()): part for part in parts}
        news: list[asyncio.Future[Any]] = [*deaths, stopping, *([again] if again else [])]
        await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
        dead = next((part for death, part in deaths.items() if death.done()), None)
        for death in deaths:
            death.cancel()
        if again and again.done():
            again.result()
            again = None
        if dead and not stopping.done():
            what = f"has died (exit code {dead.process.returncode})"
            if dead.name != "worker" or again:
                raise dead.failure(f"{what}; everything else is stopped")
            print(f"{dead.name} {what}, and is started again. See {dead.log}.", flush=True)
            fresh = parts[parts.index(dead)] = await _start(dead.name, environment)
            again = asyncio.ensure_future(_ready(fresh))


async def _start(name: str, environment: dict[str, str]) -> Part:
    log = STATE_FOLDER / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".former.log"))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from worker.cli import main; main()",
            name,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            start_new_session=True,  # Ctrl-C comes to us alone, and we stop the parts in order
        )
    return Part(name, process, log)


async def _all_ready(parts: list[Part]) -> None:
    """Raises the first PartError there is, whichever part it comes from."""
    tasks = [asyncio.ensure_future(_ready(part)) for part in parts]
    try:
        for task in asyncio.as_completed(tasks):
            await task
    finally:
        for one in tasks:
            one.cancel()


async def _ready(part: Part) -> None:
    assert part.process.stdout
    try:
        async with asyncio.timeout(_READY_S):
            while line := await part.process.stdout.readline():
                if line.decode().startswith(READY):
                    return
    except TimeoutError:
        raise part.failure(f"was not ready in {_READY_S:.0f} s") from None
    await part.process.wait()
    raise part.failure("did not start")


async def _stop(parts: list[Part]) -> None:
    """The desk first, LiveKit last: nobody new comes in, calls end properly."""
    for part in reversed(parts):
        if part.process.returncode is None:
            part.process.terminate()
            try:
                async with asyncio.timeout(_STOP_S):
                    await part.process.wait()
            except TimeoutError:
                part.process.kill()
                await part.process.wait()


def _check_ports(settings: Settings, *, local: bool, own_livekit: bool) -> None:
    """Raises PortError, naming the setting, when a port is taken: before anything has started."""
    wanted = {"BATON_HTTP_PORT": settings.http_port, **settings.worker_ports}
    if local:
        wanted["BATON_LOCAL_MODEL_PORT"] = settings.local_model_port
    if own_livekit:
        wanted["port in livekit.yaml"] = int(str(livekit_server.read_config()["port"]))
    for setting, port in wanted.items():
        need_port(port, setting)
