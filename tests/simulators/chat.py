"""A text model that plays a script: in place of LiveKit's LLM, or as a server of OpenAI's or Gemini's chat protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, APIStatusError, llm


@dataclass(frozen=True, slots=True)
class Answer:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """A tool call; `arguments` go out as they stand, valid JSON or not."""

    tool: str
    arguments: str = "{}"
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so long."""

    s: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request fails with this status."""

    status: int
    message: str = "refused"


Step = Answer | Use | Pause | Refuse


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `messages` are those of OpenAI's protocol; `number` counts from 0."""

    number: int
    messages: Sequence[Mapping[str, Any]]
    tools: tuple[str, ...]
    may_call: bool

    @property
    def request(self) -> str:
        """What the sub-agent was asked."""
        return next(str(one["content"]) for one in self.messages if one["role"] == "user")

    @property
    def told(self) -> str:
        """Its instructions."""
        return next(str(one["content"]) for one in self.messages if one["role"] == "system")

    @property
    def results(self) -> list[str]:
        """The outputs that stand at the end."""
        outputs = list[str]()
        for one in reversed(self.messages):
            if one["role"] != "tool":
                break
            outputs.insert(0, str(one["content"]))
        return outputs


Script = Callable[[Asked], Sequence[Step]]


def in_turn(*replies: Sequence[Step]) -> Script:
    """One reply after the other, whatever is asked."""
    return lambda asked: replies[asked.number]


@dataclass(eq=False)
class ScriptedLLM(llm.LLM[Any]):
    """LiveKit's interface without a network. Each request costs 100 tokens in and 10 out."""

    script: Script
    asked: list[Asked] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def model(self) -> str:
        return "scripted"

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **more: Any,
    ) -> llm.LLMStream:
        messages, _ = chat_ctx.to_provider_format("openai")
        names = tuple(llm.ToolContext(tools or []).function_tools)
        asked = Asked(len(self.asked), json.loads(json.dumps(messages)), names, more.get("tool_choice") != "none")
        self.asked.append(asked)
        return _Stream(self, asked, chat_ctx, tools or [], conn_options)

    async def aclose(self) -> None:
        self.closed = True


class _Stream(llm.LLMStream):
    def __init__(self, model: ScriptedLLM, asked: Asked, chat_ctx: llm.ChatContext, tools: Any, options: Any) -> None:
        self._steps = model.script(asked)
        super().__init__(model, chat_ctx=chat_ctx, tools=tools, conn_options=options)

    async def _run(self) -> None:
        for number, step in enumerate(self._steps):
            match step:
                case Answer(text):
                    self._send(llm.ChoiceDelta(role="assistant", content=text))
                case Use(tool, arguments, call_id):
                    call_id = call_id or f"own_{id(self)}_{number}"
                    call = llm.FunctionToolCall(name=tool, arguments=arguments, call_id=call_id)
                    self._send(llm.ChoiceDelta(role="assistant", tool_calls=[call]))
                case Pause(s):
                    await asyncio.sleep(s)
                case Refuse(status, message):
                    raise APIStatusError(message, status_code=status)
        usage = llm.CompletionUsage(prompt_tokens=100, completion_tokens=10, total_tokens=110)
        self._event_ch.send_nowait(llm.ChatChunk(id="chunk", usage=usage))

    def _send(self, delta: llm.ChoiceDelta) -> None:
        self._event_ch.send_nowait(llm.ChatChunk(id="chunk", delta=delta))


@dataclass
class ChatServer:
    """Chat completions as OpenAI streams them, and as Gemini does. `script` is the test's to set."""

    script: Script
    asked: list[Asked] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator["ChatServer"]:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._openai)
        application.router.add_post("/{version}/models/{model}:streamGenerateContent", self._gemini)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        tools = tuple(tool["function"]["name"] for tool in body.get("tools") or [])
        asked = Asked(len(self.asked), body["messages"], tools, body.get("tool_choice") != "none")
        self._note(asked, body, request.headers["Authorization"].removeprefix("Bearer "))
        steps = self.script(asked)
        if isinstance(steps[0], Refuse):
            return web.json_response({"error": {"message": steps[0].message}}, status=steps[0].status)
        if not body.get("stream"):
            return web.json_response(await _at_once(steps, asked.number))
        return await _stream(
            request, steps, lambda step, number: _as_openai(step, number, asked.number), b"data: [DONE]"
        )

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        declared = [one for tool in body.get("tools") or [] for one in tool["functionDeclarations"]]
        mode = ((body.get("toolConfig") or {}).get("functionCallingConfig") or {}).get("mode")
        system = {"role": "system", "content": body["systemInstruction"]["parts"][0]["text"]}
        messages = [system, *(one for turn in body["contents"] for one in _from_gemini(turn))]
        asked = Asked(len(self.asked), messages, tuple(one["name"] for one in declared), mode != "NONE")
        self._note(asked, body, request.headers["x-goog-api-key"])
        steps = self.script(asked)
        if isinstance(steps[0], Refuse):
            error = {"code": steps[0].status, "message": steps[0].message, "status": "REFUSED"}
            return web.json_response({"error": error}, status=steps[0].status)
        return await _stream(request, steps, lambda step, _: _as_gemini(step), b"")

    def _note(self, asked: Asked, body: Any, key: str) -> None:
        self.asked.append(asked)
        self.bodies.append(body)
        self.keys.append(key)


async def _at_once(steps: Sequence[Step], number: int) -> Any:
    """A completion of words alone, for a client that does not stream."""
    words = list[str]()
    for step in steps:
        match step:
            case Pause(s):
                await asyncio.sleep(s)
            case Answer(text):
                words.append(text)
    message = {"role": "assistant", "content": "".join(words)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": f"chat-{number}", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice]}


async def _stream(
    request: web.Request, steps: Sequence[Step], chunks: Callable[[Step | None, int], Iterator[Any]], end: bytes
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number, step in enumerate([*steps, None]):
        if isinstance(step, Pause):
            await asyncio.sleep(step.s)
        for chunk in chunks(step, number):
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(end + b"\n\n")
    return response


def _as_openai(step: Step | None, number: int, reply: int) -> Iterator[Any]:
    """A tool's arguments come in two pieces, words one by one, and usage when all is over, as from the service."""

    def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> Any:
        choices = [] if "usage" in more else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
        head = {"id": f"chat-{reply}", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        return {**head, "choices": choices, **more}

    match step:
        case Answer(text):
            for word in text.split(" "):
                yield chunk({"role": "assistant", "content": f"{word} "})
        case Use(tool, arguments, call_id):
            half = len(arguments) // 2
            call_id = call_id or f"call_{reply}_{number}"
            named = {"name": tool, "arguments": ""}
            for part in ({"id": call_id, "type": "function", "function": named},):
                yield chunk({"role": "assistant", "tool_calls": [{"index": number, **part}]})
            for piece in (arguments[:half], arguments[half:]):
                yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
        case None:
            yield chunk(finish="stop")
            yield chunk(usage={"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110})
        case _:
            pass


def _as_gemini(step: Step | None) -> Iterator[Any]:
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}
    match step:
        case Answer(text):
            yield {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]}
        case Use(tool, arguments, _):
            part = {"functionCall": {"name": tool, "args": json.loads(arguments)}}
            yield {"candidates": [{"content": {"role": "model", "parts": [part]}}]}
        case None:
            yield {"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage}
        case _:
            pass


def _from_gemini(turn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in turn["parts"]:
        if "text" in part:
            yield {"role": "assistant" if turn["role"] == "model" else "user", "content": part["text"]}
        elif "functionCall" in part:
            yield {"role": "assistant", "tool_calls": [part["functionCall"]]}
        elif "functionResponse" in part:
            told = part["functionResponse"]["response"]
            yield {"role": "tool", "content": told.get("output", told.get("error"))}
