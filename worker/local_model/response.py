"""One reply on the wire: what the brain thinks, as the protocol's events in the order that clients rely on."""

import base64
import re
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from worker.local_model.audio_format import SAMPLE_RATE, Encoder
from worker.local_model.conversation import Brain, Conversation, Say, ToolCall
from worker.local_model.ids import new_id
from worker.local_model.items import Items, JsonItem
from worker.local_model.usage import Tokens, said, usage, written
from worker.local_model.voice import Voice

Json = dict[str, Any]
Send = Callable[..., None]
_CHUNK_MS = 200  # of audio a delta: cancelled speech that is on its way stays short
_BYTES_PER_MS = SAMPLE_RATE * 2 // 1000


class Response:
    """Runs once. `send(type, **fields)` puts an event on the wire. Cancelling `run` ends it as the protocol does.

    `settings` is the session as this response sees it. `limit` is the most tokens it may give: words, and the sound to
    them, end where it is reached; a call that does not fit is not made, for half a call is none.
    """

    def __init__(
        self,
        *,
        items: Items,
        send: Send,
        voice: Voice,
        encoder: Encoder,
        settings: Json,
        limit: int | None,
        in_conversation: bool,
        metadata: Json | None,
    ) -> None:
        self.id = new_id("resp")
        self.in_conversation = in_conversation
        self.audio_ms = 0  # of all that has been said
        self._items, self._send, self._voice, self._encoder = items, send, voice, encoder
        self._settings, self._limit, self._metadata = settings, limit, metadata
        self._spoken = "audio" in settings["output_modalities"]
        self._output: list[JsonItem] = []
        self._message: JsonItem | None = None
        self._text = ""
        self._message_ms = 0
        self._full = False  # more than the limit was to be given
        self._taken = self._given = Tokens()  # `_given`: by items that are whole

    def created(self) -> None:
        self._send("response.created", response=self._state("in_progress"))

    async def run(self, brain: Brain, conversation: Conversation, taken: Tokens) -> None:
        """Speaks and calls as the brain decides. `taken`: what the conversation counts."""
        self._taken = taken
        async with aclosing(brain.reply(conversation)) as thoughts:  # whoever cancels stops the thinking, too
            async for thought in thoughts:
                match thought:
                    case Say(text):
                        await self._say(text)
                    case ToolCall():
                        self._call(thought)
                if self._full:
                    break
        if self._full:
            self.finish("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
        else:
            self.finish("completed")

    def finish(self, status: str, details: Json | None = None) -> None:
        """The closing events. `status`: completed, cancelled, failed or incomplete."""
        self._end_message("completed" if status == "completed" else "incomplete")
        self._send("response.done", response=self._state(status, details))

    async def _say(self, text: str) -> None:
        if not text.strip():
            return
        message = self._message or self._begin_message()
        if not self._spoken:
            delta, _ = self._within_limit(text)
            self._text += delta
            if delta:
                self._send("response.output_text.delta", **self._part(), delta=delta)
            return
        async with aclosing(self._voice.speak(text, self._settings["audio"]["output"]["voice"], self._speed)) as speech:
            async for words, sound in speech:
                lead = "" if not self._text or self._text.endswith(" ") else " "
                delta, pcm = self._within_limit(lead + words, sound)
                self._text += delta
                if delta:
                    self._send("response.output_audio_transcript.delta", **self._part(), delta=delta)
                self._send_audio(self._encoder.encode(pcm))
                self._message_ms += len(pcm) // _BYTES_PER_MS
                self.audio_ms += len(pcm) // _BYTES_PER_MS
                message["content"][0]["transcript"] = self._text
                self._items.spoken(message["id"], self._message_ms)
                if self._full:
                    return

    def _send_audio(self, data: bytes) -> None:
        size = _CHUNK_MS * self._encoder.bytes_per_ms
        for start in range(0, len(data), size):
            delta = base64.b64encode(data[start : start + size]).decode()
            self._send("response.output_audio.delta", **self._part(), delta=delta)

    def _within_limit(self, text: str, pcm: bytes = b"") -> tuple[str, bytes]:
        """The longest beginning of a piece that may still be given: whole words, and as much of their sound."""
        if self._limit is None:
            return text, pcm
        words = re.findall(r"\s*\S+\s*$|\s*\S+", text)
        for count in range(len(words), 0, -1):
            part, sound = "".join(words[:count]), pcm[: len(pcm) // 2 * count // len(words) * 2]
            length_ms = self._message_ms + len(sound) / _BYTES_PER_MS
            if (self._given + said(self._text + part, length_ms)).total <= self._limit:
                self._full = count < len(words)
                return part, sound
        self._full = True
        return "", b""

    @property
    def _speed(self) -> float:
        return float(self._settings["audio"]["output"]["speed"] or 1.0)

    def _part(self) -> Json:
        """Where the words go that are being said."""
        place = len(self._output) - 1
        return {"response_id": self.id, "item_id": self._output[place]["id"], "output_index": place, "content_index": 0}

    def _begin_message(self) -> JsonItem:
        part = {"type": "output_audio", "transcript": ""} if self._spoken else {"type": "output_text", "text": ""}
        item: JsonItem = {"id": new_id("item"), "type": "message", "role": "assistant", "status": "in_progress"}
        item["content"] = []
        self._message, self._text, self._message_ms = item, "", 0
        self._begin_item(item)
        item["content"] = [part]
        shown = {"type": "audio", "transcript": ""} if self._spoken else {"type": "text", "text": ""}
        self._send("response.content_part.added", **self._part(), part=shown)
        return item

    def _end_message(self, status: str) -> None:
        item, self._message = self._message, None
        if not item:
            return
        at = self._part()
        self._given += said(self._text, self._message_ms)
        if self._spoken:
            if status == "completed" or self._full:  # what the resampler still holds: nobody cut it
                self._send_audio(self._encoder.encode(b"", last=True))
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
        cost = written(f"{call.name} {call.arguments}")
        words = said(self._text, self._message_ms) if self._message else Tokens()
        if self._limit is not None and (self._given + words + cost).total > self._limit:
            self._full = True
            return
        self._end_message("completed")
        self._given += cost
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
        if self.in_conversation:
            previous = self._items.add(item)
            self._send("conversation.item.added", previous_item_id=previous, item=item)

    def _end_item(self, item: JsonItem) -> None:
        if self.in_conversation:
            self._send("conversation.item.done", previous_item_id=None, item=item)
        self._send("response.output_item.done", **self._place(item))

    def _place(self, item: JsonItem) -> Json:
        return {"response_id": self.id, "output_index": len(self._output) - 1, "item": item}

    def _state(self, status: str, details: Json | None = None) -> Json:
        output = self._settings["audio"]["output"]
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "conversation_id": self._items.conversation_id if self.in_conversation else None,
            "output": self._output,
            "output_modalities": ["audio"] if self._spoken else ["text"],
            "audio": {"output": {key: output[key] for key in ("format", "voice")}},
            "max_output_tokens": self._settings["max_output_tokens"],
            "metadata": self._metadata,
            "usage": None if status == "in_progress" else usage(self._taken, self._given),
        }
