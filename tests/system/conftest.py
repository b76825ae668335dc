"""The whole of Baton as `baton up` starts it, on ports of its own, once for all system tests."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import yaml

from tests.free_ports import free_port, with_free_ports
from worker.caller import Caller, CallerError
from worker.livekit_server import read_config
from worker.local_model.ears import Ears
from worker.local_model.senses import Senses
from worker.local_model.server import load_senses
from worker.settings import Settings
from worker.talk import join

ROOT = Path(__file__).parents[2]
BATON = [str(Path(sys.executable).parent / "baton")]
READY_S = 90


@dataclass(frozen=True)
class House:
    """A running Baton. `environment` is what its processes were started with."""

    folder: Path
    environment: dict[str, str]
    desk: str
    process: subprocess.Popen[str]

    def read(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """Rows of the shop's and the journal's database."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(query), values)]

    def reset_shop(self, *numbers: int) -> None:
        """No returns, and deliveries as they were: of all orders, or of those named."""
        with self._engine.begin() as connection:
            for number in numbers or self._days:
                given = {"number": number, "day": self._days[number]}
                connection.execute(sqlalchemy.text("DELETE FROM returns WHERE order_number = :number"), given)
                change = "UPDATE orders SET delivery_day = :day, moved_by = NULL WHERE number = :number"
                connection.execute(sqlalchemy.text(change), given)

    def journal(self, room: str) -> list[dict[str, Any]]:
        """The events of the call in a room so far, in order."""
        query = "SELECT body FROM journal_events JOIN journal_calls ON id = call WHERE room = :room ORDER BY number"
        return [json.loads(str(body)) for (body,) in self.read(query, room=room)]

    async def until(self, room: str, wanted: Callable[[list[dict[str, Any]]], bool], what: str) -> list[dict[str, Any]]:
        """The events of the call in a room, when they are as `wanted`. Raises CallerError, naming `what`, if never."""
        try:
            async with asyncio.timeout(60):
                while not wanted(events := self.journal(room)):  # noqa: ASYNC110 - a journal tells nobody
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            types = " ".join(event["type"] for event in self.journal(room))
            raise CallerError(f"{what}: not in the journal, {types}") from error
        return events

    @cached_property
    def _engine(self) -> sqlalchemy.Engine:
        return sqlalchemy.create_engine(f"sqlite:///{self.folder}/.baton/baton.db")

    @cached_property
    def _days(self) -> dict[int, str]:
        """When each order was to come before anybody called."""
        return {int(str(number)): str(day) for number, day in self.read("SELECT number, delivery_day FROM orders")}

    async def caller(self, room: str = "") -> Caller:
        """A caller with a token from the front desk, for a room of their own or a given one; `async with` joins."""
        joined = await join(self.desk, room)
        return Caller(joined["url"], joined["token"])


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Settings on free ports, with LiveKit's in a file in `folder`."""
    (folder / "livekit.yaml").write_text(yaml.safe_dump(with_free_ports(read_config(ROOT / "livekit.yaml"))))
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("BATON_", "LIVEKIT_", "OPENAI_", "GOOGLE_"))
    }
    ports = ("BATON_HTTP_PORT", "BATON_LOCAL_MODEL_PORT", "BATON_WORKER_HTTP_PORT")
    return {
        **inherited,
        **{name: str(free_port()) for name in ports},
        "BATON_TEAM": str(ROOT / "agents/shop/team.yaml"),
        "BATON_CACHE": os.environ.get("BATON_CACHE", str(ROOT / ".cache")),
        "BATON_ADMIN_TOKEN": "open sesame",
        **more,
    }


def start(folder: Path, settings: dict[str, str]) -> House:
    """`baton up` in `folder`, ready."""
    process = subprocess.Popen(
        [*BATON, "up"], cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    printed = []
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and (line := process.stdout.readline()):
        printed.append(line)
        if "Baton is ready" in line:  # a part may be "not ready"
            return House(folder, settings, f"http://127.0.0.1:{settings['BATON_HTTP_PORT']}", process)
    process.kill()
    pytest.fail("baton up is not ready: " + "".join(printed))


@contextmanager
def running(folder: Path) -> Iterator[House]:
    """A house in `folder`, that stops without a complaint."""
    house = start(folder, environment(folder))
    yield house
    house.process.terminate()
    assert house.process.wait(30) == 0
    for log in sorted((folder / ".baton" / "logs").glob("*.log")):
        assert "Traceback" not in log.read_text(), f"{log.name}:\n{log.read_text()[-4000:]}"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session")
def senses() -> Senses:
    """What an embedded model needs that is served by a test itself."""
    return load_senses(Settings())


@pytest.fixture(scope="session")
def ears(senses: Senses) -> Ears:
    return senses.ears
