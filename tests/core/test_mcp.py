"""A tool of an MCP server, in a real room: called by a scripted provider, told to the caller."""

import sys
from pathlib import Path

import psutil
import pytest
import yaml

from bench.tones import ALFA
from tests.core.conftest import ROOT, Stage, house_with, transcribe
from tests.core.test_core import only, script
from tests.free_ports import free_port
from tests.simulators.openai_realtime.script import CallTool
from tests.simulators.openai_realtime.server import Provider

pytestmark = [pytest.mark.system, pytest.mark.soak]  # tests/mcp has the servers without a room
TEAM = {
    "team": "core",
    "start": "alfa",
    "model": "openai",
    "mcp": {
        "shelf": {"command": [sys.executable, str(ROOT / "tests/mcp/server.py")], "env": {"TOKEN": "${SHELF_TOKEN}"}}
    },
    "agents": {
        "alfa": {
            "instructions": "You are ALFA.",
            "tools": [{"mcp": "shelf.add"}, {"mcp": "shelf.lend", "effect": "write"}, {"mcp": "shelf.whoami"}],
        }
    },
}


async def test_given_a_tool_of_an_mcp_server_then_its_result_is_told_and_its_program_ends_with_the_worker(
    tmp_path: Path,
) -> None:
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(TEAM))
    play = script(
        {
            "tool": lambda _: [CallTool("add", '{"a": 2, "b": 3}')],
            "third": lambda _: [CallTool("lend", '{"title": "Emma"}')],
            "chat": lambda _: [CallTool("whoami")],
        }
    )
    with house_with([], tmp_path) as house:
        settings = {"BATON_TEAM": str(tmp_path / "team.yaml"), "SHELF_TOKEN": "sesame"}
        worker = house.start("worker", BATON_WORKER_HTTP_PORT=str(free_port()), **settings)
        async with Provider(play, transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            async with stage.caller() as caller:
                await stage.greeted(caller)
                await stage.turn(caller, "tool", ALFA)
                await stage.turn(caller, "third", ALFA)
                await stage.turn(caller, "chat", ALFA)
        events = stage.journal(caller.room)
        worker.terminate()
        assert worker.wait(30) == 0
    said = [event["text"] for event in only(events, "agent.said")]
    assert said[1] == "alfa answers 2 and 3 make 5"
    assert said[2].endswith("Emma is not here")
    assert [event["failed"] for event in only(events, "tool.finished")] == [False, True, False]
    token, _, pid = only(events, "tool.finished")[-1]["output"].split()
    assert token == "sesame"
    assert not psutil.pid_exists(int(pid))
