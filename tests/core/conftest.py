"""A LiveKit server and a worker, once for all tests of the core; a scripted provider for each."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import sqlalchemy
import yaml

from bench.caller import Caller
from bench.tones import ALFA, BRAVO, CHARLIE, spoken
from tests.core.forked import FORKS, Forked, Running
from tests.free_ports import free_port, with_free_ports
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, Pace
from tests.simulators.openai_realtime.server import Provider
from worker.livekit_server import read_config
from worker.talk import join

ROOT = Path(__file__).parents[2]
WORDS = {300: "chat", 350: "second", 400: "move", 450: "tool", 500: "long", 550: "okay", 600: "third", 650: "charlie"}
BATON = ("-c", "from worker.cli import main; main()")
PITCHES = {word: hz for hz, word in WORDS.items()}
AGENTS = {ALFA: "alfa", BRAVO: "bravo", CHARLIE: "charlie"}  # by their pitch


@dataclass(frozen=True)
class House:
    """A running LiveKit server, and workers that expect the provider on `provider_port`."""

    folder: Path
    environment: dict[str, str]
    provider_port: int
    program: Sequence[str] = BATON
    begun: list[tuple[str, Running]] = field(default_factory=list)  # which part, in order

    @cached_property
    def database(self) -> sqlalchemy.Engine:
        """The journal's."""
        return sqlalchemy.create_engine(f"sqlite:///{self.folder}/.baton/baton.db")

    def share_announcements(self) -> None:
        """Each is made once, not once for each house: a file is named after all that it depends on."""
        (shared := Path(self.environment["BATON_CACHE"]) / "announcements").mkdir(parents=True, exist_ok=True)
        (mine := self.folder / ".baton").mkdir()
        (mine / "announcements").symlink_to(shared)

    def start(self, *arguments: str, program: Sequence[str] | None = None, **settings: str) -> Running:
        """A part of Baton, ready."""
        return self.begin(*arguments, program=program, **settings).ready()

    def begin(self, *arguments: str, program: Sequence[str] | None = None, **settings: str) -> "Starting":
        """The same, which may not be ready yet: several start at once."""
        log = self.folder / f"{arguments[0]}-{secrets.token_hex(2)}.log"
        log.touch()
        command, environment = [*(program or self.program), *arguments], {**self.environment, **settings}
        process: Running = (
            Forked(command, self.folder, environment, log)
            if FORKS
            else _started(command, self.folder, environment, log)
        )
        self.begun.append((arguments[0], process))
        return Starting(process, log)

    def does(self, *arguments: str) -> tuple[int, str]:
        """A command that ends: its exit code, and what was printed."""
        command = [*self.program, *arguments]
        if FORKS:
            run = Forked(command, self.folder, self.environment)
            assert run.stdout
            told = run.stdout.read()
            return run.wait(), told
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def workers(self) -> list[psutil.Process]:
        """Those that run."""
        return [psutil.Process(part.pid) for name, part in self.begun if name == "worker" and part.poll() is None]

    def worker(self, places: int, program: Sequence[str] | None = None) -> "Starting":
        ours = {"BATON_MAX_CALLS": str(places), "BATON_WORKER_HTTP_PORT": str(free_port())}
        return self.begin("worker", program=program, **ours)


def _started(command: Sequence[str], folder: Path, environment: dict[str, str], log: Path) -> "subprocess.Popen[str]":
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=output, text=True
        )


@dataclass(frozen=True)
class Starting:
    """A part that was begun."""

    process: Running
    log: Path

    def ready(self) -> Running:
        assert self.process.stdout
        if not self.process.stdout.readline().startswith("ready"):
            self.process.kill()
            pytest.fail(f"{self.log.name} is not ready: {self.log.read_text()[-3000:]}")
        return self.process


@dataclass(frozen=True)
class Stage:
    """One test's provider, and callers for it."""

    house: House
    provider: Provider

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """Joins a room of their own, by the front desk."""
        joined = await join(f"http://127.0.0.1:{self.house.environment['BATON_HTTP_PORT']}")
        async with Caller(joined["url"], joined["token"], joined["room"]) as caller:
            yield caller

    async def greeted(self, caller: Caller) -> None:
        """Waits until the first agent has said its greeting to the end, and is silent."""
        await self._answered(caller, ALFA, 0.0, 0)

    async def turn(self, caller: Caller, word: str, agent: int = ALFA) -> float:
        """Says a word, and waits until an agent has answered to the end, and is silent. Returns when that began.

        Heard in the room, and whole as the journal says: who goes by silence alone takes a process that stalls for it.
        """
        before = self._whole(caller.room, agent)
        return await self._answered(caller, agent, await caller.say(PITCHES[word], 400), before)

    async def _answered(self, caller: Caller, agent: int, since: float, before: int) -> float:
        heard = await caller.voice(agent, since)
        await self._written(caller.room, 30, lambda _: self._whole(caller.room, agent) > before)
        await caller.silence(heard)
        return heard

    def _whole(self, room: str, agent: int) -> int:
        """How many replies of an agent nobody broke into."""
        said = [event for event in self.journal(room) if event["type"] == "agent.said" and not event["interrupted"]]
        return sum(event["agent"] == AGENTS[agent] for event in said)

    async def ended(self, room: str) -> list[dict[str, Any]]:
        """The events of a call, when the worker, a process of its own, has written the last. Raises TimeoutError."""
        return await self._written(room, 15, lambda events: events[-1]["type"] == "call.ended")

    async def said(self, room: str, words: str) -> None:
        """Waits until an agent has been heard to say these words. Raises TimeoutError.

        Two replies in a row need not be apart, and then silence tells nothing.
        """

        def heard(events: list[dict[str, Any]]) -> bool:
            return any(event["type"] == "agent.said" and words in event["text"] for event in events)

        await self._written(room, 30, heard)

    async def _written(
        self, room: str, timeout_s: float, wanted: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        async with asyncio.timeout(timeout_s):
            while not (events := self.journal(room)) or not wanted(events):  # noqa: ASYNC110 - a journal tells nobody
                await asyncio.sleep(0.1)
        return events

    def journal(self, room: str) -> list[dict[str, Any]]:
        """The events of the call in a room so far, in order."""
        query = "SELECT body FROM journal_events JOIN journal_calls ON id = call WHERE room = :room ORDER BY number"
        with self.house.database.connect() as connection:
            rows = connection.execute(sqlalchemy.text(query), {"room": room}).scalars()
            return [json.loads(row) for row in rows]


def agent_of(asked: Asked) -> str:
    """Who is asked, in capitals."""
    return next(name for name in ("ALFA", "BRAVO", "CHARLIE") if name in asked.instructions)


def transcribe(pcm: bytes) -> str:
    return WORDS.get(spoken(np.frombuffer(pcm, "<i2"), SAMPLE_RATE) or 0, "")


@pytest.fixture(scope="session")
def core_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_with([20], tmp_path_factory.mktemp("core")) as house:
        yield house


@contextmanager
def house_with(
    places: Sequence[int],
    folder: Path,
    program: Sequence[str] = BATON,
    worker: Sequence[str] | None = None,
    **settings: str,
) -> Iterator[House]:
    """A LiveKit server, and a worker with so many places for each entry; `settings` besides the usual.

    `program`: how a process of Python's becomes one of ours; `worker`, if that is another for the workers.
    """
    config = with_free_ports(read_config(ROOT / "livekit.yaml"))
    (folder / "livekit.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("BATON_", "LIVEKIT_", "OPENAI_", "GOOGLE_"))
    }
    environment = {
        **inherited,
        "BATON_CACHE": os.environ.get("BATON_CACHE", str(ROOT / ".cache")),
        "BATON_TEAM": str(ROOT / "tests/core/team.yaml"),
        "BATON_MODEL": "openai",
        "BATON_HTTP_PORT": str(free_port()),
        "LIVEKIT_URL": f"ws://127.0.0.1:{config['port']}",
        "LIVEKIT_API_KEY": "APIcore",
        "LIVEKIT_API_SECRET": secrets.token_hex(24),
        "OPENAI_API_KEY": "scripted",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        **settings,
    }
    house = House(folder, environment, port, program)
    house.share_announcements()
    parts = [house.start("livekit")]
    try:
        starting = [*(house.worker(count, worker) for count in places), house.begin("desk")]
        parts += [one.process for one in starting]
        for one in starting:
            one.ready()
        yield house
    finally:  # else a test that fails leaves them running
        for part in reversed(parts):
            part.terminate()
            part.wait(30)
    assert [part.returncode for part in parts] == [0] * len(parts)
    for log in sorted(folder.glob("worker*.log")):
        assert "ERROR worker" not in log.read_text(), f"{log.name}:\n{log.read_text()[-4000:]}"


@pytest.fixture
async def stage(core_house: House) -> AsyncIterator[Stage]:
    """`stage.provider.play` is the test's to set."""
    provider = Provider(lambda _: [], pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(core_house.provider_port):
        yield Stage(core_house, provider)
