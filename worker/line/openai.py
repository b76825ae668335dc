"""A LiveKit plugin session of the OpenAI Realtime protocol (OpenAI, the embedded model), in the line's vocabulary.

The plugin brings the socket and the protocol's dialects; it does not dial again, the line does. Turns, requests for
replies and memory are ours, so they go out as the protocol's own events, and what comes back is read from the plugin's raw
hook: one ordered stream, with the ids that the plugin's own events leave out.
"""

import base64
import contextlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import aiohttp
from livekit.agents import llm
from livekit.agents.utils import shortuuid

from worker.line import memory
from worker.line.endpoint import Endpoint
from worker.line.events import (
    ArmRefused,
    AskRefused,
    Audio,
    Connected,
    Failure,
    LinkEvent,
    LinkLost,
    MessageEnded,
    MessageStarted,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
    Usage,
)
from worker.line.failures import CODES
from worker.line.link import Arms
from worker.line.openai_model import realtime_model, session_update

_HEARTBEAT_S = 8.0  # half of it after a ping without an answer, the socket is taken to be dead


class OpenAILink:
    """A `Link` to whoever speaks OpenAI's Realtime protocol."""

    def __init__(
        self, endpoint: Endpoint, arms: Arms, entries: Sequence[memory.Entry], emit: Callable[[LinkEvent], None]
    ) -> None:
        self._emit = emit
        self._endpoint, self._profile = endpoint, endpoint.profile
        self._arms = arms
        self._over = False
        self._complaint: dict[str, Any] = {}  # the provider's last error: why it then ends the session
        self._http = aiohttp.ClientSession(trust_env=True)  # proxies of the environment, NO_PROXY included
        self._sockets = _Sockets(self._http)
        voice = self._profile.voice(arms.role)
        self._session = realtime_model(endpoint, voice, cast("aiohttp.ClientSession", self._sockets)).session()
        self._session.on("openai_client_event_queued", self._on_client_event)
        self._session.on("openai_server_event_received", _Hook(self._on_server_event))
        self._session.on("error", self._on_error)
        self.arm(arms)
        for entry in entries:
            self.remember(entry)

    def hear(self, pcm: bytes) -> None:
        self._send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    def arm(self, arms: Arms) -> None:
        voice = self._profile.voice(arms.role)
        changed = voice if voice != self._profile.voice(self._arms.role) else None
        session = session_update(self._endpoint, arms.told, arms.tools, changed)
        self._arms = arms
        self._send("session.update", event_id=f"{_ARM}{arms.epoch}", session=session)

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        ask = shortuuid(_ASK)
        response: dict[str, Any] = {"metadata": {"client_event_id": ask}}
        if hint:
            response["instructions"] = f"{self._arms.told}\n\n{hint}"
        if not tools:
            response["tool_choice"] = "none"
        self._send("response.create", event_id=ask, response=response)
        return ask

    def cancel(self, reply: str | None = None) -> None:
        self._send("response.cancel", **({"response_id": reply} if reply else {}))

    def truncate(self, item: str, heard_ms: int) -> None:
        self._send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=heard_ms)

    def forget(self, item: str) -> None:
        self._send("conversation.item.delete", item_id=item)

    def remember(self, entry: memory.Entry, after: str | None = None) -> None:
        place = {"previous_item_id": after} if after else {}
        self._send("conversation.item.create", item=_wire_item(entry, pictures=self._profile.images), **place)

    async def close(self) -> None:
        self._over = True
        with contextlib.suppress(Exception):  # the plugin raises again what ended its session: LinkLost has told it
            await self._session.aclose()
        await self._http.close()

    def _send(self, kind: str, **fields: Any) -> None:
        self._session.send_event({"type": kind, **fields})

    def _tell(self, event: LinkEvent) -> None:
        if not self._over:
            self._over = isinstance(event, LinkLost)
            self._emit(event)

    def _on_client_event(self, _: object) -> None:
        """The first of them leaves: the socket is there."""
        self._session.off("openai_client_event_queued", self._on_client_event)
        self._tell(Connected())

    def _on_server_event(self, event: dict[str, Any]) -> None:
        if event["type"] == "error":
            self._complaint = event["error"]
        for told in _translate(event):
            self._tell(told)
        if event["type"] in _TAKEN:
            event["type"] = "taken"

    def _on_error(self, error: llm.RealtimeModelError) -> None:
        """The end of the session. Errors that are none come through the raw hook."""
        if not error.recoverable:
            self._tell(LinkLost(*self._why(error.error)))

    def _why(self, error: Exception) -> tuple[Failure, str]:
        code = self._complaint.get("code") or self._complaint.get("type") or ""
        if code in CODES:
            return CODES[code], str(self._complaint.get("message") or code)
        if (status := self._sockets.refused) is not None:
            return _REFUSALS.get(status, Failure.OVERLOAD), f"the provider refused the connection with {status}"
        if (close := self._sockets.close_code) is not None:
            return _CLOSES.get(close, Failure.NETWORK), f"the provider closed the connection ({close})"
        cause = error.__cause__ or error
        return Failure.NETWORK, str(getattr(cause, "message", "") or cause) or type(cause).__name__


class _Sockets:
    """What the plugin dials with: sockets that notice when nobody is there, and tell how they ended."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.refused: int | None = None

    async def ws_connect(self, *, url: str, headers: Mapping[str, str]) -> aiohttp.ClientWebSocketResponse:
        try:
            self._socket = await self._http.ws_connect(url, headers=headers, heartbeat=_HEARTBEAT_S)
        except aiohttp.WSServerHandshakeError as error:
            self.refused = error.status
            raise
        return self._socket

    @property
    def close_code(self) -> int | None:
        """As the provider gave it; None when it did not close the socket."""
        code = self._socket.close_code if self._socket else None
        return None if code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE else code


_REFUSALS: Mapping[int, Failure] = {
    400: Failure.CONTENT,
    401: Failure.AUTH,
    403: Failure.AUTH,
    404: Failure.AUTH,
    402: Failure.QUOTA,
    429: Failure.RATE_LIMIT,
}
_CLOSES: Mapping[int, Failure] = {
    aiohttp.WSCloseCode.OK: Failure.SESSION,
    aiohttp.WSCloseCode.GOING_AWAY: Failure.SESSION,
    aiohttp.WSCloseCode.POLICY_VIOLATION: Failure.AUTH,
    aiohttp.WSCloseCode.INVALID_TEXT: Failure.CONTENT,
    aiohttp.WSCloseCode.INTERNAL_ERROR: Failure.OVERLOAD,
    aiohttp.WSCloseCode.SERVICE_RESTART: Failure.OVERLOAD,
    aiohttp.WSCloseCode.TRY_AGAIN_LATER: Failure.OVERLOAD,
}
_ASK, _ARM = "ask_", "arm_"
# What the plugin would keep a second time, and nobody would fetch there: sound as frames, until the reply is over.
_TAKEN = frozenset(
    {"response.output_audio.delta", "response.output_audio_transcript.delta", "response.output_text.delta"}
)


class _Hook:
    """A callback of LiveKit's `EventEmitter`, which asks for its signature at each event: longer than the event takes."""

    __signature__ = inspect.Signature([inspect.Parameter("event", inspect.Parameter.POSITIONAL_ONLY)])

    def __init__(self, take: Callable[[dict[str, Any]], None]) -> None:
        self._take = take

    def __call__(self, event: dict[str, Any], /) -> None:
        self._take(event)


def _translate(event: dict[str, Any]) -> Sequence[LinkEvent]:
    """A server event in the line's words, none for what a call does not need."""
    match event["type"]:
        case "response.output_audio.delta":
            return [Audio(event["response_id"], event["item_id"], base64.b64decode(event["delta"]))]
        case "response.output_audio_transcript.delta" | "response.output_text.delta":
            return [Text(event["response_id"], event["item_id"], event["delta"])]
        case "response.created":
            ask = (event["response"].get("metadata") or {}).get("client_event_id", "")
            return [ReplyStarted(event["response"]["id"], ask)]
        case "response.output_item.added" if event["item"]["type"] == "message":
            return [MessageStarted(event["response_id"], event["item"]["id"])]
        case "response.output_item.done" if event["item"]["type"] == "message":
            return [MessageEnded(event["response_id"], event["item"]["id"])]
        case "response.output_item.done" if event["item"]["type"] == "function_call":
            item = event["item"]
            call_id, name, arguments = item["call_id"], item["name"], item["arguments"]
            return [ToolRequested(event["response_id"], item["id"], call_id, name, arguments)]
        case "response.done":
            response = event["response"]
            used = [_usage(response["id"], response["usage"])] if response.get("usage") else []
            return [*used, ReplyEnded(response["id"], _failure(response))]
        case "input_audio_buffer.speech_started":
            return [SpeechStarted(event["item_id"], event["audio_start_ms"])]
        case "input_audio_buffer.speech_stopped":
            return [SpeechStopped(event["item_id"], event["audio_end_ms"])]
        case "conversation.item.input_audio_transcription.completed":
            sure = [token["logprob"] for token in event.get("logprobs") or ()]
            mean = sum(sure) / len(sure) if sure else None
            transcript = Transcript(event["item_id"], event["transcript"], final=True, sure=mean)
            return [transcript, _transcriber_usage(event["usage"])] if event.get("usage") else [transcript]
        case "conversation.item.input_audio_transcription.failed":
            return [Transcript(event["item_id"], "", final=True)]
        case "error":
            return _refusal(event["error"])
        case _:
            return []


def _usage(reply: str, usage: dict[str, Any]) -> Usage:
    read, made = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
    cached = read.get("cached_tokens_details") or {}
    return Usage(
        reply=reply,
        input_text=read.get("text_tokens") or 0,
        input_audio=read.get("audio_tokens") or 0,
        input_image=read.get("image_tokens") or 0,
        cached=read.get("cached_tokens") or 0,
        cached_text=cached.get("text_tokens") or 0,
        cached_audio=cached.get("audio_tokens") or 0,
        cached_image=cached.get("image_tokens") or 0,
        output_text=made.get("text_tokens") or 0,
        output_audio=made.get("audio_tokens") or 0,
    )


def _transcriber_usage(usage: dict[str, Any]) -> Usage:
    """By tokens, or by the seconds of speech: as the transcriber is billed."""
    return Usage(
        transcribed=usage.get("input_tokens") or 0,
        transcript=usage.get("output_tokens") or 0,
        transcribed_s=usage.get("seconds") or 0.0,
    )


def _refusal(error: dict[str, Any]) -> Sequence[LinkEvent]:
    cause, code = error.get("event_id") or "", error.get("code") or ""
    if cause.startswith(_ARM):
        return [ArmRefused(int(cause.removeprefix(_ARM)), error.get("message", ""))]
    if cause.startswith(_ASK) or code == "conversation_already_has_active_response":
        return [AskRefused(cause, code)]
    return []


def _failure(response: dict[str, Any]) -> str:
    if response["status"] in ("completed", "cancelled"):
        return ""
    details = response.get("status_details") or {}
    error = details.get("error") or {}
    return str(error.get("code") or error.get("type") or details.get("reason") or response["status"])


def _wire_item(entry: memory.Entry, *, pictures: bool) -> dict[str, Any]:
    match entry:
        case memory.Said(item, role, text):
            kind = "output_text" if role == "assistant" else "input_text"
            return {"id": item, "type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        case memory.Called(item, call_id, name, arguments):
            return {"id": item, "type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        case memory.Returned(item, call_id, _, output):
            return {"id": item, "type": "function_call_output", "call_id": call_id, "output": output}
        case memory.Shown(item, text, jpegs) if pictures:
            urls = [f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" for jpeg in jpegs]
            images = [{"type": "input_image", "image_url": url} for url in urls]
            return {"id": item, "type": "message", "role": "user", "content": [_input_text(text), *images]}
        case memory.Frame(item, source, text, jpeg) if pictures:
            url = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
            detail = "high" if source == "screen" else "auto"  # else a screen's text is lost
            image = {"type": "input_image", "image_url": url, "detail": detail}
            return {"id": item, "type": "message", "role": "user", "content": [_input_text(text), image]}
        case memory.Shown(item) | memory.Frame(item):
            return {"id": item, "type": "message", "role": "user", "content": [_input_text(entry.words)]}


def _input_text(text: str) -> dict[str, str]:
    return {"type": "input_text", "text": text}
