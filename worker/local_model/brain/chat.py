"""A brain elsewhere: any chat endpoint that speaks OpenAI's chat protocol, with streaming and tools."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import openai
from livekit.agents.tokenize import blingfire
from pydantic import BaseModel, ConfigDict

from worker.local_model.conversation import Conversation, Message, Say, ToolCall, ToolResult

logger = logging.getLogger(__name__)

APOLOGY = "I am sorry, I cannot think right now. Please try again in a moment."
LOST = "I am sorry, I have lost my thread. Could you say that again?"
_BEGIN_S = 10.0  # until the endpoint has begun to answer
_CHUNK_S = 10.0  # from one piece of an answer to the next


class ChatBrain:
    """Words are passed on sentence by sentence. An endpoint that fails is an apology and a log line, never an error."""

    def __init__(self, url: str, *, api_key: str = "none", model: str = "") -> None:
        self._client = openai.AsyncOpenAI(base_url=url, api_key=api_key, max_retries=0)
        self._wanted = self._model = model
        self._sentences = blingfire.SentenceTokenizer(min_sentence_len=1, retain_format=True)

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Say | ToolCall]:
        said = False
        try:
            async with aclosing(self._think(conversation)) as thoughts:
                async for thought in thoughts:
                    said = True
                    yield thought
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            self._model = self._wanted  # the endpoint may come back with another
            logger.error("the chat endpoint failed: %s. Check BATON_LOCAL_LLM_URL.", _named(error))
            yield Say(LOST if said else APOLOGY)

    async def close(self) -> None:
        await self._client.close()

    async def _think(self, conversation: Conversation) -> AsyncGenerator[Say | ToolCall]:
        async with asyncio.timeout(_BEGIN_S):
            model = self._model = self._model or await self._first_model()
            stream = await self._client.chat.completions.create(
                model=model, messages=_messages(conversation), stream=True, **_tools(conversation)
            )
        words, calls = "", dict[int, _Function]()
        async with stream:
            async for chunk in _in_time(stream):
                for choice in (chunk.choices or [])[:1]:
                    words += choice.delta.content or ""
                    for call in choice.delta.tool_calls or []:
                        called = calls.setdefault(call.index, _Function())
                        called.name = (called.name or "") + (call.function.name or "")
                        called.arguments = (called.arguments or "") + (call.function.arguments or "")
                    *whole, words = self._sentences.tokenize(words) or [""]
                    for sentence in whole:  # the last may go on: `4.` is no end, if `90` comes next
                        yield Say(sentence)
        if words.strip():
            yield Say(words)
        for whole_call in [_call(called) for called in calls.values()]:  # all are looked at before one is made
            yield whole_call

    async def _first_model(self) -> str:
        models = (await self._client.models.list()).data
        if not models:
            raise ValueError("it has no model")
        return models[0].id


class _Read(BaseModel):
    """What is read of a stream. What else is in it, and in which order, differs from one server to the next."""

    model_config = ConfigDict(from_attributes=True)


class _Function(_Read):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(_Read):
    index: int = 0
    function: _Function = _Function()


class _Delta(_Read):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(_Read):
    delta: _Delta


class _Chunk(_Read):
    choices: list[_Choice] | None = None


async def _in_time(stream: AsyncIterator[Any]) -> AsyncIterator[_Chunk]:
    """Raises TimeoutError when a piece is late, ValueError for one that is none."""
    while True:
        try:
            async with asyncio.timeout(_CHUNK_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        yield _Chunk.model_validate(chunk)


def _call(called: _Function) -> ToolCall:
    """Raises ValueError for half a call."""
    if not called.name or not isinstance(json.loads(called.arguments or "{}"), dict):
        raise ValueError("a tool call without a name, or with arguments that are no object")
    return ToolCall(called.name, called.arguments or "{}")


def _named(error: Exception) -> str:
    """What went wrong, without what people said: a validation error, for one, quotes it."""
    status = f" {error.status_code}" if isinstance(error, openai.APIStatusError) else ""
    return f"{type(error).__name__}{status}"


def _tools(conversation: Conversation) -> dict[str, Any]:
    if not conversation.tools or conversation.tool_choice == "none":
        return {}
    choice = conversation.tool_choice
    return {
        "tools": [
            {
                "type": "function",
                "function": {"name": one.name, "description": one.description, "parameters": one.parameters},
            }
            for one in conversation.tools
        ],
        "tool_choice": choice if choice in ("auto", "required") else {"type": "function", "function": {"name": choice}},
    }


def _messages(conversation: Conversation) -> list[Any]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": conversation.instructions}]
    for item in conversation.items:
        match item:
            case Message(role, text):
                messages.append({"role": role, "content": text})
            case ToolCall(name, arguments, call_id):
                call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
                messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            case ToolResult(call_id, output):
                messages.append({"role": "tool", "tool_call_id": call_id, "content": output})
    return messages
