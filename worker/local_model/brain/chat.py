"""A brain elsewhere: any chat endpoint that speaks OpenAI's chat protocol, with streaming and tools."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import openai

from worker.local_model.conversation import Conversation, Message, Say, ToolCall, ToolResult

logger = logging.getLogger(__name__)

APOLOGY = "I am sorry, I cannot think right now. Please try again in a moment."
_FIRST_TOKEN_S = 10.0
_WHOLE_S = 60.0
_ENDS = (". ", "! ", "? ", "\n")


class ChatBrain:
    """Words are passed on sentence by sentence. An endpoint that fails is an apology and a log line, never an error."""

    def __init__(self, url: str, *, api_key: str = "none", model: str = "") -> None:
        self._client = openai.AsyncOpenAI(base_url=url, api_key=api_key, max_retries=0, timeout=_WHOLE_S)
        self._model = model

    async def reply(self, conversation: Conversation) -> AsyncIterator[Say | ToolCall]:
        said = False
        try:
            async for thought in self._think(conversation):
                said = True
                yield thought
        except (openai.OpenAIError, TimeoutError, ValueError, IndexError) as error:
            logger.error("the chat endpoint failed: %s. Check BATON_LOCAL_LLM_URL.", type(error).__name__)
            if not said:
                yield Say(APOLOGY)

    async def _think(self, conversation: Conversation) -> AsyncIterator[Say | ToolCall]:
        tools: dict[str, Any] = {}
        if conversation.tools and conversation.tool_choice != "none":
            tools["tools"] = [
                {
                    "type": "function",
                    "function": {"name": one.name, "description": one.description, "parameters": one.parameters},
                }
                for one in conversation.tools
            ]
            named = conversation.tool_choice not in ("auto", "required")
            tools["tool_choice"] = (
                {"type": "function", "function": {"name": conversation.tool_choice}}
                if named
                else conversation.tool_choice
            )
        async with asyncio.timeout(_FIRST_TOKEN_S):
            model = self._model or (await self._client.models.list()).data[0].id
            self._model = model
            stream = await self._client.chat.completions.create(
                model=model, messages=_messages(conversation), stream=True, **tools
            )
        words, calls = "", dict[int, list[str]]()
        async with stream:
            async for chunk in stream:
                if not chunk.choices:
                    continue
                delta = chunk.choices[0].delta
                words += delta.content or ""
                for call in delta.tool_calls or []:
                    parts = calls.setdefault(call.index, ["", ""])
                    if call.function:
                        parts[0] += call.function.name or ""
                        parts[1] += call.function.arguments or ""
                while (end := _sentence_end(words)) is not None:
                    yield Say(words[:end])
                    words = words[end:]
        if words.strip():
            yield Say(words)
        for name, arguments in calls.values():
            yield ToolCall(name, arguments or "{}")


def _sentence_end(words: str) -> int | None:
    ends = [at + len(mark) for mark in _ENDS if (at := words.find(mark)) >= 0]
    return min(ends) if ends else None


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
