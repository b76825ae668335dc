"""One client's session: its events in, the model's events out."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from openai.types.realtime import RealtimeClientEvent
from pydantic import TypeAdapter, ValidationError

from worker.local_model.configuration import Configuration
from worker.local_model.errors import ProtocolError
from worker.local_model.idle_timeout import IdleTimeout
from worker.local_model.ids import new_id
from worker.local_model.input_audio import InputAudio, Recognition
from worker.local_model.items import Items, JsonItem
from worker.local_model.perception import Perception, decode_base64
from worker.local_model.replies import Replies
from worker.local_model.senses import Senses

logger = logging.getLogger(__name__)

Json = dict[str, Any]
_CLIENT_EVENT: TypeAdapter[RealtimeClientEvent] = TypeAdapter(RealtimeClientEvent)


class Session:
    """`write(text)` puts a frame on the wire, at once. `take` is given each frame of the client; it never raises."""

    def __init__(self, model: str, senses: Senses, write: Callable[[str], None]) -> None:
        self._write = write
        self._configuration = Configuration(model)
        self._items = Items()
        self._audio = InputAudio(
            senses.ears, self._configuration, on_started=self._on_started, on_stopped=self._on_stopped
        )
        self._speech_item = ""
        self._perception = Perception(senses, self._configuration, self._send)
        self._replies = Replies(
            senses, self._configuration, self._items, self._perception, send=self._send, on_end=self._on_reply_end
        )
        self._idle = IdleTimeout(lambda: self._audio.now_ms, self._on_idle)
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
        self._idle.stop()
        self._audio.close()
        await asyncio.gather(self._perception.close(), self._replies.close())

    # ---- settings

    def _update(self, event: Json) -> None:
        self._configuration.update(event["session"])
        if self._configuration.idle_ms is None:
            self._idle.stop()
        self._send("session.updated", session=self._configuration.session)

    # ---- the caller's speech

    def _append(self, event: Json) -> None:
        self._audio.append(decode_base64(event.get("audio"), "audio"))

    def _commit(self, _: Json) -> None:
        pcm, recognition = self._audio.commit()
        self._add_speech(new_id("item"), pcm, recognition)

    def _clear(self, _: Json) -> None:
        self._audio.clear()
        self._send("input_audio_buffer.cleared")

    def _on_started(self, at_ms: int) -> None:
        self._idle.stop()
        self._speech_item = new_id("item")
        self._send("input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=self._speech_item)
        if self._turns.get("interrupt_response", True):
            self._replies.interrupt()

    def _on_stopped(self, at_ms: int, pcm: bytes, recognition: Recognition) -> None:
        self._send("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=self._speech_item)
        self._add_speech(self._speech_item, pcm, recognition)
        if self._turns.get("create_response", True):
            self._respond_unasked()

    def _on_reply_end(self, audio_ms: int) -> None:
        if (idle_ms := self._configuration.idle_ms) is not None and not self._audio.speaking:
            self._idle.start(audio_ms, idle_ms)

    def _on_idle(self, start_ms: int) -> None:
        item = new_id("item")
        pcm, recognition = self._audio.take_silence(start_ms)
        at = {"audio_start_ms": start_ms, "audio_end_ms": self._audio.now_ms}
        self._send("input_audio_buffer.timeout_triggered", **at, item_id=item)
        self._add_speech(item, pcm, recognition)
        self._items.silent(item)
        self._respond_unasked()

    def _respond_unasked(self) -> None:
        if self._replies.current:
            return
        try:
            self._replies.create({})
        except ProtocolError as error:  # of the session's settings: no event of the client's is to blame
            self._fail(error, None)

    @property
    def _turns(self) -> Json:
        return self._configuration.turn_detection or {}

    def _add_speech(self, item: str, pcm: bytes, recognition: Recognition) -> None:
        content = [{"type": "input_audio", "transcript": None}]
        said: JsonItem = {"id": item, "type": "message", "role": "user", "status": "completed", "content": content}
        previous = self._items.last_id
        self._send("input_audio_buffer.committed", previous_item_id=previous, item_id=item)
        self._announce(said, self._items.add(said))
        self._perception.listen(self._items, item, pcm, recognition)

    # ---- the conversation

    def _create_item(self, event: Json) -> None:
        item = event["item"]
        self._announce(item, self._perception.add(self._items, item, event.get("previous_item_id")))

    def _delete_item(self, event: Json) -> None:
        self._items.delete(event["item_id"])
        self._perception.forget(event["item_id"])
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

    # ---- replies

    def _create_response(self, event: Json) -> None:
        request = event.get("response") or {}
        self._replies.create(request)
        if request.get("conversation") != "none":
            self._idle.stop()

    def _cancel_response(self, event: Json) -> None:
        self._replies.cancel(event.get("response_id"))

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
        _CLIENT_EVENT.validate_python(_without_references(event))
    except ValidationError as error:
        model = "".join(part.capitalize() for part in event["type"].replace(".", "_").split("_"))
        faults = [fault for fault in error.errors() if str(fault["loc"][0]).startswith(model)] or error.errors()
        where = ".".join(str(part) for part in faults[0]["loc"][1:])
        code = "missing_required_parameter" if faults[0]["type"] == "missing" else "invalid_value"
        raise ProtocolError(f"{faults[0]['msg']}: '{where}'.", code=code, param=where) from error


def _without_references(event: Json) -> Json:
    """The package knows references to items, and has left them out of the events that it validates by."""
    request = event.get("response")
    if not isinstance(request, dict) or not isinstance(given := request.get("input"), list):
        return event
    own = [
        item
        for item in given
        if not (isinstance(item, dict) and item.get("type") == "item_reference" and isinstance(item.get("id"), str))
    ]
    return event | {"response": request | {"input": own}}
