"""One client's session: its events in, the model's events out."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter, ValidationError

from worker.local_model.configuration import Configuration
from worker.local_model.conversation import Brain, Conversation, Tool
from worker.local_model.ears import Ears
from worker.local_model.errors import ProtocolError
from worker.local_model.eyes import Eyes
from worker.local_model.ids import new_id
from worker.local_model.input_audio import InputAudio, Recognition
from worker.local_model.items import Items, JsonItem
from worker.local_model.response import Response
from worker.local_model.voice import Voice, voice_exists

logger = logging.getLogger(__name__)

Json = dict[str, Any]
_CLIENT_EVENT: TypeAdapter[RealtimeClientEvent] = TypeAdapter(RealtimeClientEvent)


@dataclass(frozen=True, slots=True)
class Senses:
    """What all sessions of a process share."""

    ears: Ears
    voice: Voice
    eyes: Eyes
    brain: Brain


class Session:
    """`write(text)` puts a frame on the wire, at once. `take` is given each frame of the client; it never raises."""

    def __init__(self, model: str, senses: Senses, write: Callable[[str], None]) -> None:
        self._senses, self._write = senses, write
        self._configuration = Configuration(model)
        self._items = Items()
        self._audio = InputAudio(
            senses.ears, self._configuration, on_started=self._on_started, on_stopped=self._on_stopped
        )
        self._speech_item = ""
        self._pending = dict[str, asyncio.Task[None]]()  # items whose words or pictures are not known yet
        self._response: Response | None = None
        self._responding: asyncio.Task[None] | None = None
        self._handlers: dict[str, Callable[[Json], None]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._create_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.truncate": self._truncate_item,
            "conversation.item.retrieve": self._retrieve_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
        }
        self._send("session.created", session=self._configuration.session)

    def take(self, frame: str) -> None:
        """One event of the client. Whatever is wrong with it is answered by an `error` event."""
        cause: str | None = None
        try:
            event = json.loads(frame)
            if not isinstance(event, dict):
                raise ProtocolError("An event is a JSON object.", code="invalid_event")
            cause = event.get("event_id") if isinstance(event.get("event_id"), str) else None
            handler = self._handlers.get(str(event.get("type")))
            if handler is None:
                raise ProtocolError(
                    f"Invalid value: {event.get('type')!r}. Supported: {', '.join(self._handlers)}.", param="type"
                )
            if event["type"] != "input_audio_buffer.append":  # twenty a second, and checked by their decoding
                _check(event)
            handler(event)
        except json.JSONDecodeError as error:
            self._fail(ProtocolError(f"We could not parse the JSON: {error}.", code="invalid_json"), cause)
        except ProtocolError as error:
            self._fail(error, cause)
        except Exception:  # one client's odd event must not end its session, nor hide that the fault is ours
            logger.exception("an event could not be handled")
            self._fail(ProtocolError("The server had an error while processing the event.", code="server_error"), cause)

    async def close(self) -> None:
        """The client is gone: nothing of the session goes on."""
        self._audio.close()
        tasks = [*self._pending.values(), *([self._responding] if self._responding else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- settings

    def _update(self, event: Json) -> None:
        self._configuration.update(event["session"])
        self._send("session.updated", session=self._configuration.session)

    # ---- the caller's speech

    def _append(self, event: Json) -> None:
        try:
            pcm = base64.b64decode(event["audio"], validate=True)
        except (KeyError, TypeError, binascii.Error) as error:
            raise ProtocolError("Invalid 'audio'. Expected base64-encoded audio bytes.", param="audio") from error
        self._audio.append(pcm[: len(pcm) // 2 * 2])

    def _commit(self, _: Json) -> None:
        pcm, recognition = self._audio.commit()
        self._add_speech(new_id("item"), pcm, recognition)

    def _clear(self, _: Json) -> None:
        self._audio.clear()
        self._send("input_audio_buffer.cleared")

    def _on_started(self, at_ms: int) -> None:
        self._speech_item = new_id("item")
        self._send("input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=self._speech_item)
        if self._turns.get("interrupt_response", True):
            self._end_response("turn_detected")

    def _on_stopped(self, at_ms: int, pcm: bytes, recognition: Recognition) -> None:
        self._send("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=self._speech_item)
        self._add_speech(self._speech_item, pcm, recognition)
        if self._turns.get("create_response", True) and not self._busy:
            self._respond({})

    @property
    def _turns(self) -> Json:
        return self._configuration.turn_detection or {}

    def _add_speech(self, item: str, pcm: bytes, recognition: Recognition) -> None:
        content = [{"type": "input_audio", "transcript": None}]
        said: JsonItem = {"id": item, "type": "message", "role": "user", "status": "completed", "content": content}
        previous = self._items.last_id
        self._send("input_audio_buffer.committed", previous_item_id=previous, item_id=item)
        self._announce(said, self._items.add(said))
        self._later(item, self._transcribe(said, recognition, len(pcm) / 48000))

    async def _transcribe(self, item: JsonItem, recognition: Recognition, seconds: float) -> None:
        try:
            text = await recognition
        except Exception:
            logger.exception("recognition failed")
            text = None
        item["content"][0]["transcript"] = text or ""
        if self._configuration.session["audio"]["input"].get("transcription"):
            at = {"item_id": item["id"], "content_index": 0}
            kind = "conversation.item.input_audio_transcription"
            if text is None:
                error = {"type": "transcription_error", "code": "audio_unintelligible", "message": "Not recognised."}
                self._send(f"{kind}.failed", **at, error=error)
                return
            if text:
                self._send(f"{kind}.delta", **at, delta=text)
            self._send(f"{kind}.completed", **at, transcript=text, usage={"type": "duration", "seconds": seconds})

    # ---- the conversation

    def _create_item(self, event: Json) -> None:
        item = event["item"]
        pictures = [
            part["image_url"]
            for part in item.get("content") or []
            if isinstance(part, dict) and part.get("type") == "input_image" and isinstance(part.get("image_url"), str)
        ]
        self._announce(item, self._items.add(item, event.get("previous_item_id")))
        if pictures:
            self._later(item["id"], self._look(item["id"], pictures))

    async def _look(self, item: str, pictures: list[str]) -> None:
        self._items.show(item, "; ".join([await self._senses.eyes.describe(picture) for picture in pictures]))

    def _delete_item(self, event: Json) -> None:
        self._items.delete(event["item_id"])
        if task := self._pending.get(event["item_id"]):
            task.cancel()
        self._send("conversation.item.deleted", item_id=event["item_id"])

    def _truncate_item(self, event: Json) -> None:
        self._items.truncate(event["item_id"], event["audio_end_ms"])
        at = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
        self._send("conversation.item.truncated", **at)

    def _retrieve_item(self, event: Json) -> None:
        self._send("conversation.item.retrieved", item=self._items.get(event["item_id"]))

    def _announce(self, item: JsonItem, previous: str | None) -> None:
        self._send("conversation.item.added", previous_item_id=previous, item=item)
        self._send("conversation.item.done", previous_item_id=previous, item=item)

    def _later(self, item: str, work: Any) -> None:
        """What must be known of an item before a reply can rest on it."""
        task = asyncio.ensure_future(work)
        self._pending[item] = task
        task.add_done_callback(lambda _: self._pending.pop(item, None))

    # ---- replies

    @property
    def _busy(self) -> bool:
        return self._response is not None

    def _create_response(self, event: Json) -> None:
        if self._response:
            raise ProtocolError(
                f"Conversation already has an active response in progress: {self._response.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        self._respond(event.get("response") or {})

    def _respond(self, request: Json) -> None:
        session = self._configuration.session
        output = session["audio"]["output"]
        voice = ((request.get("audio") or {}).get("output") or {}).get("voice") or output["voice"]
        if not voice_exists(voice):
            raise ProtocolError(f"Invalid value: {voice!r}.", param="response.audio.output.voice")
        response = Response(
            items=self._items,
            send=self._send,
            voice=self._senses.voice,
            speaker=voice,
            speed=output.get("speed") or 1.0,
            spoken="audio" in (request.get("output_modalities") or session["output_modalities"]),
            request=request,
        )
        self._response = response
        response.created()
        self._responding = asyncio.ensure_future(self._run(response, request))

    async def _run(self, response: Response, request: Json) -> None:
        try:
            while self._pending:
                await asyncio.wait(self._pending.values())
            await response.run(self._senses.brain, lambda: self._conversation(request))
        except asyncio.CancelledError:
            pass  # whoever cancels has told the client
        except Exception:
            logger.exception("a reply failed")
            error = {"type": "server_error", "code": "server_error"}
            response.finish("failed", {"type": "failed", "error": error})
        finally:
            if self._response is response:
                self._response = None

    def _conversation(self, request: Json) -> Conversation:
        session = self._configuration.session
        tools = request.get("tools")
        choice = request.get("tool_choice") or session["tool_choice"] or "auto"
        items = self._items.for_brain()
        if (given := request.get("input")) is not None:
            alone = Items()
            for item in given:
                alone.add(dict(item))
            items = alone.for_brain()
        return Conversation(
            instructions=request.get("instructions") or session.get("instructions") or "",
            tools=tuple(
                Tool(tool["name"], tool.get("description") or "", tool.get("parameters") or {})
                for tool in (session["tools"] if tools is None else tools)
                if tool.get("type") == "function"
            ),
            items=items,
            tool_choice=choice["name"] if isinstance(choice, dict) and "name" in choice else str(choice),
        )

    def _cancel_response(self, event: Json) -> None:
        wanted = event.get("response_id")
        if self._response is None or wanted not in (None, self._response.id):
            raise ProtocolError("Cancellation failed: no active response found", code="response_cancel_not_active")
        self._end_response("client_cancelled")

    def _end_response(self, reason: str) -> None:
        response, self._response = self._response, None
        if response and self._responding:
            self._responding.cancel()
            response.finish("cancelled", {"type": "cancelled", "reason": reason})

    # ---- the wire

    def _send(self, kind: str, **fields: Any) -> None:
        self._write(json.dumps({"type": kind, "event_id": new_id("event"), **fields}))

    def _fail(self, error: ProtocolError, cause: str | None) -> None:
        told = {
            "type": "invalid_request_error",
            "code": error.code,
            "message": error.message,
            "param": error.param,
            "event_id": cause,
        }
        self._send("error", error=told)


def _check(event: Json) -> None:
    """Raises ProtocolError when an event has not the form that OpenAI's own package gives it."""
    try:
        _CLIENT_EVENT.validate_python(event)
    except ValidationError as error:
        model = "".join(part.capitalize() for part in event["type"].replace(".", "_").split("_"))
        faults = [fault for fault in error.errors() if str(fault["loc"][0]).startswith(model)] or error.errors()
        where = ".".join(str(part) for part in faults[0]["loc"][1:])
        code = "missing_required_parameter" if faults[0]["type"] == "missing" else "invalid_value"
        raise ProtocolError(f"{faults[0]['msg']}: '{where}'.", code=code, param=where) from error
