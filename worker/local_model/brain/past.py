"""What a conversation's items tell of the past: what was said, what tools returned, and what is not told yet."""

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from agents.plan import MAKE, NEXT, SETTLE
from worker.local_model.brain.phrases import HANDOFF
from worker.local_model.conversation import Item, Message, ToolCall, ToolResult

_PROPOSAL = "Not done yet."  # how the answer to a call begins that wants a yes first


class Past:
    """Places are indices of `items`; `offered`: the names of the tools there are now."""

    def __init__(self, items: Sequence[Item], offered: Collection[str] = ()) -> None:
        self._items, self._offered = items, offered
        self._calls = {item.call_id: item for item in items if isinstance(item, ToolCall)}

    @property
    def last_said(self) -> str:
        """What an agent said last."""
        said = (item.text for item in reversed(self._items) if isinstance(item, Message) and item.role == "assistant")
        return next((text for text in said if text), "")

    @property
    def entered(self) -> int:
        """Where the caller was handed over to this agent; -1 if they were not."""
        handed = (at for at, item in enumerate(self._items) if _is_transfer(item) and not self._is_refused(item))
        return max(handed, default=-1)

    def call(self, result: ToolResult) -> ToolCall | None:
        return self._calls.get(result.call_id)

    def output(self, call_id: str) -> str:
        """What became of a call; empty while nothing has."""
        outputs = (item.output for item in self._items if isinstance(item, ToolResult) and item.call_id == call_id)
        return next(outputs, "")

    def told(self, call: ToolCall) -> list[str]:
        """What the caller said that led to a call: since the one before it, or since the wish of a plan was named.

        A call that comes right after another was led to by the same words.
        """
        said, before = list[str](), list[str]()
        for item in self._items[: self._items.index(call)]:
            match item:
                case Message("user", text):
                    said.append(text)
                case Message("system") if wish := named_wish(item):
                    said = [wish]
                case ToolCall() if not (_is_transfer(item) or is_planning(item)):
                    said, before = [], said or before
                case _:
                    pass
        return said or before or [""]

    def untold(self, since: int) -> list[ToolResult]:
        """Results that have come since then, and since anybody spoke."""
        said = max((at for at, item in enumerate(self._items) if isinstance(item, Message)), default=-1)
        return self._results(max(said, since))

    def unheard(self) -> list[ToolResult]:
        """Results that the caller spoke before they were told. What is to be confirmed is asked for anyway."""
        said = [at for at, item in enumerate(self._items) if isinstance(item, Message) and item.role == "assistant"]
        return [result for result in self._results(said[-1] if said else -1) if not is_proposal(result.output)]

    def is_settled(self, result: ToolResult) -> bool:
        """Whether the wish that a result is about was settled with it."""
        return any(
            isinstance(item, ToolCall) and item.name == SETTLE for item in self._items[self._items.index(result) :]
        )

    def was_planning(self, at: int) -> bool:
        """Whether what the caller said there was about a plan, and was answered by one."""
        for item in self._items[at + 1 :]:
            match item:
                case Message("user"):
                    return False
                case ToolCall(name) if name == MAKE:
                    return True
                case _:
                    pass
        return False

    def _results(self, after: int) -> list[ToolResult]:
        """Results of tools, after a place."""
        ours = {
            item.call_id
            for item in self._calls.values()
            if (_is_transfer(item) and not self._is_refused(item)) or is_planning(item)
        }
        return [item for item in self._items[after + 1 :] if isinstance(item, ToolResult) and item.call_id not in ours]

    def _is_refused(self, item: Item) -> bool:
        """Whether a handoff came to nothing: it is the latest, and still on offer, as it is not to its target."""
        latest = next((one for one in reversed(self._items) if _is_transfer(one)), None)
        return item is latest and isinstance(item, ToolCall) and item.name in self._offered


def named_wish(item: Item) -> str:
    """The wish of a plan that a note names as the next; empty for any other item."""
    found = re.match(rf'{NEXT}: "(.+?)"', item.text) if isinstance(item, Message) and item.role == "system" else None
    return found[1] if found else ""


def is_planning(call: ToolCall | None) -> bool:
    """Whether it makes a plan, or settles a wish of one."""
    return call is not None and call.name in (MAKE, SETTLE)


def invites(output: str) -> bool:
    """Whether what a tool said asks the caller for something: they may put right what has failed."""
    return output.rstrip().endswith("?") or bool(re.search(r"(?i)\bplease\b", output))


def is_proposal(output: str) -> bool:
    """Whether a call was answered by: read the values back, and call again after a yes."""
    return output.startswith(_PROPOSAL)


def arguments_of(call: ToolCall) -> dict[str, Any]:
    try:
        found = json.loads(call.arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_transfer(item: Item) -> bool:
    return isinstance(item, ToolCall) and item.name.startswith(HANDOFF)
