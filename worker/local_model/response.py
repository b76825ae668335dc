"""One reply on the wire: what the brain thinks, as the protocol's events in the order that clients rely on."""

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

from worker.local_model.configuration import SAMPLE_RATE
from worker.local_model.conversation import Brain, Conversation, Say, ToolCall
from worker.local_model.ids import new_id
from worker.local_model.items import Items, JsonItem
from worker.local_model.voice import Voice

Json = dict[str, Any]
Send = Callable[..., None]
_CHUNK_MS = 200  # of audio a delta: cancelled speech that is on its way stays short
_BYTES_PER_MS = SAMPLE_RATE * 2 // 1000


class Response:
    """Runs once. `send(type, **fields)` puts an event on the wire. Cancelling `run` ends it as the protocol does."""

    def __init__(
        self, *, items: Items, send: Send, voice: Voice, speaker: str, speed: float, spoken: bool, request: Json
    ) -> None:
        self.id = new_id("resp")
        self._items, self._send, self._voice = items, send, voice
        self._speaker, self._speed, self._spoken = speaker, speed, spoken
        self._in_conversation = request.get("conversation", "auto") != "none"
        self._metadata = request.get("metadata")
        self._output: list[JsonItem] = []
        self._message: JsonItem | None = None
        self._text = ""
        self._audio_ms = 0

    def created(self) -> None:
        self._send("response.created", response=self._state("in_progress"))

    async def run(self, brain: Brain, think: Callable[[], Conversation]) -> None:
        """Speaks and calls as the brain decides; `think` is asked for the conversation when this begins."""
        async for thought in brain.reply(think()):
            match thought:
                case Say(text):
                    await self._say(text)
                case ToolCall():
                    self._call(thought)
        self.finish("completed")

    def finish(self, status: str, details: Json | None = None) -> None:
        """The closing events. `status`: completed, cancelled, failed or incomplete."""
        self._end_message("completed" if status == "completed" else "incomplete")
        self._send("response.done", response=self._state(status, details))

    async def _say(self, text: str) -> None:
        if not text.strip():
            return
        message = self._message or self._begin_message()
        at = {
            "response_id": self.id,
            "item_id": message["id"],
            "output_index": len(self._output) - 1,
            "content_index": 0,
        }
        if not self._spoken:
            self._text += text
            self._send("response.output_text.delta", **at, delta=text)
            return
        async for words, pcm in self._speech(text):
            delta = words if not self._text or self._text.endswith(" ") else f" {words}"
            self._text += delta
            self._send("response.output_audio_transcript.delta", **at, delta=delta)
            for start in range(0, len(pcm), _CHUNK_MS * _BYTES_PER_MS):
                chunk = pcm[start : start + _CHUNK_MS * _BYTES_PER_MS]
                self._send("response.output_audio.delta", **at, delta=base64.b64encode(chunk).decode())
            self._audio_ms += len(pcm) // _BYTES_PER_MS
            message["content"][0]["transcript"] = self._text
            self._items.spoken(message["id"], self._audio_ms)

    def _speech(self, text: str) -> AsyncIterator[tuple[str, bytes]]:
        return self._voice.speak(text, self._speaker, self._speed)

    def _begin_message(self) -> JsonItem:
        part = {"type": "output_audio", "transcript": ""} if self._spoken else {"type": "output_text", "text": ""}
        item: JsonItem = {"id": new_id("item"), "type": "message", "role": "assistant", "status": "in_progress"}
        item["content"] = []
        self._message, self._text, self._audio_ms = item, "", 0
        self._begin_item(item)
        item["content"] = [part]
        shown = {"type": "audio", "transcript": ""} if self._spoken else {"type": "text", "text": ""}
        at = {"response_id": self.id, "item_id": item["id"], "output_index": len(self._output) - 1, "content_index": 0}
        self._send("response.content_part.added", **at, part=shown)
        return item

    def _end_message(self, status: str) -> None:
        item, self._message = self._message, None
        if not item:
            return
        at = {"response_id": self.id, "item_id": item["id"], "output_index": len(self._output) - 1, "content_index": 0}
        if self._spoken:
            self._send("response.output_audio.done", **at)
            self._send("response.output_audio_transcript.done", **at, transcript=self._text)
            part = {"type": "audio", "transcript": self._text}
        else:
            item["content"][0]["text"] = self._text
            self._send("response.output_text.done", **at, text=self._text)
            part = {"type": "text", "text": self._text}
        self._send("response.content_part.done", **at, part=part)
        item["status"] = status
        self._end_item(item)

    def _call(self, call: ToolCall) -> None:
        self._end_message("completed")
        item = {
            "id": new_id("item"),
            "type": "function_call",
            "status": "in_progress",
            "call_id": new_id("call"),
            "name": call.name,
            "arguments": "",
        }
        self._begin_item(item)
        item |= {"arguments": call.arguments, "status": "completed"}
        at = {
            "response_id": self.id,
            "item_id": item["id"],
            "output_index": len(self._output) - 1,
            "call_id": item["call_id"],
        }
        self._send("response.function_call_arguments.delta", **at, delta=call.arguments)
        self._send("response.function_call_arguments.done", **at, name=call.name, arguments=call.arguments)
        self._end_item(item)

    def _begin_item(self, item: JsonItem) -> None:
        self._output.append(item)
        item["object"] = "realtime.item"
        self._send("response.output_item.added", **self._place(item))
        if self._in_conversation:
            previous = self._items.add(item)
            self._send("conversation.item.added", previous_item_id=previous, item=item)

    def _end_item(self, item: JsonItem) -> None:
        if self._in_conversation:
            self._send("conversation.item.done", previous_item_id=None, item=item)
        self._send("response.output_item.done", **self._place(item))

    def _place(self, item: JsonItem) -> Json:
        return {"response_id": self.id, "output_index": len(self._output) - 1, "item": item}

    def _state(self, status: str, details: Json | None = None) -> Json:
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": self._output,
            "output_modalities": ["audio"] if self._spoken else ["text"],
            "metadata": self._metadata,
        }
