"""Which text model a sub-agent gets, and the plugins' own clients against servers of OpenAI's and Gemini's protocol."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from agents.spec import TeamSpec
from tests.simulators.chat import Answer, Asked, ChatServer, Pause, Refuse, Step, Use, in_turn
from tests.test_sub_agents import Desk
from worker.settings import Settings, SettingsError
from worker.team.sub_agents import SubAgents
from worker.team.text_models import TextModel, choose_text_models
from worker.team.toolbox import Outcome, Toolbox

pytestmark = pytest.mark.parts


def settings(**given: Any) -> Settings:
    """Without what this machine's environment says."""
    empty = {"openai_api_key": SecretStr(""), "openai_base_url": "", "google_api_key": SecretStr(""), "model": ""}
    more = {"google_gemini_base_url": "", "local_model_port": 8790}
    return Settings.model_construct(**{**empty, **more, **given})


def team(model: Any = None, calls: str = "auto") -> TeamSpec:
    helper = {"name": "helper", "instructions": "Help.", "description": "Helps."} | ({"model": model} if model else {})
    desk = {"name": "desk", "instructions": "Be kind.", "agents": ["helper"]}
    return TeamSpec.model_validate(
        {"team": "t", "start": "desk", "model": calls, "agents": {"desk": desk, "helper": helper}}
    )


OPENAI, GOOGLE = SecretStr("sk-openai"), SecretStr("google-key")
LOCAL = TextModel("local", "http://127.0.0.1:8790/v1", "baton-local")
GPT = TextModel("openai", "https://api.openai.com/v1", "gpt-4.1", "sk-openai")
GEMINI = TextModel("google", "", "gemini-3.8-flash", "google-key")


@pytest.mark.parametrize(
    ("given", "spec", "found"),
    [
        ({}, team(), LOCAL),
        ({"openai_api_key": OPENAI, "google_api_key": GOOGLE}, team(), GPT),
        ({"google_api_key": GOOGLE}, team(), GEMINI),
        ({"openai_api_key": OPENAI}, team(calls="local"), LOCAL),
        ({"openai_api_key": OPENAI, "model": "local"}, team(calls="openai"), LOCAL),
        ({"openai_api_key": OPENAI, "google_api_key": GOOGLE, "model": "gemini"}, team(), GEMINI),
        ({"openai_api_key": OPENAI}, team("local"), LOCAL),
        (
            {"openai_api_key": OPENAI, "openai_base_url": "http://here/v1"},
            team(),
            replace(GPT, base_url="http://here/v1"),
        ),
        ({"openai_api_key": OPENAI}, team({"provider": "openai", "name": "mini"}), replace(GPT, name="mini")),
        (
            {"google_api_key": GOOGLE, "google_gemini_base_url": "http://here"},
            team({"provider": "google", "name": "pro"}),
            TextModel("google", "http://here", "pro", "google-key"),
        ),
        (
            {},
            team({"url": "http://here/v1", "name": "small"}),
            TextModel("endpoint", "http://here/v1", "small", "none"),
        ),
        (
            {"openai_api_key": OPENAI},
            team({"url": "http://here/v1", "name": "small"}),
            TextModel("endpoint", "http://here/v1", "small", "none"),
        ),
    ],
)
def test_a_sub_agent_thinks_with_what_team_and_settings_say(
    given: dict[str, Any], spec: TeamSpec, found: TextModel
) -> None:
    assert choose_text_models(settings(**given), spec) == {"helper": found}


@pytest.mark.parametrize(("model", "variable"), [("openai", "OPENAI_API_KEY"), ("google", "GOOGLE_API_KEY")])
def test_given_no_key_for_what_the_team_wants_then_the_variable_is_named(model: str, variable: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} is not set: sub-agent 'helper'"):
        choose_text_models(settings(), team(model))


def test_given_an_endpoint_with_a_key_then_it_is_read_where_the_team_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = team({"url": "http://here/v1", "name": "small", "key": "SMALL_KEY"})
    with pytest.raises(SettingsError, match="SMALL_KEY is not set"):
        choose_text_models(settings(), spec)
    Path(".env").write_text("SMALL_KEY=from-file\n")
    found = choose_text_models(settings(), spec)["helper"]
    assert found.api_key == "from-file"
    assert "from-file" not in repr(found)
    monkeypatch.setenv("SMALL_KEY", "from-environment")
    assert choose_text_models(settings(), spec)["helper"].api_key == "from-environment"


@pytest.mark.system
@pytest.mark.parametrize("provider", ["local", "openai", "google", "endpoint"])
def test_given_a_model_that_was_loaded_then_a_call_may_open_it_on_a_thread_of_its_own(provider: str) -> None:
    program = f"""
import asyncio, threading
from worker.team.text_models import TextModel

async def call():
    await model.open().aclose()
    print("opened")

model = TextModel({provider!r}, "http://127.0.0.1:1/v1", "some", "key")
model.load()
thread = threading.Thread(target=lambda: asyncio.run(call()))
thread.start()
thread.join()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "opened\n", done.stderr


def at(server: ChatServer, provider: str) -> TextModel:
    base_url = server.url if provider == "google" else f"{server.url}/v1"
    return TextModel(provider, base_url, {"google": "gemini-3.8-flash"}.get(provider, "gpt-4.1"), "the-key")


async def ask(server: ChatServer, provider: str, *, timeout_s: float = 60.0) -> tuple[Outcome, Desk]:
    """One request to a helper who thinks with a real client of the server."""
    desk = Desk(server.script, timeout_s=timeout_s)
    sub_agents = SubAgents(desk.team, {"helper": at(server, provider)}, "Monday", desk.events.append)
    agent = desk.team.agents["desk"]
    desk.toolbox = Toolbox(agent, asked=sub_agents.asked_by(agent))
    try:
        return await desk.ask("Double four and five."), desk
    finally:
        await sub_agents.aclose()


def doubled(asked: Asked) -> Sequence[Step]:
    if asked.results:
        return [Answer(f"So: {', '.join(asked.results)}.")]
    return [Use("double", '{"number": 4}'), Use("double", '{"number": 5}')]


@pytest.mark.parametrize("provider", ["openai", "endpoint", "google"])
async def test_given_a_server_then_tools_answer_and_tokens_are_counted(provider: str) -> None:
    async with ChatServer(doubled).serve() as server:
        outcome, desk = await ask(server, provider)
    assert outcome == Outcome("So: twice 4 is 8, twice 5 is 10.", failed=False)
    assert server.keys == ["the-key"] * 2
    assert [asked.request for asked in server.asked] == ["Double four and five."] * 2
    assert "You are helper." in server.asked[0].told
    assert server.asked[0].tools == ("double", "search")
    [used] = desk.used()
    assert (used.replies, used.input_tokens, used.output_tokens) == (2, 200, 20)


async def test_given_an_endpoint_of_its_own_then_schemas_are_not_strict() -> None:
    async with ChatServer(lambda _: [Answer("Yes.")]).serve() as server:
        await ask(server, "endpoint")
        await ask(server, "openai")
    assert [body["tools"][0]["function"].get("strict", False) for body in server.bodies] == [False, True]


@pytest.mark.parametrize("provider", ["openai", "google"])
@pytest.mark.parametrize("status", [401, 429, 500])
async def test_given_a_server_that_refuses_then_the_outcome_says_so(provider: str, status: int) -> None:
    async with ChatServer(lambda _: [Refuse(status, "your prompt was bad")]).serve() as server:
        outcome, desk = await ask(server, provider)
    assert outcome.failed
    assert f"its model fails (status {status})" in outcome.output
    assert "prompt" not in outcome.output
    assert len(server.asked) == (2 if status == 500 else 1)
    assert not desk.used()


@pytest.mark.parametrize("provider", ["openai", "google"])
async def test_given_a_server_that_stalls_then_the_deadline_ends_it(provider: str) -> None:
    async with ChatServer(lambda _: [Answer("Well,"), Pause(30)]).serve() as server:
        outcome, _ = await ask(server, provider, timeout_s=1.0)
    assert "longer than 1 seconds" in outcome.output


@pytest.mark.parametrize("provider", ["openai", "google", "local"])
async def test_given_no_server_then_the_outcome_says_so(provider: str) -> None:
    server = ChatServer(in_turn())
    async with server.serve():
        pass
    outcome, _ = await ask(server, provider)
    assert "its model fails (APIConnectionError)" in outcome.output


async def test_given_a_server_that_breaks_off_then_it_is_asked_once_more() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\ndata: {")
        writer.close()
        connections.append(writer)

    connections = list[asyncio.StreamWriter]()
    async with await asyncio.start_server(cut, "127.0.0.1", 0) as broken:
        server = ChatServer(in_turn(), url=f"http://127.0.0.1:{broken.sockets[0].getsockname()[1]}")
        outcome, _ = await ask(server, "openai")
    assert "its model fails (APIConnectionError)" in outcome.output
    assert len(connections) == 2


@pytest.mark.parametrize(("ending", "words"), [("close", "APIConnectionError"), ("error", "status 400")])
async def test_given_an_embedded_model_that_hangs_up_or_refuses_then_the_outcome_says_so(
    ending: str, words: str
) -> None:
    async def realtime(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        asked.append(json.loads((await socket.receive()).data))
        if ending == "error":
            await socket.send_json({"type": "error", "error": {"code": "invalid_value"}})
        await socket.close()
        return socket

    asked = list[Any]()
    application = web.Application()
    application.router.add_get("/v1/realtime", realtime)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        server = ChatServer(in_turn(), url=f"http://127.0.0.1:{runner.addresses[0][1]}")
        outcome, _ = await ask(server, "local")
    finally:
        await runner.cleanup()
    assert f"its model fails ({words})" in outcome.output
    [request, *_] = asked
    assert request["response"]["output_modalities"] == ["text"]
    assert request["response"]["conversation"] == "none"
