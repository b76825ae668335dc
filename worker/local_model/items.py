"""A session's conversation as the protocol has it: items in order, made, truncated and deleted by either side."""

import copy
import json
import re
from typing import Any

from worker.local_model.conversation import SILENCE, Item, Message, ToolCall, ToolResult
from worker.local_model.errors import ProtocolError
from worker.local_model.ids import new_id
from worker.local_model.usage import Tokens, heard, said, written

JsonItem = dict[str, Any]
_ID = re.compile(r"[\w-]{1,32}")
_ROLES = ("user", "assistant", "system")
_PARTS = {
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
    "system": ("input_text",),
}


class Items:
    """Items are JSON objects in the protocol's form. What is made out of their sound and pictures is kept beside them."""

    def __init__(self) -> None:
        self.conversation_id = new_id("conv")
        self._items: list[JsonItem] = []
        self._seen: dict[str, str] = {}  # item id -> what its pictures show
        self._audio_ms: dict[str, int] = {}  # of assistants' messages
        self._heard = dict[tuple[str, int], tuple[float, str]]()  # part of a user's message -> ms, words
        self._silent = set[str]()

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

    def borrow(self, others: "Items", item: str) -> None:
        """Adds an item of another conversation's, as it is there. Raises ProtocolError when there is none."""
        found = copy.deepcopy(others.get(item))
        self.add(found)
        for place in range(len(found.get("content") or [])):
            if (known := others._heard.get((item, place))) is not None:
                self._heard[item, place] = known
        if item in others._seen:
            self._seen[item] = others._seen[item]
        if item in others._audio_ms:
            self._audio_ms[item] = others._audio_ms[item]

    def delete(self, item: str) -> None:
        self._items.remove(self.get(item))

    def spoken(self, item: str, audio_ms: int) -> None:
        """So much audio of an assistant's message has been sent."""
        self._audio_ms[item] = audio_ms

    def lasts(self, item: str, part: int, audio_ms: float) -> None:
        """So much audio is in a part of a user's message."""
        self._heard[item, part] = (audio_ms, "")

    def understood(self, item: str, part: int, words: str) -> None:
        """What is said in it. A transcript that the client gave stays in the item, and is for the client alone."""
        self._heard[item, part] = (self._heard[item, part][0], words)
        content = next((known["content"] for known in self._items if known["id"] == item), None)
        if content and content[part].get("transcript") is None:
            content[part]["transcript"] = words

    def silent(self, item: str) -> None:
        """The user's message is a silence that went on for too long, unless words are found in it."""
        self._silent.add(item)

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
                text = " ".join(word for word in self._words(item) if word)
                return Message(item["role"], text or (SILENCE if item["id"] in self._silent else ""))
            case "function_call":
                return ToolCall(item["name"], item.get("arguments") or "{}", item["call_id"])
            case "function_call_output":
                return ToolResult(item["call_id"], item["output"])
            case _:
                return None

    def _words(self, item: JsonItem) -> list[str]:
        known = [self._heard.get((item["id"], place)) for place in range(len(item["content"]))]
        words = [
            spoken[1] if spoken else part.get("text") or part.get("transcript") or ""
            for part, spoken in zip(item["content"], known, strict=True)
        ]
        return [*words, f"(A picture that shows: {seen})"] if (seen := self._seen.get(item["id"])) else words

    def tokens(self) -> Tokens:
        """What the items are to a reply that rests on them."""
        return sum(map(self._tokens, self._items), Tokens())

    def _tokens(self, item: JsonItem) -> Tokens:
        match item["type"]:
            case "message":
                parts = self._words(item)
                sound = [self._heard.get((item["id"], place)) for place in range(len(parts))]
                if audio_ms := self._audio_ms.get(item["id"]):
                    return said(" ".join(parts), audio_ms)
                each = [heard(known[0]) if known else written(words) for known, words in zip(sound, parts, strict=True)]
                return sum(each, Tokens())
            case "function_call":
                return written(f"{item['name']} {item.get('arguments') or ''}")
            case _:
                return written(str(item.get("output") or ""))

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
