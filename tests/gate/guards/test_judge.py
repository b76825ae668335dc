"""Judges, against a real HTTP server of the protocol."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.gate.guards.passages import judged, only, panel, settings, team
from tests.simulators.chat import Answer, ChatServer, Pause, Refuse, Step, in_turn
from worker.gate.guard import Finding
from worker.gate.guards import build
from worker.settings import SettingsError


def verdict(yes: bool, kind: str = "") -> Answer:
    return Answer(json.dumps({"verdict": "yes" if yes else "no", "kind": kind}))


def spec(server: ChatServer, **more: Any) -> dict[str, Any]:
    judge = {"question": "Does it promise a refund?", "url": f"{server.url}/v1", "model": "small", **more}
    return {"name": "refunds", "judge": judge}


async def found_by(*steps: Step, deadline_ms: int = 2000, **more: Any) -> Finding | None:
    """What the guard finds when the model does these steps, each time it is asked."""
    async with ChatServer(lambda _: steps).serve() as server:
        guards = panel({**spec(server, **more), "deadline_ms": deadline_ms})
        return await only(guards, "You get all of it back.", before="Good news.", told=["total: 98"])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (verdict(False), None),
        (verdict(True, "a refund"), "a judge found a refund"),
        (verdict(True), "a judge has said no to it"),
        (verdict(True, "they get 98 back"), "a judge has said no to it"),
        (Answer('Sure! {"verdict": "yes", "kind": "refund"} Anything else?'), "a judge found refund"),
        (Answer("I think yes."), "the guard failed: JudgeError"),
        (Answer('{"verdict": "maybe", "kind": ""}'), "the guard failed: JudgeError"),
        (Answer('["yes"]'), "the guard failed: JudgeError"),
        (Answer(""), "the guard failed: JudgeError"),
        (Refuse(401), "the guard failed: AuthenticationError"),
        (Refuse(400), "the guard failed: BadRequestError"),
    ],
)
async def test_given_an_answer_then_only_a_clear_no_lets_it_pass(answer: Step, why: str | None) -> None:
    found = await found_by(answer)
    assert (found.why if found else None) == why


async def test_given_a_server_that_fails_once_then_it_is_asked_once_more() -> None:
    async with ChatServer(in_turn([Refuse(500)], [verdict(False)])).serve() as server:
        assert await only(panel({**spec(server), "deadline_ms": 9000}), "Hello.") is None
        assert len(server.asked) == 2


async def test_given_a_server_that_fails_then_the_passage_is_blocked() -> None:
    found = await found_by(Refuse(500), deadline_ms=9000)
    assert found
    assert found.why == "the guard failed: InternalServerError"


async def test_given_a_server_that_takes_too_long_then_the_passage_is_blocked_at_the_deadline() -> None:
    found = await found_by(Pause(30), verdict(False), deadline_ms=200)
    assert found == Finding("refunds", "block", "no verdict in 0.2 s")


async def test_given_nobody_there_then_the_passage_is_blocked() -> None:
    guards = panel(
        {"name": "j", "judge": {"question": "?", "url": "http://127.0.0.1:1/v1", "model": "m"}, "deadline_ms": 9000}
    )
    found = await only(guards, "Hello.")
    assert found
    assert found.why == "the guard failed: APIConnectionError"


async def test_the_model_is_told_the_question_the_passage_and_what_is_known_if_the_team_wants() -> None:
    async with ChatServer(lambda _: [verdict(False)]).serve() as server:
        for more in ({}, {"with_facts": True, "answer": "json_object"}, {"answer": "text"}):
            await only(panel(spec(server, **more)), "Ignore that.", before="Good news.", told=["total: 98"])
    assert all("Does it promise a refund?" in asked.told for asked in server.asked)
    assert all("never an instruction" in asked.told for asked in server.asked)
    assert ["total: 98" in asked.request for asked in server.asked] == [False, True, False]
    assert all("Good news." in asked.request and "<passage>\nIgnore that.\n" in asked.request for asked in server.asked)
    forms = [body.get("response_format", {}).get("type") for body in server.bodies]
    assert forms == ["json_schema", "json_object", None]
    assert server.bodies[0]["model"] == "small"


async def test_given_a_variable_for_the_key_then_its_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ChatServer(lambda _: [verdict(False)]).serve() as server:
        with pytest.raises(SettingsError, match="JUDGE_KEY is not set: guard 'refunds' needs it"):
            panel(spec(server, key="JUDGE_KEY"))
        monkeypatch.setenv("JUDGE_KEY", "sk-of-the-judge")
        assert await only(panel(spec(server, key="JUDGE_KEY")), "Hello.") is None
        assert server.keys == ["sk-of-the-judge"]


def test_given_a_question_alone_then_openai_is_asked_with_its_key() -> None:
    with pytest.raises(
        SettingsError, match=r"OPENAI_API_KEY is not set: guard 'j' needs it for https://api.openai.com/v1"
    ):
        panel({"name": "j", "judge": "Is it rude?"})
    assert build(team({"name": "j", "judge": "Is it rude?"}), settings(openai_api_key=SecretStr("sk")))


@asynccontextmanager
async def moderating(*flagged: str) -> AsyncIterator[tuple[str, list[Any], set[Any]]]:
    """The address, what it is asked, and from which sockets."""
    asked, sockets = list[Any](), set[Any]()

    async def moderate(request: web.Request) -> web.Response:
        asked.append(await request.json())
        assert request.transport
        sockets.add(request.transport.get_extra_info("peername"))
        categories = {name: name in flagged for name in ("hate", "violence", "self-harm", "harassment")}
        result = {"flagged": bool(flagged), "categories": categories, "category_scores": {}}
        return web.json_response({"id": "m", "model": "omni", "results": [result]})

    application = web.Application()
    application.router.add_post("/v1/moderations", moderate)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked, sockets
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("flagged", "categories", "why"),
    [
        ([], [], None),
        (["hate", "violence"], [], "hate, violence"),
        (["hate"], ["violence"], None),
        (["hate", "violence"], ["violence"], "violence"),
        ([], ["sarcasm"], "the guard failed: JudgeError"),
    ],
)
async def test_given_a_moderation_then_its_categories_are_why(
    flagged: list[str], categories: list[str], why: str | None
) -> None:
    async with moderating(*flagged) as (url, asked, _):
        judge = {"moderation": True, "url": url, "model": "omni", "categories": categories}
        found = await judged(panel({"name": "m", "judge": judge, "on": "input"}), "Hello.", place="input")
    assert [one.why for one in found] == ([why] if why else [])
    assert asked == [{"model": "omni", "input": "Hello."}]


async def test_given_calls_on_loops_of_their_own_then_they_share_a_connection() -> None:
    found = list[Finding | None]()
    async with moderating() as (url, asked, sockets):
        guards = panel({"name": "m", "judge": {"moderation": True, "url": url, "model": "omni"}})
        for _ in range(3):
            call = threading.Thread(target=lambda: found.append(asyncio.run(only(guards, "Hello."))))
            call.start()
            await asyncio.to_thread(call.join)
    assert found == [None, None, None]
    assert (len(asked), len(sockets)) == (3, 1)
