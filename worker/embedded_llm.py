"""The embedded model as a text model: LiveKit's LLM interface over its realtime protocol.

Each request is a session of its own on loopback, and a single event: whatever it rests on is in there.
"""

from typing import Any, cast

import aiohttp
from livekit.agents import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectionError,
    APIConnectOptions,
    APIStatusError,
    NotGivenOr,
    llm,
)
from livekit.agents.utils import is_given

_MODEL = "baton-local"


class EmbeddedLLM(llm.LLM[Any]):
    """Of the server at `base_url`, as `http://127.0.0.1:8790/v1`. It counts no tokens."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.url = f"{base_url}/realtime?model={_MODEL}"
        self.http = aiohttp.ClientSession()

    @property
    def model(self) -> str:
        return _MODEL

    @property
    def provider(self) -> str:
        return "local"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,
        **_: Any,  # what tunes other models
    ) -> llm.LLMStream:
        choice = tool_choice if is_given(tool_choice) else "auto"
        return _Stream(self, _request(chat_ctx, tools or [], choice), chat_ctx, tools or [], conn_options)

    async def aclose(self) -> None:
        await super().aclose()
        await self.http.close()


class _Stream(llm.LLMStream):
    def __init__(
        self,
        model: EmbeddedLLM,
        request: dict[str, Any],
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
    ) -> None:
        self._request, self._http, self._url = request, model.http, model.url
        super().__init__(model, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)

    async def _run(self) -> None:
        try:
            patience = aiohttp.ClientWSTimeout(ws_receive=self._conn_options.timeout)
            async with self._http.ws_connect(self._url, compress=0, timeout=patience) as socket:
                await socket.send_json({"type": "response.create", "response": self._request})
                response = await _done(socket)
        except (aiohttp.ClientError, OSError) as error:
            raise APIConnectionError from error
        if response["status"] != "completed":
            raise APIStatusError("the embedded model failed", status_code=500)
        for item in response["output"]:
            self._event_ch.send_nowait(llm.ChatChunk(id=response["id"], delta=_delta(item)))


async def _done(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The response, when it is over."""
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        event = message.json()
        match event["type"]:
            case "response.done":
                return cast("dict[str, Any]", event["response"])
            case "error":
                raise APIStatusError(f"the embedded model refused: {event['error']['code']}", status_code=400)
    raise APIConnectionError("The embedded model hung up.")


def _delta(item: dict[str, Any]) -> llm.ChoiceDelta:
    if item["type"] == "function_call":
        call = llm.FunctionToolCall(name=item["name"], arguments=item["arguments"], call_id=item["call_id"])
        return llm.ChoiceDelta(role="assistant", tool_calls=[call])
    return llm.ChoiceDelta(role="assistant", content="".join(part["text"] for part in item["content"]))


def _request(chat_ctx: llm.ChatContext, tools: list[llm.Tool], choice: llm.ToolChoice) -> dict[str, Any]:
    """A `response` of the protocol that stands outside the session's conversation."""
    instructions = [item.text_content or "" for item in chat_ctx.messages() if item.role == "system"]
    functions = llm.ToolContext(tools).parse_function_tools("openai", strict=False)
    return {
        "conversation": "none",
        "output_modalities": ["text"],
        "instructions": "\n\n".join(instructions),
        "tools": [{"type": "function", **function["function"]} for function in functions],
        "tool_choice": choice if isinstance(choice, str) else {"type": "function", "name": choice["function"]["name"]},
        "input": [known for item in chat_ctx.items if (known := _wire(item))],
    }


def _wire(item: llm.ChatItem) -> dict[str, Any] | None:
    match item:
        case llm.ChatMessage(role="user" | "assistant" as role):
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": "message", "role": role, "content": [{"type": kind, "text": item.text_content or ""}]}
        case llm.FunctionCall():
            called = {"call_id": item.call_id, "name": item.name, "arguments": item.arguments}
            return {"type": "function_call", **called}
        case llm.FunctionCallOutput():
            return {"type": "function_call_output", "call_id": item.call_id, "output": item.output}
        case _:
            return None
