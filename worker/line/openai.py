"""A LiveKit plugin session of the OpenAI Realtime protocol (OpenAI, the embedded model), in the line's vocabulary.

The plugin brings the socket, its reconnects and the protocol's dialects. Turns, requests for replies and memory are
ours, so they go out as the protocol's own events, and what comes back is read from the plugin's raw hook: one ordered
stream, with the ids that the plugin's own events leave out.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import aiohttp
from livekit.agents import APIConnectOptions, llm
from livekit.agents.utils import shortuuid
from livekit.plugins.openai import realtime
from openai.types.realtime import AudioTranscription
from openai.types.realtime.realtime_audio_input_turn_detection import ServerVad

from worker.line import memory
from worker.line.events import (
    ArmRefused,
    AskRefused,
    Audio,
    LineEvent,
    LineLost,
    MessageEnded,
    MessageStarted,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
)
from worker.line.profile import Profile

_CONNECT = APIConnectOptions(max_retry=8, retry_interval=1.0, timeout=10.0)
_SESSION_S = 55 * 60  # the service ends a session at 60 minutes; the plugin moves to a new one between two replies
_TRANSCRIBER = "gpt-4o-mini-transcribe"


class OpenAILink:
    """One provider session. `emit` gets its events, `reconnected` is called when a new socket stands in for a lost one."""

    def __init__(
        self,
        profile: Profile,
        *,
        base_url: str,
        api_key: str,
        voice: str,
        emit: Callable[[LineEvent], None],
        reconnected: Callable[[], object],
    ) -> None:
        self._emit = emit
        self._http = aiohttp.ClientSession(trust_env=True)  # proxies of the environment, NO_PROXY included
        self._model = realtime.RealtimeModel(
            model=profile.model,
            voice=voice,
            modalities=["audio"],
            base_url=base_url,
            api_key=api_key,
            turn_detection=ServerVad(
                type="server_vad",
                create_response=False,
                interrupt_response=False,
                silence_duration_ms=profile.silence_ms,
                prefix_padding_ms=300,
            ),
            input_audio_transcription=AudioTranscription(model=_TRANSCRIBER, language="en"),
            http_session=self._http,
            max_session_duration=_SESSION_S,
            conn_options=_CONNECT,
        )
        self._reconnected = reconnected
        self._sample_rate = profile.sample_rate
        self._sends_outdated = self._outdated = False  # what was meant for the socket before: see `restore`
        self._outdated_samples = 0  # how much of it this one got
        self._dropped = set[str]()  # items that were made of it
        self._session = self._model.session()
        self._session.on("openai_client_event_queued", self._on_client_event)
        self._session.on("openai_server_event_received", self._on_server_event)
        self._session.on("error", self._on_error)
        self._session.on("session_reconnected", self._on_reconnected)

    def hear(self, pcm: bytes) -> None:
        """Caller's audio, PCM16 mono at the profile's rate, any length."""
        self._send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    def arm(self, epoch: int, instructions: str, tools: Sequence[Mapping[str, Any]], voice: str | None) -> None:
        """Who the model is from now on, in one update: all of it is taken, or ArmRefused(epoch) comes."""
        session: dict[str, Any] = {"type": "realtime", "instructions": instructions, "tools": list(tools)}
        if voice:
            session["audio"] = {"output": {"voice": voice}}
        self._send("session.update", event_id=f"{_ARM}{epoch}", session=session)

    def ask(self, instructions: str | None, *, tools: bool = True) -> str:
        """Asks for a reply; `instructions`, if any, stand in for the session's. Returns the id its events will name."""
        ask = shortuuid(_ASK)
        response: dict[str, Any] = {"metadata": {"client_event_id": ask}}
        if instructions:
            response["instructions"] = instructions
        if not tools:
            response["tool_choice"] = "none"
        self._send("response.create", event_id=ask, response=response)
        return ask

    def cancel(self, reply: str | None = None) -> None:
        """Ends the reply that runs; without effect when none does."""
        self._send("response.cancel", **({"response_id": reply} if reply else {}))

    def truncate(self, item: str, heard_ms: int) -> None:
        """The model forgets what it said in `item` after `heard_ms`."""
        if heard_ms > 0:
            self._send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=heard_ms)
        else:
            self.forget(item)

    def forget(self, item: str) -> None:
        self._send("conversation.item.delete", item_id=item)

    def remember(self, entry: memory.Entry, after: str | None = None) -> None:
        """Adds something to the model's memory: after an item, at the beginning (`root`), or at the end."""
        place = {"previous_item_id": after} if after else {}
        self._send("conversation.item.create", item=_wire_item(entry), **place)

    async def restore(self, entries: Sequence[memory.Entry]) -> None:
        """Makes the model's memory just this. Raises llm.RealtimeError when the provider does not confirm it.

        Audio that was on its way when the socket went is what the plugin sends first on the new one, and nothing that
        is made of it counts: all of the caller's speech is given to the new session once more.
        """
        self._send("input_audio_buffer.clear")
        await self._session.update_chat_ctx(llm.ChatContext([_chat_item(entry) for entry in entries]))

    async def close(self) -> None:
        try:
            await self._session.aclose()
        except Exception:  # the plugin raises again what ended its session, which LineLost has told already
            pass
        finally:
            await self._http.close()

    def _send(self, kind: str, **fields: Any) -> None:
        self._session.send_event({"type": kind, **fields})

    def _on_error(self, error: llm.RealtimeModelError) -> None:
        """The socket's own errors; the protocol's come through the raw hook."""
        cause = error.error
        if not error.recoverable or type(cause).__name__ == "APIConnectionError":
            self._emit(LineLost(str(getattr(cause, "message", cause)), final=not error.recoverable))

    def _on_reconnected(self, _: object) -> None:
        self._outdated, self._sends_outdated, self._outdated_samples = True, True, 0
        self._reconnected()

    def _on_client_event(self, event: dict[str, Any]) -> None:
        if self._sends_outdated:
            if event["type"] == "input_audio_buffer.append":
                self._outdated_samples += len(base64.b64decode(event["audio"])) // 2
            elif event["type"] == "input_audio_buffer.clear":
                self._sends_outdated = False

    def _on_server_event(self, event: dict[str, Any]) -> None:
        if self._outdated and event["type"].startswith("input_audio_buffer."):
            self._on_outdated(event)
            return
        match told := _translate(event):
            case None:
                pass
            case Transcript(item) if item in self._dropped:
                self._dropped.discard(item)
            case SpeechStarted() | SpeechStopped():
                outdated_ms = self._outdated_samples * 1000 // self._sample_rate
                self._emit(replace(told, at_ms=told.at_ms - outdated_ms))
            case _:
                self._emit(told)

    def _on_outdated(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "input_audio_buffer.committed":
                self._dropped.add(event["item_id"])
                self.forget(event["item_id"])
            case "input_audio_buffer.cleared":
                self._outdated = False
            case _:
                pass  # whatever began there is not what the caller says now


_ASK, _ARM = "ask_", "arm_"


def _translate(event: dict[str, Any]) -> LineEvent | None:
    """A server event in the line's words; None for what a call does not need."""
    match event["type"]:
        case "response.output_audio.delta":
            return Audio(event["response_id"], event["item_id"], base64.b64decode(event["delta"]))
        case "response.output_audio_transcript.delta" | "response.output_text.delta":
            return Text(event["response_id"], event["item_id"], event["delta"])
        case "response.created":
            ask = (event["response"].get("metadata") or {}).get("client_event_id", "")
            return ReplyStarted(event["response"]["id"], ask)
        case "response.output_item.added" if event["item"]["type"] == "message":
            return MessageStarted(event["response_id"], event["item"]["id"])
        case "response.output_item.done" if event["item"]["type"] == "message":
            return MessageEnded(event["response_id"], event["item"]["id"])
        case "response.output_item.done" if event["item"]["type"] == "function_call":
            item = event["item"]
            call_id, name, arguments = item["call_id"], item["name"], item["arguments"]
            return ToolRequested(event["response_id"], item["id"], call_id, name, arguments)
        case "response.done":
            return ReplyEnded(event["response"]["id"], _failure(event["response"]))
        case "input_audio_buffer.speech_started":
            return SpeechStarted(event["item_id"], event["audio_start_ms"])
        case "input_audio_buffer.speech_stopped":
            return SpeechStopped(event["item_id"], event["audio_end_ms"])
        case "conversation.item.input_audio_transcription.completed":
            return Transcript(event["item_id"], event["transcript"], final=True)
        case "conversation.item.input_audio_transcription.failed":
            return Transcript(event["item_id"], "", final=True)
        case "error":
            return _refusal(event["error"])
        case _:
            return None


def _refusal(error: dict[str, Any]) -> LineEvent | None:
    cause, code = error.get("event_id") or "", error.get("code") or ""
    if cause.startswith(_ARM):
        return ArmRefused(int(cause.removeprefix(_ARM)), error.get("message", ""))
    if cause.startswith(_ASK) or code == "conversation_already_has_active_response":
        return AskRefused(cause, code)
    return None


def _failure(response: dict[str, Any]) -> str:
    if response["status"] in ("completed", "cancelled"):
        return ""
    details = response.get("status_details") or {}
    error = details.get("error") or {}
    return str(error.get("code") or error.get("type") or details.get("reason") or response["status"])


_ROLES: Mapping[str, Literal["user", "assistant", "system"]] = {"assistant": "assistant", "system": "system"}


def _wire_item(entry: memory.Entry) -> dict[str, Any]:
    match entry:
        case memory.Said(item, role, text):
            kind = "output_text" if role == "assistant" else "input_text"
            return {"id": item, "type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        case memory.Called(item, call_id, name, arguments):
            return {"id": item, "type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        case memory.Returned(item, call_id, _, output):
            return {"id": item, "type": "function_call_output", "call_id": call_id, "output": output}


def _chat_item(entry: memory.Entry) -> llm.ChatItem:
    match entry:
        case memory.Said(item, role, text):
            return llm.ChatMessage(id=item, role=_ROLES.get(role, "user"), content=[text])
        case memory.Called(item, call_id, name, arguments):
            return llm.FunctionCall(id=item, call_id=call_id, name=name, arguments=arguments)
        case memory.Returned(item, call_id, name, output):
            return llm.FunctionCallOutput(id=item, call_id=call_id, name=name, output=output, is_error=False)
