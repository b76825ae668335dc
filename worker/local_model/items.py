"""A session's conversation as the protocol has it: items in order, made, truncated and deleted by either side."""

import json
import re
from typing import Any

from worker.local_model.conversation import Item, Message, ToolCall, ToolResult
from worker.local_model.errors import ProtocolError
from worker.local_model.ids import new_id

JsonItem = dict[str, Any]
_ID = re.compile(r"[\w-]{1,32}")
_ROLES = ("user", "assistant", "system")
_PARTS = {
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
    "system": ("input_text",),
}


class Items:
    """Items are JSON objects in the protocol's form. What an image shows, and how long speech is, is kept beside them."""

    def __init__(self) -> None:
        self._items: list[JsonItem] = []
        self._seen: dict[str, str] = {}  # item id -> what its pictures show
        self._audio_ms: dict[str, int] = {}

    @property
    def last_id(self) -> str | None:
        return self._items[-1]["id"] if self._items else None

    def get(self, item: str) -> JsonItem:
        found = next((known for known in self._items if known["id"] == item), None)
        if found is None:
            raise ProtocolError(f"Item with item_id '{item}' does not exist.", code="item_not_found", param="item_id")
        return found

    def add(self, item: JsonItem, after: str | None = None) -> str | None:
        """Puts an item after another (`root`: in front; None: at the end). Returns the id it now follows.

        Raises ProtocolError for an id that is taken or malformed, an unknown `after`, or a result without its call.
        """
        item.setdefault("id", new_id("item"))
        item["object"] = "realtime.item"
        item.setdefault("status", "completed")
        self._check(item)
        if after is None:
            place = len(self._items)
        elif after == "root":
            place = 0
        else:
            place = self._items.index(self.get(after)) + 1
        self._items.insert(place, item)
        return self._items[place - 1]["id"] if place else None

    def delete(self, item: str) -> None:
        self._items.remove(self.get(item))

    def spoken(self, item: str, audio_ms: int) -> None:
        """So much audio of an assistant's message has been sent."""
        self._audio_ms[item] = audio_ms

    def show(self, item: str, text: str) -> None:
        """What the pictures of an item show."""
        self._seen[item] = text

    def truncate(self, item: str, audio_end_ms: int) -> None:
        """Forgets what a message of the assistant says after `audio_end_ms`. Raises ProtocolError beyond its end."""
        found = self.get(item)
        if found.get("role") != "assistant":
            raise ProtocolError("Only model output audio messages can be truncated.", param="item_id")
        length = self._audio_ms.get(item, 0)
        if audio_end_ms > length:
            raise ProtocolError(
                f"Audio content of {length}ms is already shorter than {audio_end_ms}ms.", param="audio_end_ms"
            )
        for part in found["content"]:
            if "transcript" in part and length:
                words = part["transcript"].split()
                part["transcript"] = " ".join(words[: len(words) * audio_end_ms // length])
        self._audio_ms[item] = audio_end_ms

    def for_brain(self) -> tuple[Item, ...]:
        return tuple(known for item in self._items if (known := self._for_brain(item)))

    def _for_brain(self, item: JsonItem) -> Item | None:
        match item["type"]:
            case "message":
                words = [part.get("text") or part.get("transcript") or "" for part in item["content"]]
                if seen := self._seen.get(item["id"]):
                    words.append(f"(A picture that shows: {seen})")
                return Message(item["role"], " ".join(word for word in words if word))
            case "function_call":
                return ToolCall(item["name"], item.get("arguments") or "{}", item["call_id"])
            case "function_call_output":
                return ToolResult(item["call_id"], item["output"])
            case _:
                return None

    def _check(self, item: JsonItem) -> None:
        if not _ID.fullmatch(item["id"]):
            raise ProtocolError("Item ids are 1 to 32 letters, digits, '_' and '-'.", param="item.id")
        if any(known["id"] == item["id"] for known in self._items):
            raise ProtocolError(
                f"Item with id '{item['id']}' is already in the conversation.",
                code="item_create_duplicate_item_id",
                param="item.id",
            )
        kind = item.get("type")
        if kind == "message":
            self._check_message(item)
        elif kind == "function_call":
            if not item.get("name"):
                raise ProtocolError("A function call has a name.", code="missing_required_parameter", param="item.name")
            item.setdefault("call_id", new_id("call"))
            item.setdefault("arguments", "{}")
        elif kind == "function_call_output":
            calls = [known.get("call_id") for known in self._items if known["type"] == "function_call"]
            if item.get("call_id") not in calls:
                raise ProtocolError(
                    f"Tool call ID '{item.get('call_id')}' not found in conversation.",
                    code="invalid_tool_call_id",
                    param="item.call_id",
                )
            if not isinstance(item.get("output"), str):
                item["output"] = json.dumps(item.get("output"))
        else:
            raise ProtocolError(
                f"Invalid value: {kind!r}. Items are messages, function calls and their outputs.", param="item.type"
            )

    def _check_message(self, item: JsonItem) -> None:
        role, content = item.get("role"), item.get("content")
        if role not in _ROLES or not isinstance(content, list):
            raise ProtocolError(
                "A message has a role (user, assistant, system) and a list of content.", param="item.role"
            )
        for part in content:
            if not isinstance(part, dict) or part.get("type") not in _PARTS[role]:
                kind = part.get("type") if isinstance(part, dict) else part
                raise ProtocolError(
                    f"Invalid value: {kind!r}. A message of the {role} has {', '.join(_PARTS[role])}.",
                    param="item.content",
                )
