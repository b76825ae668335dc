"""One session of the OpenAI Realtime protocol (the current names), played from a script.

Source: the API reference of `client events` and `server events`; checked against the types of the `openai` package.
"""

import asyncio
import base64
import contextlib
import copy
import io
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from openai.types.realtime import RealtimeConversationItemUserMessage
from PIL import Image

from tests.simulators.openai_realtime import script, usage
from tests.simulators.openai_realtime.hearing import Hearing
from tests.simulators.openai_realtime.script import (
    Asked,
    BreakOff,
    CallTool,
    Fail,
    Pace,
    Pause,
    Recite,
    Refusals,
    Say,
    Script,
)

Event = dict[str, Any]

_ids = itertools.count(1)


def new_id(prefix: str) -> str:
    return f"{prefix}_{next(_ids):08d}"


@dataclass(frozen=True, slots=True)
class _Form:
    """What a message is made of: its part's type, as an item has it and as an event, and where its words are."""

    content: str
    part: str
    words: str
    stream: str


_LOGPROBS = "item.input_audio_transcription.logprobs"
_SPOKEN = _Form("output_audio", "audio", "transcript", "response.output_audio_transcript")
_WRITTEN = _Form("output_text", "text", "text", "response.output_text")
_OPTIONS = {  # of a session; the beta's flat ones are not among them
    "audio",
    "include",
    "instructions",
    "max_output_tokens",
    "model",
    "output_modalities",
    "parallel_tool_calls",
    "prompt",
    "reasoning",
    "tool_choice",
    "tools",
    "tracing",
    "truncation",
    "type",
}


class ProtocolError(Exception):
    """Answered by an `error` event."""

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.param = code, param


class Session:
    """Client events in by `take`, server events out by `send`, in the order the service has them.

    `replies` counts over all sessions of a server; `transcribe` says what a stretch of PCM16 at 24 kHz means,
    or None when its transcription is to fail.
    """

    def __init__(
        self,
        model: str,
        connection: int,
        send: Callable[[Event], None],
        *,
        play: Script,
        pace: Pace,
        refusals: Refusals,
        transcribe: Callable[[bytes], str | None],
        replies: "itertools.count[int]",
        hearing: Callable[[], Hearing] = Hearing,
    ) -> None:
        self._connection, self._send, self._play = connection, send, play
        self._pace, self._refusals, self._transcribe, self._replies = pace, refusals, transcribe, replies
        self.items: list[Event] = []
        self.heard_ms: dict[str, int] = {}  # of each message of the model, what its memory holds
        self._audio_ms: dict[str, int] = {}  # of each thing the caller said
        self._taken: Sequence[usage.Piece] = ()  # by the last reply
        self.config = _defaults(model, time.time() + pace.session_s)
        self._hearing = hearing()
        self._meanings: dict[str, str] = {}
        self._response: Event | None = None
        self._playing: asyncio.Task[None] | None = None
        self._spoke = False  # from then on, the voice stays
        self._tasks = set[asyncio.Task[None]]()
        self._speech_item: str | None = None
        self._interrupted = ""  # why the running reply is being cancelled

    def begin(self) -> None:
        self._emit("session.created", session=self.config)

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._playing] if self._playing else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, event: Event) -> None:
        """A client event."""
        kind, event_id = str(event.get("type", "")), event.get("event_id")
        handler = self._handlers.get(kind)
        try:
            if handler is None:
                raise ProtocolError(f"Invalid value: '{kind}'.", code="invalid_value", param="type")
            result = handler(self, event)
            if result is not None:
                await result
        except ProtocolError as error:
            self.refuse(error, event_id)

    def refuse(self, error: ProtocolError, event_id: str | None) -> None:
        """Answers the client's event of that id."""
        told = {"type": "invalid_request_error", "code": error.code, "message": str(error), "param": error.param}
        self._emit("error", error={**told, "event_id": event_id})

    # ---- session and conversation

    def _update(self, event: Event) -> None:
        wanted = event.get("session") or {}
        if wanted.get("type") != "realtime":
            raise ProtocolError("Missing required parameter: 'session.type'.", code="missing_required_parameter")
        if unknown := next((key for key in wanted if key not in _OPTIONS), None):
            param = f"session.{unknown}"
            raise ProtocolError(f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
        if word := next((word for word in self._refusals.updates if word in str(wanted)), None):
            raise ProtocolError(f"Invalid value in 'session': {word!r}.", code="invalid_value", param="session")
        voice = ((wanted.get("audio") or {}).get("output") or {}).get("voice")
        if self._spoke and voice and voice != self._voice:
            raise ProtocolError(
                "Cannot update a conversation's voice if assistant audio is present.", code="cannot_update_voice"
            )
        _merge(self.config, wanted)
        self._emit("session.updated", session=self.config)

    def _create_item(self, event: Event) -> None:
        item = copy.deepcopy(event["item"])
        item.setdefault("id", new_id("item"))
        if any(known["id"] == item["id"] for known in self.items):
            raise ProtocolError(f"Item with id {item['id']} already exists.", code="item_create_duplicate_item_id")
        if item["type"] == "function_call_output" and not any(
            known.get("call_id") == item["call_id"] for known in self.items if known["type"] == "function_call"
        ):
            raise ProtocolError(f"Tool call ID '{item['call_id']}' not found.", code="invalid_tool_call_id")
        if len(item["id"]) > 32:
            raise ProtocolError("Invalid 'item.id': string too long.", code="string_above_max_length")
        if item.get("role") == "assistant" and any(part["type"] in ("text", "audio") for part in item["content"]):
            raise ProtocolError("Invalid value: 'text'.", code="invalid_value", param="item.content[0].type")
        for number, part in enumerate(item.get("content") or []):
            if part["type"] == "input_image":
                _look(item, part, f"item.content[{number}].image_url")
        item |= {"object": "realtime.item", "status": "completed"}
        after = event.get("previous_item_id")
        place = 0 if after == "root" else self._index(after) + 1 if after else len(self.items)
        self._insert(item, place)

    def _insert(self, item: Event, place: int | None = None) -> None:
        place = len(self.items) if place is None else place
        self.items.insert(place, item)
        previous = self.items[place - 1]["id"] if place else None
        self._emit("conversation.item.added", previous_item_id=previous, item=item)
        if item["status"] == "completed":
            self._emit("conversation.item.done", previous_item_id=previous, item=item)

    def _delete_item(self, event: Event) -> None:
        del self.items[self._index(event["item_id"])]
        self._emit("conversation.item.deleted", item_id=event["item_id"])

    def _retrieve_item(self, event: Event) -> None:
        self._emit("conversation.item.retrieved", item=self.items[self._index(event["item_id"])])

    def _truncate_item(self, event: Event) -> None:
        item, end_ms = event["item_id"], event["audio_end_ms"]
        self._index(item)
        sent = self.heard_ms.get(item, 0)
        if end_ms > sent:
            raise ProtocolError(f"Audio content of {sent}ms is already shorter than {end_ms}ms", code="invalid_value")
        self.heard_ms[item] = end_ms
        self._emit("conversation.item.truncated", item_id=item, content_index=0, audio_end_ms=end_ms)

    def _index(self, item: str) -> int:
        for place, known in enumerate(self.items):
            if known["id"] == item:
                return place
        raise ProtocolError(f"Item with item_id {item} not found.", code="item_not_found")

    # ---- the caller's audio

    async def _append(self, event: Event) -> None:
        vad = self.config["audio"]["input"]["turn_detection"]
        for edge in self._hearing.take(base64.b64decode(event["audio"]), vad):
            if edge.started:
                self._speech_item = new_id("item")
                if vad.get("interrupt_response", True):
                    await self._interrupt("turn_detected")
                self._emit("input_audio_buffer.speech_started", audio_start_ms=edge.ms, item_id=self._speech_item)
            else:
                item = self._speech_item or new_id("item")
                self._emit("input_audio_buffer.speech_stopped", audio_end_ms=edge.ms, item_id=item)
                self._commit_as(item)
                if vad.get("create_response", True):
                    await self._interrupt("turn_detected")
                    self._reply({})

    def _commit(self, _: Event) -> None:
        if self._hearing.uncommitted_ms < 100:
            raise ProtocolError(
                "Error committing input audio buffer: buffer too small.", code="input_audio_buffer_commit_empty"
            )
        self._commit_as(new_id("item"))

    def _commit_as(self, item_id: str) -> None:
        pcm = self._hearing.commit()
        previous = self.items[-1]["id"] if self.items else None
        self._emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        self._audio_ms[item_id] = len(pcm) * 1000 // (script.SAMPLE_RATE * 2)
        text = self._transcribe(pcm)
        self._meanings[item_id] = text or ""
        content = {"type": "input_audio", "transcript": None}
        self._insert(
            {
                "id": item_id,
                "object": "realtime.item",
                "type": "message",
                "role": "user",
                "status": "completed",
                "content": [content],
            }
        )
        if self.config["audio"]["input"].get("transcription"):
            self._background(self._transcription(item_id, content, text))

    async def _transcription(self, item: str, content: Event, text: str | None) -> None:
        await asyncio.sleep(self._pace.transcript_ms / 1000)
        if text is None:
            error = {"type": "server_error", "code": None, "message": "Transcription failed.", "param": None}
            self._emit("conversation.item.input_audio_transcription.failed", item_id=item, content_index=0, error=error)
            return
        content["transcript"] = text
        words = text.split(" ") if text else []
        for number, word in enumerate(words):
            delta = word + (" " if number + 1 < len(words) else "")
            self._emit("conversation.item.input_audio_transcription.delta", item_id=item, content_index=0, delta=delta)
        model = (self.config["audio"]["input"]["transcription"] or {}).get("model") or "whisper-1"
        sure = getattr(text, "sure", None) if _LOGPROBS in (self.config.get("include") or ()) else None
        tokens = [{"token": text, "logprob": sure, "bytes": list(text.encode())}]
        self._emit(
            "conversation.item.input_audio_transcription.completed",
            item_id=item,
            content_index=0,
            transcript=text,
            usage=usage.transcription(model, self._audio_ms[item], text),
            **({} if sure is None else {"logprobs": tokens}),
        )

    def _clear(self, _: Event) -> None:
        self._hearing.clear()
        self._emit("input_audio_buffer.cleared")

    # ---- replies

    def _create_response(self, event: Event) -> None:
        if self._refusals.asks:
            raise ProtocolError("This reply is refused.", code=self._refusals.asks.pop(0))
        if self._playing and not self._playing.done():
            active = (self._response or {}).get("id")
            raise ProtocolError(
                f"Conversation already has an active response in progress: {active}.",
                code="conversation_already_has_active_response",
            )
        self._reply(event.get("response") or {})

    def _reply(self, wanted: Event) -> None:
        asked = Asked(
            connection=self._connection,
            reply=next(self._replies),
            instructions=wanted.get("instructions") or self.config["instructions"],
            tools={tool["name"]: tool for tool in wanted.get("tools") or self.config["tools"]},
            voice=self._voice,
            items=tuple(self.items),
            meanings=self._meanings,
        )
        self._response = {
            "id": new_id("resp"),
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "metadata": wanted.get("metadata"),
            "conversation_id": "conv_1",
            "output_modalities": wanted.get("output_modalities") or self.config["output_modalities"],
            "max_output_tokens": wanted.get("max_output_tokens") or self.config["max_output_tokens"],
            "audio": {"output": {key: self.config["audio"]["output"][key] for key in ("format", "voice")}},
        }
        self._emit("response.created", response=self._response)
        before, self._taken = (
            self._taken,
            usage.taken(asked.instructions, tuple(asked.tools.values()), asked.items, self.heard_ms | self._audio_ms),
        )
        steps = self._play(asked)
        self._playing = asyncio.ensure_future(self._perform(self._response, steps, before, self._taken))
        self._playing.add_done_callback(_complain)

    async def _perform(
        self,
        response: Event,
        steps: Sequence[script.Step],
        before: Sequence[usage.Piece],
        taken: Sequence[usage.Piece],
    ) -> None:
        status = "completed"
        details: Event | None = None
        try:
            await asyncio.sleep(self._pace.think_ms / 1000)
            for number, step in enumerate(steps):
                match step:
                    case Say() | Recite():
                        await self._say(response, number, step)
                    case CallTool():
                        self._call(response, number, step)
                    case Pause(ms):
                        await asyncio.sleep(ms / 1000)
                    case Fail(code, kind):
                        status = "failed"
                        details = {"type": "failed", "error": {"type": kind, "code": code}}
                        break
                    case BreakOff(say, after_ms, reason):
                        await self._say(response, number, say, until_ms=after_ms)
                        status, details = "incomplete", {"type": "incomplete", "reason": reason}
                        break
        except asyncio.CancelledError:
            if not self._interrupted:
                raise  # the session is gone
            status, details = "cancelled", {"type": "cancelled", "reason": self._interrupted}
        spent = usage.usage(before, taken, usage.given(response["output"], self.heard_ms))
        response |= {"status": status, "status_details": details, "usage": spent}
        self._emit("response.done", response=response)

    async def _say(self, response: Event, index: int, step: Say | Recite, until_ms: int | None = None) -> None:
        """The message, or the beginning of it."""
        end_ms = step.ms if until_ms is None else until_ms
        form = _SPOKEN if "audio" in response["output_modalities"] else _WRITTEN
        part = {"type": form.content, form.words: ""}
        item: Event = {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        where = {"response_id": response["id"], "output_index": index}
        self._emit("response.output_item.added", **where, item=item)
        self._insert(item)
        where |= {"item_id": item["id"]}
        place = {**where, "content_index": 0}
        self._emit("response.content_part.added", **place, part={"type": form.part, form.words: ""})
        item["content"] = [part]
        pieces, status = step.pieces, "completed"
        written = 0
        try:
            for position in range(0, end_ms, script.DELTA_MS):
                ms = min(script.DELTA_MS, end_ms - position)
                written += self._write(place, part, pieces[written : step.due(position + ms)])
                if form is _SPOKEN:
                    self._spoke = True
                    self.heard_ms[item["id"]] = position + ms
                    self._emit("response.output_audio.delta", **place, delta=step.audio(position, ms))
                await asyncio.sleep(ms / 1000 / (step.speed or self._pace.speed))
            if until_ms is None:
                self._write(place, part, pieces[written:])
            else:
                status = "incomplete"
        except asyncio.CancelledError:
            status = "incomplete"
            raise
        finally:
            item["status"] = status
            if form is _SPOKEN:
                self._emit("response.output_audio.done", **place)
            self._emit(f"{form.stream}.done", **place, **{form.words: part[form.words]})
            self._emit("response.content_part.done", **place, part={**part, "type": form.part})
            self._finish(response, index, item)

    def _write(self, place: Event, part: Event, pieces: Sequence[str]) -> int:
        form = _SPOKEN if part["type"] == _SPOKEN.content else _WRITTEN
        for text in pieces:
            part[form.words] += text
            self._emit(f"{form.stream}.delta", **place, delta=text)
        return len(pieces)

    def _call(self, response: Event, index: int, step: CallTool) -> None:
        item = {
            "id": new_id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "status": "in_progress",
            "name": step.name,
            "call_id": new_id("call"),
            "arguments": "",
        }
        self._emit("response.output_item.added", response_id=response["id"], output_index=index, item=item)
        self._insert(item)
        where = {
            "response_id": response["id"],
            "output_index": index,
            "item_id": item["id"],
            "call_id": item["call_id"],
        }
        self._emit("response.function_call_arguments.delta", **where, delta=step.arguments)
        self._emit("response.function_call_arguments.done", **where, name=step.name, arguments=step.arguments)
        item |= {"arguments": step.arguments, "status": "completed"}
        self._finish(response, index, item)

    def _finish(self, response: Event, index: int, item: Event) -> None:
        place = next((at for at, known in enumerate(self.items) if known is item), 0)
        previous = self.items[place - 1]["id"] if place else None
        self._emit("conversation.item.done", previous_item_id=previous, item=item)
        self._emit("response.output_item.done", response_id=response["id"], output_index=index, item=item)
        response["output"].append(item)

    async def _cancel(self, event: Event) -> None:
        playing = self._playing and not self._playing.done()
        wanted = event.get("response_id")
        if not playing or (wanted and wanted != (self._response or {}).get("id")):
            raise ProtocolError("Cancellation failed: no active response found", code="response_cancel_not_active")
        await self._interrupt("client_cancelled")

    async def _interrupt(self, reason: str) -> None:
        if (playing := self._playing) and not playing.done():
            self._interrupted = reason
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # one that had not begun yet
                await playing
            self._interrupted = ""

    # ---- small things

    @property
    def _voice(self) -> str:
        return str(self.config["audio"]["output"]["voice"])

    def _emit(self, kind: str, **fields: Any) -> None:
        own = {key: value if isinstance(value, str) else copy.deepcopy(value) for key, value in fields.items()}
        self._send({"type": kind, "event_id": new_id("event"), **own})

    def _background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_complain)

    _handlers: dict[str, Callable[["Session", Event], Any]] = {  # noqa: RUF012 - a table of methods
        "session.update": _update,
        "input_audio_buffer.append": _append,
        "input_audio_buffer.commit": _commit,
        "input_audio_buffer.clear": _clear,
        "conversation.item.create": _create_item,
        "conversation.item.delete": _delete_item,
        "conversation.item.retrieve": _retrieve_item,
        "conversation.item.truncate": _truncate_item,
        "response.create": _create_response,
        "response.cancel": _cancel,
    }


def _complain(task: "asyncio.Task[None]") -> None:
    """A script that fails is the test's mistake, and must not look like a service that stalls."""
    if not task.cancelled() and (error := task.exception()):
        logging.getLogger(__name__).error("the script failed", exc_info=error)


def _look(item: Event, part: Event, param: str) -> None:
    """A picture that the service takes: of the caller's, whole, and of a kind that it knows. Raises ProtocolError."""
    head, _, data = str(part.get("image_url", "")).partition(",")
    try:
        RealtimeConversationItemUserMessage.model_validate(item)
        if head not in ("data:image/jpeg;base64", "data:image/png;base64"):
            raise ValueError(head)
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as picture:
            picture.load()
    except (ValueError, OSError) as error:
        raise ProtocolError(f"Invalid '{param}'.", code="invalid_value", param=param) from error


def _merge(into: Event, new: Event) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def _defaults(model: str, expires_at: float) -> Event:
    pcm = {"type": "audio/pcm", "rate": script.SAMPLE_RATE}
    vad = {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "create_response": True,
        "interrupt_response": True,
        "idle_timeout_ms": None,
    }
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": new_id("sess"),
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "You are a helpful assistant.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": int(expires_at),
        "include": None,
        "audio": {
            "input": {"format": pcm, "transcription": None, "noise_reduction": None, "turn_detection": vad},
            "output": {"format": pcm, "voice": "marin", "speed": 1.0},
        },
    }
