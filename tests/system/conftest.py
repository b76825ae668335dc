"""The whole of Baton as `baton up` starts it, on ports of its own, once for all system tests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy
import yaml

from worker.caller import Caller
from worker.livekit_server import free_port, read_config, with_free_ports
from worker.local_model.ears import Ears
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
        engine = sqlalchemy.create_engine(f"sqlite:///{self.folder}/.baton/baton.db")
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(query), values)]

    def reset_shop(self) -> None:
        """No returns, and deliveries as they were."""
        engine = sqlalchemy.create_engine(f"sqlite:///{self.folder}/.baton/baton.db")
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DELETE FROM returns"))
            for number, day in self._days.items():
                change = "UPDATE orders SET delivery_day = :day, moved_by = NULL WHERE number = :number"
                connection.execute(sqlalchemy.text(change), {"day": day, "number": number})

    @property
    def _days(self) -> dict[str, str]:
        saved = self.folder / "days.json"
        if not saved.exists():
            rows = self.read("SELECT number, delivery_day FROM orders")
            saved.write_text(json.dumps({str(number): str(day) for number, day in rows}))
        days: dict[str, str] = json.loads(saved.read_text())
        return days

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
        if "ready" in line:
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
def ears() -> Ears:
    return Ears()
