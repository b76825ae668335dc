"""What a caller shows, and a tool that takes pictures: it goes there, whatever else is under way."""

import json
import re
from collections.abc import Sequence
from typing import Any

from worker.local_model.brain import pictures
from worker.local_model.brain.past import Past, arguments_of, invites
from worker.local_model.brain.slots import Slot, slots_of
from worker.local_model.brain.values import Values
from worker.local_model.conversation import Item, Message, Tool, ToolCall


class Asides:
    """Of a conversation's `items`, as far as `values` has come."""

    def __init__(self, items: Sequence[Item], tools: Sequence[Tool], past: Past, values: Values) -> None:
        self._items, self._tools, self._past, self._values = items, tools, past, values

    def due(self, text: str) -> ToolCall | None:
        """What was shown goes to the tool that takes pictures, once all else that it needs has been told.

        `text` is said now. Of a picture on which a number stands that is asked for, such as a slip of paper, only the number
        is wanted.
        """
        shown = next((one for one in reversed(self._said()) if pictures.is_shown(one)), "")
        if not shown or self.is_noted(pictures.name_of(shown)):
            return None
        for tool in self._tools:
            slots = [slot for slot in slots_of(tool.parameters) if slot.required]
            others = [slot for slot in slots if not slot.is_shown]
            if len(others) == len(slots) or any(self._values.read(slot, shown) for slot in others if not slot.is_free):
                continue
            values = {slot.name: picture(slot, shown) for slot in slots if slot.is_shown}
            values |= {slot.name: self._told(slot, tool, text) for slot in others}
            known = {slot.name: values[slot.name] for slot in slots if not slot.is_free}
            asked = any(known.items() <= arguments_of(call).items() for call in self._calls())
            if not asked and all(value is not None for value in values.values()):
                return ToolCall(tool.name, json.dumps(values))
        return None

    def is_one(self, call: ToolCall | None) -> bool:
        """Whether something that was shown went to a tool by it."""
        tools = (tool for tool in self._tools if call and tool.name == call.name)
        return any(slot.is_shown for tool in tools for slot in slots_of(tool.parameters))

    def is_noted(self, name: str) -> bool:
        """Whether what bears this name has gone to a tool that could make something of it."""
        calls = (call for call in self._calls() if not invites(self._past.output(call.call_id)))
        return any(name in arguments_of(call).values() for call in calls)

    def _calls(self) -> list[ToolCall]:
        return [item for item in self._items if isinstance(item, ToolCall) and self.is_one(item)]

    def _told(self, slot: Slot, tool: Tool, text: str) -> Any:
        """A number as ever; of what is wrong, what the caller has said last."""
        words = (said for said in reversed(self._said()) if slot.is_reason and not pictures.is_shown(said))
        complaint = next((found for said in words if (found := self._values.find(slot, said)) is not None), None)
        return complaint or self._values.value(slot, tool, "" if pictures.is_shown(text) else text)

    def _said(self) -> list[str]:
        """By the caller, up to now."""
        items = self._items[: self._values.at + 1]
        return [item.text for item in items if isinstance(item, Message) and item.role == "user"]


def picture(slot: Slot, shown: str) -> str | None:
    """The name of what is shown, where it can be this parameter."""
    name = pictures.name_of(shown)
    return name if re.fullmatch(str(slot.schema.get("pattern")), name) else None
