"""An agent who holds the call asks sub-agents: in a real room, a scripted provider, a scripted chat server."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from bench.caller import Caller
from bench.tones import ALFA
from tests.core.conftest import House, Stage, house_with, transcribe
from tests.core.test_core import only, script
from tests.free_ports import free_port
from tests.simulators.chat import Answer, Asked, ChatServer, Pause, Refuse, Script, Step, Use
from tests.simulators.openai_realtime.script import Asked as Heard
from tests.simulators.openai_realtime.script import CallTool, Pace, Say
from tests.simulators.openai_realtime.script import Step as Spoken
from tests.simulators.openai_realtime.server import Provider

pytestmark = pytest.mark.system
CHAT_PORT = free_port()
TOOLS = "tests.sub_agent_tools"
MODEL = {"url": f"http://127.0.0.1:{CHAT_PORT}/v1", "name": "scripted"}
TEAM = {
    "team": "asking",
    "start": "alfa",
    "agents": {
        "alfa": {
            "instructions": "You are ALFA.",
            "agents": [
                "scout",
                {"agent": "broker", "while_running": "background"},
                {"agent": "rover", "while_running": "background"},
            ],
        },
        "scout": {
            "instructions": "You are the scout.",
            "description": "Finds things out.",
            "tools": [f"{TOOLS}.double", f"{TOOLS}.search"],
            "model": MODEL,
            "timeout_s": 8,
        },
        "broker": {
            "instructions": "You are the broker.",
            "description": "Compares prices.",
            "tools": [f"{TOOLS}.search"],
            "model": MODEL,
        },
        "rover": {
            "instructions": "You are the rover.",
            "description": "Looks around.",
            "tools": [f"{TOOLS}.search"],
            "model": MODEL,
        },
    },
}


@pytest.fixture(scope="module")
def asking_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("asking")
    (folder / "team.yaml").write_text(yaml.safe_dump(TEAM, sort_keys=False))
    with house_with([20], folder, BATON_TEAM=str(folder / "team.yaml")) as house:
        yield house


@pytest.fixture
async def asking(asking_house: House) -> AsyncIterator[Stage]:
    provider = Provider(lambda _: [], pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(asking_house.provider_port):
        yield Stage(asking_house, provider)


@asynccontextmanager
async def chatting(play: Script) -> AsyncIterator[ChatServer]:
    async with ChatServer(play).serve(CHAT_PORT) as server:
        yield server


def ask(name: str, request: str) -> CallTool:
    return CallTool(f"ask_{name}", json.dumps({"request": request}))


def told(asked: Heard) -> Sequence[Spoken]:
    """Fillers and news are what they are asked to be; the rest is as ever."""
    if "One moment" in asked.instructions:
        return [Say("one moment", ms=500, hz=ALFA)]
    if "Something has ended" in asked.instructions:
        news = asked.instructions.split('Say this: "')[1].split('"')[0]
        return [Say(f"news: {news}", ms=700, hz=ALFA)]
    return script(
        {
            "tool": lambda _: [ask("scout", "Double 21, and search.")],
            "third": lambda _: [ask("broker", "Compare."), ask("rover", "Look.")],
            "second": lambda asked: [CallTool("stop_waiting")] if "stop_waiting" in asked.tools else [],
        }
    )(asked)


def find(asked: Asked) -> Sequence[Step]:
    """Two tools at once, then the answer."""
    if asked.results:
        return [Answer(f"Forty-two it is: {' and '.join(asked.results)}.")]
    return [Use("search", '{"seconds": 2.5}'), Use("double", '{"number": 21}')]


def said(stage: Stage, caller: Caller) -> list[str]:
    return [event["text"] for event in only(stage.journal(caller.room), "agent.said")]


def brief(event: dict[str, Any]) -> tuple[str, ...]:
    return (event["type"], event["agent"], event.get("tool") or event["model"])


async def test_given_a_sub_agent_that_takes_its_time_then_a_word_fills_the_wait_and_its_answer_is_told(
    asking: Stage,
) -> None:
    asking.provider.play = told
    async with chatting(find) as chat, asking.caller() as caller:
        await asking.greeted(caller)
        await asking.turn(caller, "tool")
        await asking.said(caller.room, "alfa answers Forty-two")
    answer = "Forty-two it is: found after 2.5 s and twice 21 is 42."
    assert said(asking, caller)[1:] == ["one moment", f"alfa answers {answer}"]
    assert [asked.request for asked in chat.asked] == ["Double 21, and search."] * 2
    assert "You are the scout." in chat.asked[0].told
    events = await asking.ended(caller.room)
    about = [event for event in events if event["type"].startswith(("tool.", "model."))]
    assert [brief(event) for event in about] == [
        ("tool.called", "alfa", "ask_scout"),
        ("tool.called", "scout", "search"),
        ("tool.called", "scout", "double"),
        ("tool.finished", "scout", "double"),
        ("tool.finished", "scout", "search"),
        ("model.used", "scout", "scripted"),
        ("tool.finished", "alfa", "ask_scout"),
    ]
    call = about[0]["call_id"]
    assert [event["parent"] for event in about[1:5]] == [call] * 4
    assert (about[5]["call_id"], about[5]["input_tokens"], about[5]["output_tokens"]) == (call, 200, 20)
    assert (about[6]["call_id"], about[6]["output"], about[6]["failed"]) == (call, answer, False)


async def test_given_two_sub_agents_at_once_then_they_work_in_parallel_while_the_caller_goes_on_talking(
    asking: Stage,
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        who = "broker" if "broker" in asked.told else "rover"
        seconds = {"broker": 3, "rover": 4}[who]
        return [Answer(f"{who} is done.")] if asked.results else [Use("search", json.dumps({"seconds": seconds}))]

    asking.provider.play = told
    async with chatting(play), asking.caller() as caller:
        await asking.greeted(caller)
        await asking.turn(caller, "third")
        await asking.turn(caller, "chat")
        await asking.said(caller.room, "rover is done")
    texts = said(asking, caller)
    assert texts.index("alfa answers chat") < min(number for number, text in enumerate(texts) if "news" in text)
    news_told = " ".join(text for text in texts if text.startswith("news: "))
    assert "broker is done." in news_told
    assert "rover is done." in news_told
    order = [brief(event) for event in await asking.ended(caller.room) if event["type"].startswith("tool.")]
    search = {("tool.called", "broker", "search"), ("tool.called", "rover", "search")}
    assert search <= set(order[:4]), "both search before either has found"
    assert order[4:] == [
        ("tool.finished", "broker", "search"),
        ("tool.finished", "alfa", "ask_broker"),
        ("tool.finished", "rover", "search"),
        ("tool.finished", "alfa", "ask_rover"),
    ]


async def test_given_several_wishes_then_a_sub_agent_deals_with_its_own_while_the_agent_deals_with_another(
    asking: Stage,
) -> None:
    steps = [{"wish": "search for a shop", "agent": "scout"}, {"wish": "tell a joke", "agent": "alfa"}]

    def play(asked: Heard) -> Sequence[Spoken]:
        if "Something has ended" in asked.instructions:
            return told(asked)
        if asked.last.get("role") == "system" and "tell a joke" in str(asked.last["content"]):
            return [Say("a joke", ms=700, hz=ALFA), CallTool("step_done", '{"outcome": "done"}')]
        return script({"long": lambda _: [CallTool("make_plan", json.dumps({"steps": steps}))]})(asked)

    def search(asked: Asked) -> Sequence[Step]:
        return [Answer("It is round the corner.")] if asked.results else [Use("search", '{"seconds": 3}')]

    asking.provider.play = play
    async with chatting(search) as chat, asking.caller() as caller:
        await asking.greeted(caller)
        await asking.turn(caller, "long")
        await asking.said(caller.room, "news: It is round the corner.")
    texts = said(asking, caller)
    assert texts.index("a joke") < texts.index("news: It is round the corner.")
    assert chat.asked[0].request == "search for a shop"
    events = await asking.ended(caller.room)
    states = [[step["state"] for step in event["steps"]] for event in only(events, "plan.changed")]
    assert states[-1] == ["done", "done"]
    assert ["active", "done"] in states, "the joke did not wait for the shop"
    [called] = [event for event in only(events, "tool.called") if event["agent"] == "alfa"]
    assert (called["tool"], called["arguments"]) == ("ask_scout", {"request": "search for a shop"})


async def test_given_a_caller_who_gives_up_waiting_then_the_sub_agent_and_its_tools_are_stopped(asking: Stage) -> None:
    asking.provider.play = told
    async with chatting(lambda _: [Use("search", '{"seconds": 15}')]) as chat, asking.caller() as caller:
        await asking.greeted(caller)
        await asking.turn(caller, "tool")  # a word that it takes a moment
        await asking.turn(caller, "second")
        await asking.turn(caller, "chat")
    finished = {event["tool"]: event["failed"] for event in only(await asking.ended(caller.room), "tool.finished")}
    assert finished == {"stop_waiting": False, "ask_scout": True, "search": True}
    assert len(chat.asked) == 1, "nobody goes on with it"


@pytest.mark.parametrize(
    "ill", [[Refuse(500)], *(pytest.param(ill, marks=pytest.mark.soak) for ill in ([Refuse(429)], [Pause(60)]))]
)
async def test_given_a_text_model_that_fails_then_the_agent_says_so_and_the_call_goes_on(
    asking: Stage, ill: list[Step]
) -> None:
    asking.provider.play = told
    async with chatting(lambda _: ill), asking.caller() as caller:
        await asking.greeted(caller)
        await asking.turn(caller, "tool")  # a model that says nothing has a filler first
        await asking.said(caller.room, "scout has no answer")
        await asking.turn(caller, "chat")
    assert "scout has no answer" in said(asking, caller)[-2]
    assert said(asking, caller)[-1] == "alfa answers chat"
    [finished] = only(await asking.ended(caller.room), "tool.finished")
    assert finished["failed"]


async def test_given_the_end_of_the_call_then_what_runs_ends_with_it(asking: Stage) -> None:
    asking.provider.play = told
    async with chatting(lambda _: [Use("search", '{"seconds": 15}')]) as chat:
        async with asking.caller() as caller:
            await asking.greeted(caller)
            await asking.turn(caller, "third")
        events = await asking.ended(caller.room)
    assert sorted(event["agent"] for event in only(events, "tool.finished")) == ["broker", "rover"]
    assert len(chat.asked) == 2
