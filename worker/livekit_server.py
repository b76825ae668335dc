"""A LiveKit server on this machine: where it is found, and how it runs."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import yaml

from worker.parts import ready, until_told
from worker.settings import STATE_FOLDER, Settings, SettingsError

CONFIG = Path("livekit.yaml")  # in the folder one starts from, or else the one that ships
_HOME = Path(__file__).parents[1]
_READY_S = 20.0


class LiveKitError(Exception):
    """There is no LiveKit server, it does not start, or it is out of reach; the message says what to do."""


@dataclass(frozen=True, slots=True)
class LiveKit:
    """How a server is reached."""

    url: str
    api_key: str
    api_secret: str


def find() -> Path:
    """The server's program. Raises LiveKitError."""
    named = os.environ.get("BATON_LIVEKIT_SERVER") or shutil.which("livekit-server")
    if named:
        return Path(named)
    cached = Path(os.environ.get("BATON_CACHE", _HOME / ".cache")) / "bin" / "livekit-server"
    if cached.exists():
        return cached
    raise LiveKitError("There is no LiveKit server. Run `make install`, or set LIVEKIT_URL to one that runs.")


def read_config(path: Path = CONFIG) -> dict[str, object]:
    """Raises SettingsError when the file cannot be read or is no mapping."""
    if path == CONFIG and not path.exists():
        path = _HOME / CONFIG
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: {error}") from error
    if not isinstance(config, dict):
        raise SettingsError(f"{path}: LiveKit's settings are a mapping.")
    return config


@asynccontextmanager
async def livekit_server(
    config: dict[str, object], api_key: str, api_secret: str, log: Path
) -> AsyncIterator[tuple[LiveKit, asyncio.subprocess.Process]]:
    """Runs a server until the body ends. Raises LiveKitError when it is not ready in 20 s."""
    with TemporaryDirectory(prefix="livekit-") as folder:
        file = Path(folder) / "livekit.yaml"
        file.touch(0o600)
        file.write_text(yaml.safe_dump({**config, "keys": {api_key: api_secret}}))
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                str(find()), "--config", str(file), stdout=output, stderr=output, start_new_session=True
            )
        try:
            await _ready(process, int(str(config["port"])), log)
            yield LiveKit(f"ws://127.0.0.1:{config['port']}", api_key, api_secret), process
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    async with asyncio.timeout(5):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def run(settings: Settings) -> None:
    """A server with this machine's settings and keys, until told to stop."""
    key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    log = STATE_FOLDER / "logs" / "livekit-server.log"
    told = asyncio.ensure_future(until_told())  # before there is a server that would be left behind
    async with livekit_server(read_config(), key, secret, log) as (server, process):
        ready(server.url)
        died = asyncio.ensure_future(process.wait())
        await asyncio.wait([told, died], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if died.done():
            raise LiveKitError(f"LiveKit has died, with exit code {process.returncode}; see {log}.")


def _end_of(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").strip().splitlines()[-3:])


async def _ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_S
    async with aiohttp.ClientSession() as session:
        while asyncio.get_running_loop().time() < deadline:
            if process.returncode is not None:
                raise LiveKitError(f"LiveKit does not start: {_end_of(log)}")
            try:
                async with session.get(f"http://127.0.0.1:{port}/") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise LiveKitError(f"LiveKit does not answer on port {port}; see {log}.")
