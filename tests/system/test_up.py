"""`baton` on the command line: what it says, and how it ends, when something is wrong."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.conftest import House, house_with
from tests.simulators.openai_realtime.script import Say
from tests.simulators.openai_realtime.server import Provider
from tests.system.conftest import BATON, environment, start

pytestmark = pytest.mark.system
QUICK = {"BATON_MODEL": "openai", "OPENAI_API_KEY": "sk-any"}  # no embedded model to start


def baton(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    settings = environment(folder, **more)
    return subprocess.run([*BATON, *arguments], cwd=folder, env=settings, text=True, capture_output=True, timeout=60)


def children(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True).stdout
    return [int(pid) for pid in listed.split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_given_a_port_in_use_then_it_says_which_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = baton(tmp_path, "up", BATON_HTTP_PORT=port)
    assert result.returncode == 1
    assert (
        result.stderr.strip() == f"baton: Port {port} is in use. Stop what uses it, or set another (BATON_HTTP_PORT)."
    )


@pytest.mark.parametrize(
    ("part", "setting"),
    [
        ("desk", "BATON_HTTP_PORT"),
        ("model", "BATON_LOCAL_MODEL_PORT"),
        ("worker", "BATON_WORKER_HTTP_PORT"),
        ("worker", "BATON_WORKER_METRICS_PORT"),
    ],
)
def test_given_a_port_in_use_then_a_part_by_itself_says_so_too(tmp_path: Path, part: str, setting: str) -> None:
    livekit = {"LIVEKIT_URL": "ws://127.0.0.1:9", "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = baton(tmp_path, part, **{setting: port}, **livekit)
    assert result.returncode == 1
    assert f"baton: Port {port} is in use. Stop what uses it, or set another ({setting})." in result.stderr


def test_given_a_sub_agent_who_thinks_with_the_embedded_model_then_that_is_started_beside_a_provider(
    tmp_path: Path,
) -> None:
    team = tmp_path / "team.yaml"
    helper = "{instructions: Help., description: Helps., model: local}"
    team.write_text(f"{{team: t, start: a, agents: {{a: {{instructions: Ask., agents: [b]}}, b: {helper}}}}}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = baton(tmp_path, "up", BATON_TEAM=str(team), BATON_LOCAL_MODEL_PORT=port, **QUICK)
    assert result.returncode == 1
    assert f"Port {port} is in use. Stop what uses it, or set another (BATON_LOCAL_MODEL_PORT)." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "more", "code", "words"),
    [
        (["check"], {"BATON_TEAM": "nowhere.yaml"}, 2, "nowhere.yaml: No such file"),
        (["up"], {"BATON_MODEL": "parrot"}, 2, "there is no model 'parrot'"),
        (["up"], {"BATON_MODEL": "openai"}, 2, "OPENAI_API_KEY is not set"),
        (["up"], {"BATON_HTTP_PORT": "many"}, 2, "BATON_HTTP_PORT"),
        (["worker"], {}, 2, "LIVEKIT_URL"),
        (["desk"], {}, 2, "LIVEKIT_URL"),
        (["desk"], {"LIVEKIT_URL": "ws://x"}, 2, "LIVEKIT_API_KEY"),
        (
            ["desk", "--team", "nowhere.yaml"],
            {"LIVEKIT_URL": "ws://127.0.0.1:9", "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32},
            1,
            "LiveKit at ws://127.0.0.1:9 is away",
        ),
        (
            ["worker"],
            {"BATON_DATABASE_URL": "nonsense"},
            2,
            "BATON_DATABASE_URL",
        ),
        (["calls", "nobody"], {}, 2, "There is no call 'nobody'"),
        (["talk", "--text", "x"], {}, 1, "There is no front desk"),
        (["talk", "--wav", "none.wav"], {}, 2, "none.wav"),
        (["dance"], {}, 2, "No such command"),
    ],
)
def test_given_a_wrong_setting_then_it_is_one_sentence_and_an_exit_code(
    tmp_path: Path, arguments: list[str], more: dict[str, str], code: int, words: str
) -> None:
    result = baton(tmp_path, *arguments, **more)
    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_given_a_part_that_dies_then_everything_stops_and_it_is_named(tmp_path: Path) -> None:
    running = start(tmp_path, environment(tmp_path))
    parts = children(running.process.pid)
    assert len(parts) == 4
    os.kill(parts[1], signal.SIGKILL)
    printed, _ = running.process.communicate(timeout=30)
    assert running.process.returncode == 1
    assert "model has died" in printed
    assert not [part for part in parts if alive(part)]


def test_given_a_worker_that_dies_then_it_is_started_again(tmp_path: Path) -> None:
    running = start(tmp_path, environment(tmp_path, **QUICK))
    parts = children(running.process.pid)
    os.kill(parts[1], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while "INFO worker.server: team" not in _log(tmp_path, "worker") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "INFO worker.server: team" in _log(tmp_path, "worker")
    assert running.process.poll() is None
    again = children(running.process.pid)
    assert len(again) == 3
    assert [part for part in parts if part not in again] == [parts[1]]
    running.process.terminate()
    printed, _ = running.process.communicate(timeout=60)
    assert running.process.returncode == 0
    assert "worker has died (exit code -9), and is started again" in printed


async def test_given_a_call_when_all_is_told_to_stop_then_it_ends_at_once(tmp_path: Path) -> None:
    team = tmp_path / "team.yaml"
    team.write_text("{team: t, start: a, agents: {a: {instructions: Greet.}}}")
    async with Provider(lambda _: [Say("Hello.")]).serve() as provider:
        settings = environment(tmp_path, **QUICK, OPENAI_BASE_URL=provider.url, BATON_TEAM=str(team))
        running = await asyncio.to_thread(start, tmp_path, settings)
        async with await running.caller() as caller:
            room = caller.room.name
            await running.until(room, lambda events: any(one["type"] == "agent.said" for one in events), "a greeting")
            running.process.terminate()
            assert await asyncio.to_thread(running.process.wait, 60) == 0
    last = running.journal(room)[-1]
    assert (last["type"], last["reason"]) == ("call.ended", "the worker stopped")
    log = (tmp_path / ".baton/logs/worker.log").read_text()
    assert "in time" not in log, "neither LiveKit nor we lost patience"


def _log(folder: Path, part: str) -> str:
    """Of the process that runs now: a former one's is kept beside it."""
    logs = folder / ".baton/logs"
    return (logs / f"{part}.log").read_text() if (logs / f"{part}.former.log").exists() else ""


def test_given_a_start_that_is_killed_then_no_part_is_left_behind(tmp_path: Path) -> None:
    running = start(tmp_path, environment(tmp_path, **QUICK))
    parts = children(running.process.pid)
    running.process.kill()
    running.process.wait()
    deadline = time.monotonic() + 30
    while any(alive(part) for part in parts) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [part for part in parts if alive(part)]


def test_given_a_server_that_is_told_to_stop_while_it_starts_then_it_is_not_left_behind(tmp_path: Path) -> None:
    part = subprocess.Popen([*BATON, "livekit"], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL)
    while not (servers := children(part.pid)):
        assert part.poll() is None
    part.terminate()
    assert part.wait(30) == 0
    assert not [server for server in servers if alive(server)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_with([], tmp_path_factory.mktemp("up")) as house:
        yield house


def test_given_wrong_keys_then_the_desk_says_so(house: House, tmp_path: Path) -> None:
    wrong = {"LIVEKIT_API_KEY": "wrong", "LIVEKIT_API_SECRET": "w" * 40}
    settings = environment(tmp_path, LIVEKIT_URL=house.environment["LIVEKIT_URL"], **wrong)
    result = subprocess.run([*BATON, "desk"], cwd=tmp_path, env=settings, text=True, capture_output=True, timeout=60)
    assert result.returncode == 1
    assert "keys" in result.stderr


def test_the_journal_of_a_call_can_be_read(house: House) -> None:
    command = [*BATON, "calls", "--json"]
    result = subprocess.run(command, cwd=house.folder, env=house.environment, text=True, capture_output=True)
    assert result.returncode == 0
