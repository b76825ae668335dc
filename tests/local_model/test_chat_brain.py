"""A chat endpoint as the brain, over real HTTP on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.free_ports import free_port
from tests.local_model.chat_endpoint import CUT, DONE, STALL, Endpoint, call, serving, words
from tests.virtual_time import virtual_time
from worker.local_model.brain import chat
from worker.local_model.brain.chat import APOLOGY, LOST, ChatBrain
from worker.local_model.conversation import Conversation, Message, Say, Tool, ToolCall, ToolResult

WEATHER = Tool("weather", "Tell the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
ASKED = Conversation("Be brief.", (WEATHER,), (Message("user", "Is it sunny in Paris?"),))


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving(Endpoint()) as running:
        yield running


async def answer(endpoint: Endpoint, conversation: Conversation = ASKED) -> list[Say | ToolCall]:
    async with thinking(endpoint) as brain, asyncio.timeout(10):
        return [thought async for thought in brain.reply(conversation)]


@asynccontextmanager
async def thinking(endpoint: Endpoint) -> AsyncIterator[ChatBrain]:
    brain = ChatBrain(endpoint.url)
    yield brain
    await brain.close()


async def test_sentences_are_passed_on_as_they_are_complete(endpoint: Endpoint) -> None:
    endpoint.answer = [*words("It ", "is sunny. Ta", "ke a ha", "t!", " And"), STALL]
    async with thinking(endpoint) as brain, asyncio.timeout(5):
        thoughts = brain.reply(ASKED)
        assert await anext(thoughts) == Say("It is sunny.")
        assert await anext(thoughts) == Say(" Take a hat!")
        assert endpoint.open == 1, "while the endpoint thinks on"
        await thoughts.aclose()


@pytest.mark.parametrize(
    "text",
    [
        ["It costs 4.90 pounds, e.g. for Mr. Smith.", " Anything else?"],
        ["It is $4.90.", ' "Really?"', " Yes."],
        ["Dr. J. K. Brown is in no. 5, Main St. today.", " Version 1.2.3 is out."],
        ["No end"],
    ],
)
async def test_a_sentence_ends_where_it_does_however_it_comes(endpoint: Endpoint, text: list[str]) -> None:
    whole = "".join(text)
    for size in (1, 3, 1000):
        endpoint.answer = [*words(*(whole[at : at + size] for at in range(0, len(whole), size))), DONE]
        said = [thought.text for thought in await answer(endpoint) if isinstance(thought, Say)]
        assert "".join(said) == whole, "not a space is lost: text is shown as it is"
        assert [one.strip() for one in said] == [one.strip() for one in text], size


async def test_a_tool_call_in_pieces_comes_after_the_words(endpoint: Endpoint) -> None:
    pieces = call({"name": "weather", "arguments": ""}, {"arguments": '{"city": '}, {"arguments": '"Paris"}'})
    other = call({"name": "weather", "arguments": "{}"}, index=1)
    endpoint.answer = [*words("Let me see."), *pieces, *other, DONE]
    assert await answer(endpoint) == [
        Say("Let me see."),
        ToolCall("weather", '{"city": "Paris"}'),
        ToolCall("weather", "{}"),
    ]


async def test_the_endpoint_is_given_the_conversation_and_the_tools(endpoint: Endpoint) -> None:
    endpoint.answer = [*words("Sunny."), DONE]
    items = (*ASKED.items, ToolCall("weather", '{"city": "Paris"}', "call_1"), ToolResult("call_1", "sunny"))
    await answer(endpoint, Conversation("Be brief.", (WEATHER,), items, "weather"))
    [asked] = endpoint.asked
    assert asked["model"] == "some-model"
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "tool"]
    assert asked["messages"][2]["tool_calls"][0]["id"] == asked["messages"][3]["tool_call_id"] == "call_1"
    assert asked["tools"][0]["function"]["name"] == "weather"
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(("choice", "offered"), [("auto", True), ("required", True), ("none", False)])
async def test_tools_are_offered_by_the_choice(endpoint: Endpoint, choice: str, offered: bool) -> None:
    endpoint.answer = [*words("Sunny."), DONE]
    await answer(endpoint, Conversation("", (WEATHER,), ASKED.items, choice))
    assert ("tools" in endpoint.asked[0]) is offered
    assert endpoint.asked[0].get("tool_choice") == (choice if offered else None)


async def test_a_dead_endpoint_is_an_apology_and_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    assert await answer(Endpoint(f"http://127.0.0.1:{free_port()}/v1")) == [Say(APOLOGY)]
    [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert "BATON_LOCAL_LLM_URL" in record.message
    assert not record.exc_info


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_refusal_is_one_too_and_is_named(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    endpoint.status = status
    assert await answer(endpoint) == [Say(APOLOGY)]
    assert str(status) in caplog.text
    assert len(endpoint.asked) == 1, "nobody waits while it is tried again and again"


async def test_an_endpoint_without_a_model_is_one_too(endpoint: Endpoint) -> None:
    endpoint.models = ()
    assert await answer(endpoint) == [Say(APOLOGY)]


async def test_the_model_is_asked_for_again_when_it_is_gone(endpoint: Endpoint) -> None:
    async with thinking(endpoint) as brain:
        endpoint.status = 404
        assert [thought async for thought in brain.reply(ASKED)] == [Say(APOLOGY)]
        endpoint.status, endpoint.models, endpoint.answer = 200, ("another",), [*words("Sunny."), DONE]
        assert [thought async for thought in brain.reply(ASKED)] == [Say("Sunny.")]
    assert endpoint.asked[-1]["model"] == "another"


@pytest.mark.parametrize("said", [False, True])
async def test_a_stall_is_ended(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, said: bool) -> None:
    monkeypatch.setattr(chat, "_CHUNK_S", 1.0)
    endpoint.answer = [*(words("It is", " sunny. It", " i") if said else []), STALL]
    assert await answer(endpoint) == ([Say("It is sunny."), Say(LOST)] if said else [Say(APOLOGY)])
    async with asyncio.timeout(5):
        await endpoint.closed.wait()
    assert endpoint.open == 0


async def test_a_stall_before_the_headers_is_ended(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_BEGIN_S", 1.0)
    endpoint.stalls_before_headers = True
    assert await answer(endpoint) == [Say(APOLOGY)]
    async with asyncio.timeout(5):
        await endpoint.closed.wait()


@virtual_time
async def test_the_deadline_is_from_one_piece_to_the_next() -> None:
    async def slow(*pauses_s: float) -> AsyncIterator[Any]:
        for pause_s in pauses_s:
            await asyncio.sleep(pause_s)
            yield {"choices": []}

    assert len([chunk async for chunk in chat._in_time(slow(*[9.0] * 60))]) == 60
    with pytest.raises(TimeoutError):
        assert [chunk async for chunk in chat._in_time(slow(1.0, 11.0))]


@pytest.mark.parametrize(
    "broken",
    [
        ["data: {no json}\n\n"],
        ["data: [1, 2]\n\n"],
        ['data: {"choices": "none"}\n\n'],
        [{"choices": [{"index": 0}]}],
        [{"choices": [{"index": 0, "delta": {"content": {"a": 1}}}]}],
        [{"error": {"message": "out of memory"}}],
        call({"arguments": "{}"}),
        call({"name": "weather", "arguments": '{"city": "Par'}),
        call({"name": "weather", "arguments": "[1]"}),
        [*words("It is sunn"), CUT],
    ],
)
async def test_a_stream_that_makes_no_sense_is_an_apology_and_no_call(endpoint: Endpoint, broken: list[Any]) -> None:
    endpoint.answer = [*broken, DONE]
    assert await answer(endpoint) == [Say(APOLOGY)]
    endpoint.answer = [*words("Hm. ", "Well"), *broken, DONE]
    first, *_, last = await answer(endpoint)
    assert (first, last) == (Say("Hm."), Say(LOST))


async def test_chunks_without_a_choice_are_passed_over(endpoint: Endpoint) -> None:
    endpoint.answer = [": a comment\n\n", {"choices": []}, *words("Sunny."), {"usage": {"total_tokens": 3}}, DONE]
    assert await answer(endpoint) == [Say("Sunny.")]


async def test_whoever_stops_listening_closes_the_request(endpoint: Endpoint) -> None:
    endpoint.answer = [*words("It is sunny. It"), STALL]

    async def listen() -> None:
        async for _ in brain.reply(ASKED):
            heard.set()

    heard = asyncio.Event()
    async with thinking(endpoint) as brain, asyncio.timeout(5):
        listening = asyncio.create_task(listen())
        await heard.wait()
        assert endpoint.open == 1
        listening.cancel()
        await endpoint.closed.wait()
        assert endpoint.open == 0
