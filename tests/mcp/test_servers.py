"""A team's MCP servers, with a real one by pipe and by HTTP."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit.agents import ToolError, llm

from agents.spec import AgentSpec
from agents.tool_spec import McpSpec, ToolSpec
from tests.free_ports import free_port
from tools.context import CallContext, ProgressMade, Told
from tools.database import Database
from worker.mcp.connection import AWAY, BROKEN_OFF
from worker.mcp.servers import McpServers
from worker.team.toolbox import Outcome, Toolbox

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
SERVER = (sys.executable, str(ROOT / "tests/mcp/server.py"))


def by_pipe(marks: Path) -> McpSpec:
    return McpSpec(command=SERVER, env={"TOKEN": "${SHELF_TOKEN}", "MARKS": str(marks)})


@contextmanager
def serving(port: int, marks: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([*SERVER, "--port", str(port), *options], env={**os.environ, "MARKS": str(marks)})
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    path = tmp_path / "marks"
    path.touch()
    return path


@pytest.fixture(scope="module", params=["pipe", "http", "http with sessions"])
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[McpServers, Path]]:
    """One server, `shelf`, connected, and where it marks what it does."""
    variables, marks = {"SHELF_TOKEN": "sesame"}, tmp_path_factory.mktemp("shelf") / "marks"
    if request.param == "pipe":
        with McpServers({"shelf": by_pipe(marks)}, variables) as open_servers:
            yield open_servers, marks
        return
    port = free_port()
    spec = McpSpec(url=f"http://127.0.0.1:{port}/mcp", headers={"Authorization": "Bearer ${SHELF_TOKEN}"})
    options = ["--sessions"] if request.param == "http with sessions" else []
    with serving(port, marks, *options), McpServers({"shelf": spec}, variables) as open_servers:
        yield open_servers, marks


@pytest.fixture
def servers(lasting: tuple[McpServers, Path]) -> McpServers:
    lasting[1].write_text("")
    return lasting[0]


async def marked(marks: Path, word: str) -> None:
    """Waits until the server has done it."""

    def wait() -> None:
        for _ in range(2000):  # a test that fails shall not leave a thread behind
            if word in done(marks):
                return
            time.sleep(0.01)
        pytest.fail(f"the server has not marked {word!r}")

    await asyncio.to_thread(wait)


def done(marks: Path) -> list[str]:
    return marks.read_text().split()


async def test_given_a_server_then_its_tools_are_known_as_it_describes_them(servers: McpServers) -> None:
    assert not servers.trouble("shelf")
    schema = servers.schema("shelf.add")
    assert schema
    assert schema["description"] == "Add two numbers."
    assert schema["parameters"]["required"] == ["a", "b"]
    assert servers.schema("shelf.nothing") is None


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("add", {"a": 2, "b": 3}, "2 and 3 make 5"),
        ("covers", {}, "Two covers.\n[an image, image/png]"),
    ],
)
async def test_given_a_call_then_the_answer_is_told_in_words(
    servers: McpServers, tool: str, arguments: dict[str, object], told: str
) -> None:
    assert await servers.call(f"shelf.{tool}", arguments) == told


async def test_given_structured_content_then_it_is_told_as_json_and_once(servers: McpServers) -> None:
    assert json.loads(await servers.call("shelf.find_book", {"title": "Emma"})) == {"title": "Emma", "shelf": 7}


async def test_given_secrets_from_variables_then_the_server_gets_their_values(servers: McpServers) -> None:
    assert "sesame" in await servers.call("shelf.whoami", {})


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [("lend", {"title": "Emma"}, "Emma is not here"), ("add", {"a": "x"}, "add"), ("nothing", {}, "nothing")],
)
async def test_given_a_tool_that_fails_then_it_says_why(
    servers: McpServers, tool: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ToolError, match=words):
        await servers.call(f"shelf.{tool}", arguments)


async def test_given_a_call_that_is_cancelled_then_the_server_is_told(
    servers: McpServers, lasting: tuple[McpServers, Path]
) -> None:
    marks = lasting[1]
    call = asyncio.ensure_future(servers.call("shelf.wait", {"seconds": 60}))
    await marked(marks, "wait")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await marked(marks, "cancelled")
    assert "5" in await servers.call("shelf.add", {"a": 2, "b": 3})


async def test_given_calls_in_two_threads_at_once_then_both_are_answered(servers: McpServers) -> None:
    both = threading.Barrier(2)

    def call(number: int) -> list[str]:
        async def several() -> list[str]:
            both.wait()
            return list(
                await asyncio.gather(
                    servers.call("shelf.wait", {"seconds": 0.1}), servers.call("shelf.add", {"a": number, "b": 1})
                )
            )

        return asyncio.run(several())

    one, other = await asyncio.gather(asyncio.to_thread(call, 1), asyncio.to_thread(call, 2))
    assert one == ["It has passed.", "1 and 1 make 2"]
    assert other == ["It has passed.", "2 and 1 make 3"]


async def test_given_a_server_that_is_killed_in_mid_call_then_the_call_fails_and_the_next_finds_a_new_one(
    marks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with McpServers({"shelf": by_pipe(marks)}, {"SHELF_TOKEN": "sesame"}) as servers:
        pid = int((await servers.call("shelf.whoami", {})).split()[-1])
        call = asyncio.ensure_future(servers.call("shelf.wait", {"seconds": 60}))
        await marked(marks, "wait")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ToolError) as caught:
            await call
        assert caught.value.message == BROKEN_OFF
        answer = await servers.call("shelf.whoami", {})
        assert int(answer.split()[-1]) != pid
    assert [record.getMessage() for record in caplog.records if "is away: it has ended" in record.getMessage()]
    assert "sesame" not in caplog.text


async def test_given_a_server_with_sessions_that_was_started_anew_then_a_call_is_made_once(marks: Path) -> None:
    port = free_port()
    spec = McpSpec(url=f"http://127.0.0.1:{port}/mcp")
    with serving(port, marks, "--sessions") as first, McpServers({"shelf": spec}, {}) as servers:
        assert "5" in await servers.call("shelf.add", {"a": 2, "b": 3})
        first.kill()
        first.wait()
        with serving(port, marks, "--sessions"):
            assert "5" in await servers.call("shelf.add", {"a": 2, "b": 3})
    assert done(marks) == ["add", "add"]


async def test_given_a_server_that_is_away_then_its_tools_say_so_until_it_comes(
    marks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    agent = AgentSpec(name="a", instructions="x", tools=(ToolSpec(mcp="shelf.add"),))
    with McpServers({"shelf": McpSpec(url=f"http://127.0.0.1:{port}/mcp")}, {}) as servers:
        box = Toolbox(agent, mcp=servers)
        assert servers.trouble("shelf") == "nobody answers at its address"
        assert "Not available" in box.schemas({"add"})[0]["description"]
        assert await run(box, "add", '{"a": 2, "b": 3}') == Outcome(AWAY, failed=True)
        assert await run(box, "add", '{"a": 2, "b": 3}') == Outcome(AWAY, failed=True)
        assert caplog.text.count("is away") == 1, "the log says it once"
        with serving(port, marks):
            assert await run(box, "add", '{"a": 2, "b": 3}') == Outcome("2 and 3 make 5", failed=False)
            assert box.schemas({"add"})[0]["description"] == "Add two numbers."


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (McpSpec(command=("no-such-program-here",)), "there is no program 'no-such-program-here'"),
        (McpSpec(command=(sys.executable, "-c", "pass")), "it ends before it answers"),
        (McpSpec(url="http://127.0.0.1:1/${WHERE}"), "the variable WHERE is not set"),
        (McpSpec(url="http://127.0.0.1:1/${EMPTY}"), "the variable EMPTY is not set"),
    ],
)
async def test_given_a_server_that_cannot_be_used_then_its_trouble_says_why(spec: McpSpec, why: str) -> None:
    with McpServers({"shelf": spec}, {"EMPTY": ""}) as servers:
        assert servers.trouble("shelf") == why


async def test_given_a_server_that_refuses_us_then_its_trouble_names_the_status() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        servers = McpServers({"shelf": McpSpec(url=f"http://127.0.0.1:{port}/")}, {})
        await asyncio.to_thread(servers.__enter__)
        assert servers.trouble("shelf") == "it answers with HTTP status 401"
        await asyncio.to_thread(servers.__exit__)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolbox]:
    tools = (
        ToolSpec(mcp="shelf.add", name="sum_up"),
        ToolSpec(mcp="shelf.wait", timeout_s=0.5),
        ToolSpec(mcp="shelf.lend"),
        ToolSpec(mcp="shelf.gone"),
    )
    marks = tmp_path_factory.mktemp("box") / "marks"
    with McpServers({"shelf": by_pipe(marks)}, {"SHELF_TOKEN": "x"}) as servers:
        yield Toolbox(AgentSpec(name="a", instructions="x", tools=tools), mcp=servers)


async def run(box: Toolbox, tool: str, arguments: str) -> Outcome:
    database = Database("sqlite+aiosqlite://")
    told = list[Told]()
    context = CallContext(call="call", agent="a", decision="1", database=database, facts={}, tell=told.append)
    outcome = await box.run(llm.FunctionToolCall(name=tool, arguments=arguments, call_id="1"), context)
    assert told == ([ProgressMade("Looking in the cellar.")] if tool == "wait" else [])
    return outcome


async def test_given_an_allow_list_then_the_model_is_offered_these_tools_by_their_names(box: Toolbox) -> None:
    offered = {schema["name"]: schema for schema in box.schemas(set(box.role.tools))}
    assert set(offered) == {"sum_up", "wait", "lend"}, "what the server has not got is not offered"
    assert set(offered["sum_up"]["parameters"]["properties"]) == {"a", "b"}
    assert {tool.id for tool in box.tools} == set(offered), "a sub-agent's model is offered the same"
    assert await run(box, "find_book", '{"title": "Emma"}') == Outcome("There is no tool 'find_book'.", failed=True)


@pytest.mark.parametrize(
    ("tool", "arguments", "failed", "words"),
    [
        ("sum_up", '{"a": 2, "b": 3}', False, "2 and 3 make 5"),
        ("lend", '{"title": "Emma"}', True, "Emma is not here"),
        ("lend", '{"title": ', True, ""),
        ("lend", "no JSON at all", True, "Error parsing"),
        ("wait", '{"seconds": 60}', True, "takes longer than"),
    ],
)
async def test_given_a_call_then_its_outcome_is_like_any_tools(
    box: Toolbox, tool: str, arguments: str, failed: bool, words: str
) -> None:
    outcome = await run(box, tool, arguments)
    assert outcome.failed == failed
    assert words in outcome.output
