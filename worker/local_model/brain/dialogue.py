"""Where a conversation stands, and what comes next: all of it follows from the conversation's items.

Nothing is kept between replies. What an agent wants to know, and has asked, is found by going once more through what
the caller said since the agent took over.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from worker.local_model.brain import small_talk, wishes, wording
from worker.local_model.brain.choice import CLEAR, ENOUGH, Choice
from worker.local_model.brain.numbers import is_number_word
from worker.local_model.brain.phrases import HANDOFF, Offer, asks_first, offers, quoted_after
from worker.local_model.brain.slots import NO_CONTENT, Slot, clean, said_yes, slots_of
from worker.local_model.conversation import SILENCE, Conversation, Item, Message, Say, Tool, ToolCall, ToolResult

Thought = Say | ToolCall
Choose = Callable[[str, Sequence[Offer]], list[Choice]]

_CONFIRMATION = "?"  # what is asked for is a yes
_PROPOSAL = "Not done yet."  # how the answer to a call begins that wants a yes first
_PATIENCE = 2  # questions for one thing
_FAR_ENOUGH = 0.28  # for the request that brought the caller to this agent: it does fit something here


@dataclass(slots=True)
class _State:
    tool: Tool | None = None  # what the caller wants done
    values: dict[str, Any] = field(default_factory=dict)
    asked: str = ""  # the parameter that was asked for
    tries: int = 0
    last: Tool | None = None  # what was done before

    def drop(self) -> None:
        self.last, self.tool, self.values, self.asked, self.tries = self.tool or self.last, None, {}, "", 0


class Dialogue:
    """One reply's worth of thinking."""

    def __init__(self, conversation: Conversation, choose: Choose, today: date) -> None:
        self._instructions, self._items = conversation.instructions, conversation.items
        self._tools = conversation.tools if conversation.tool_choice != "none" else ()
        self._callable = _callable(
            self._tools, conversation.tool_choice
        )  # one of these must be called, if there are any
        self._state = _State()
        self._choose, self._today = choose, today
        self._offers = offers(self._instructions, self._tools)
        self._at = 0  # the item that is being gone through: what comes after it is not known yet

    def next(self) -> list[Thought]:
        thoughts = self._freely()
        if not self._callable:
            return thoughts
        allowed = [one for one in thoughts if isinstance(one, Say) or self._tool(one.name) in self._callable]
        return allowed if any(isinstance(one, ToolCall) for one in allowed) else [self._must_call()]

    def _must_call(self) -> ToolCall:
        """What the client insists on, without asking: the nearest tool, with the arguments that are known."""
        said = next((item.text for item in reversed(self._items) if _is_user(item) and isinstance(item, Message)), "")
        self._at = len(self._items)
        if self._state.tool in self._callable:
            tool, values = self._state.tool, self._state.values
        else:
            ranked = self._choose(said, offers("", self._callable))
            tool, values = next((one.offer.tool for one in ranked if one.offer.tool), self._callable[0]), {}
        assert tool
        known = {slot.name: self._value(slot, said) for slot in slots_of(tool.parameters)}
        return ToolCall(
            tool.name, json.dumps({name: value for name, value in known.items() if value is not None} | values)
        )

    def _freely(self) -> list[Thought]:
        users = [place for place, item in enumerate(self._items) if _is_user(item) or wishes.named(item)]
        hint = self._instructions.rsplit("\n\n", 1)[-1]
        if said := re.search(r'(?i)\bsay (?:exactly|only|this):? "([^"]+)"', hint):
            return [Say(said[1])]
        if refused := re.search(r"could not be put through to (\w+)", hint):
            return [Say(f"I am sorry, I could not put you through to {refused[1]}. How else can I help you?")]
        if results := self._unsaid_results(users[-1] if users else -1):
            return self._told(results)
        if self._items and isinstance(last := self._items[-1], ToolResult) and self._is_settled(last.call_id):
            return [Say(wording.ANYTHING_ELSE)]
        if not users:
            return [Say(quoted_after("Greet with", self._instructions) or self._greeting())]
        return self._go_through(users)

    def _go_through(self, users: list[int]) -> list[Thought]:
        entered = max((at for at, item in enumerate(self._items) if _is_transfer(item)), default=-1)
        begin = max((at for at in users if at < entered), default=users[0]) if entered >= 0 else users[0]
        begin = max([begin, *(at for at in users if wishes.named(self._items[at]))])
        state = self._state
        for at in range(begin, len(self._items)):
            self._at = at
            match self._items[at]:
                case Message("user", text) if text == SILENCE:
                    if at == users[-1]:
                        return [Say(wording.STILL_THERE)]
                case Message("user", text):
                    thoughts = self._answer(state, text, brought=at < entered)
                    if at == users[-1]:
                        return thoughts
                case Message("system") as note if wish := wishes.named(note):
                    state.drop()
                    why = wishes.impossible(note)
                    thoughts = [Say(why), *wishes.settle(self._tools, "dropped")] if why else []
                    thoughts = thoughts or self._answer(state, wish, brought=True)
                    if at == users[-1]:
                        return thoughts
                case ToolCall(name, arguments, call_id) if not name.startswith(HANDOFF):
                    state.drop()
                    state.last = self._tool(name)
                    if self._is_proposal(call_id):
                        state.tool, state.values, state.asked = state.last, _arguments(arguments), _CONFIRMATION
                case _:
                    pass
        return [Say(wording.NOT_HEARD)]

    def _answer(self, state: _State, text: str, *, brought: bool) -> list[Thought]:
        """`brought`: said before the handoff that brought the caller here, and not answered yet."""
        if not re.search(r"\w", text):
            return [Say(wording.NOT_HEARD)]
        if small_talk.wants_repeat(text) and (said := self._last_said()):
            return [Say(said)]
        if small_talk.cancels(text):
            state.drop()
            if settled := wishes.settle(self._tools, "dropped"):
                return [Say(wishes.DROPPED), *settled]
            return [Say(wording.LEFT_ALONE)]
        if not brought and (dropped := wishes.dropped(text, self._instructions, self._tools)):
            state.drop()
            return dropped
        if state.tool and state.asked == _CONFIRMATION:
            return self._confirmed(state, state.tool, text)
        if state.tool and (thoughts := self._filled(state, state.tool, text)):
            return thoughts
        return self._begin(state, text, brought=brought)

    def _confirmed(self, state: _State, tool: Tool, text: str) -> list[Thought]:
        found = {slot.name: value for slot in _fixed(tool) if (value := self._find(slot, text)) is not None}
        changed = {name: value for name, value in found.items() if state.values.get(name) != value}
        if changed:
            state.values |= changed
            return self._go_on(state, tool)
        answer = said_yes(text)
        if answer is True:
            return [self._call(state, tool)]
        if answer is False:
            state.drop()
            if settled := wishes.settle(self._tools, "dropped"):
                return [Say(wishes.DROPPED), *settled]
            return [Say(wording.LEFT_ALONE)]
        if (other := self._other(state, text)) is not None:
            return self._take(state, other, text)
        state.tries += 1
        if state.tries > _PATIENCE:
            state.drop()
            return [Say(wording.GIVEN_UP)]
        return [Say(wording.confirm(slots_of(tool.parameters), state.values))]

    def _filled(self, state: _State, tool: Tool, text: str) -> list[Thought] | None:
        """The answer to a question for a parameter; None when the caller has left the matter."""
        slot = next(slot for slot in slots_of(tool.parameters) if slot.name == state.asked)
        if slot.is_free and _only_values(tool, text):
            value = None  # a number corrected, or given beside the question: it is no answer to it
            state.tries -= 1
        else:
            value = slot.find(text, self._today, answering=True)
        if (
            not _only_values(tool, text)
            and (value is None or slot.is_free)
            and (other := self._other(state, text)) is not None
        ):
            return self._take(state, other, text)
        for every in _fixed(tool):
            if (found := self._find(every, text)) is not None:
                state.values[every.name] = found
        if value is not None:
            state.values[slot.name] = value
            return self._go_on(state, tool)
        if (said := small_talk.answer(text)) and said != small_talk.GOODBYE:
            return [Say(f"{wording.ask(slot, 0)}")]
        state.tries += 1
        if state.tries > _PATIENCE:
            state.drop()
            return [Say(wording.GIVEN_UP)]
        return [Say(wording.ask(slot, state.tries))]

    def _begin(self, state: _State, text: str, *, brought: bool) -> list[Thought]:
        if said := small_talk.answer(text):
            return [Say(said)]
        if small_talk.wants_help(text):
            return [Say(wording.help_with(self._tools))]
        if state.last and _only_values(state.last, text) and self._names_something(state.last, text):
            return self._take(state, Offer((), tool=state.last), text)
        if not brought and (planned := wishes.plan(text, self._tools, lambda part: self._choose(part, self._offers))):
            return planned
        on_offer = [offer for offer in self._offers if not (brought and _hands_over(offer))]
        ranked = self._choose(text, on_offer)
        if ranked and ranked[0].nearness >= (_FAR_ENOUGH if brought else ENOUGH):
            return self._take(state, ranked[0].offer, text)
        if brought:
            if "The caller is back with you" in self._instructions:
                return [Say(wording.BACK)]
            return [Say(quoted_after("Enter with", self._instructions) or "How can I help you?")]
        if ranked and any(self._names_something(tool, text) for tool in self._tools):
            return [Say(f"What would you like me to do? {wording.help_with(self._tools)}")]
        return [Say(f"I am sorry, I do not know about that. {wording.help_with(self._tools)}")]

    def _take(self, state: _State, offer: Offer, text: str) -> list[Thought]:
        if offer.tool is None:
            return [Say(offer.answer), *wishes.settle(self._tools)]
        if offer.tool.name.startswith(HANDOFF):
            state.drop()
            return [ToolCall(offer.tool.name, "{}")]
        state.tool, state.values, state.asked, state.tries = offer.tool, {}, "", 0
        for slot in slots_of(offer.tool.parameters):
            if (found := self._value(slot, text)) is not None:
                state.values[slot.name] = found
        return self._go_on(state, offer.tool)

    def _go_on(self, state: _State, tool: Tool) -> list[Thought]:
        """Asks for what is missing, then for a yes if there is to be one, then does it."""
        slots = slots_of(tool.parameters)
        missing = next((slot for slot in slots if slot.required and slot.name not in state.values), None)
        if missing:
            state.asked, state.tries = missing.name, 0
            return [Say(wording.ask(missing, 0))]
        if asks_first(tool):
            state.asked, state.tries = _CONFIRMATION, 0
            return [Say(wording.confirm(slots, state.values))]
        return [self._call(state, tool)]

    def _call(self, state: _State, tool: Tool) -> ToolCall:
        call = ToolCall(tool.name, json.dumps(state.values))
        state.drop()
        return call

    def _other(self, state: _State, text: str) -> Offer | None:
        """Something else that the caller clearly turns to while a question is open."""
        ranked = self._choose(text, self._offers)
        if ranked and ranked[0].nearness >= CLEAR and ranked[0].offer.tool != state.tool:
            return ranked[0].offer
        return None

    def _find(self, slot: Slot, text: str) -> Any:
        return slot.find(text, self._today, answering=False)

    def _value(self, slot: Slot, text: str) -> Any:
        """From what was said just now, or else from before; None if it was not said at all."""
        found = self._find(slot, text)
        if found is None and slot.lasts and not re.search(r"(?i)\b(?:other|another)\b", text):
            found = self._known(slot)
        return found

    def _known(self, slot: Slot) -> Any:
        """A number that has come up before, with whichever agent."""
        for item in reversed(self._items[: self._at]):
            match item:
                case ToolCall(_, arguments):
                    found = _arguments(arguments).get(slot.name)
                case Message("user", text):
                    found = self._find(slot, text)
                case _:
                    found = None
            if found is not None:
                return found
        return None

    def _names_something(self, tool: Tool, text: str) -> bool:
        return any(slot.lasts and self._find(slot, text) is not None for slot in slots_of(tool.parameters))

    def _tool(self, name: str) -> Tool | None:
        return next((tool for tool in self._tools if tool.name == name), None)

    def _unsaid_results(self, last_user: int) -> list[ToolResult]:
        """Results that have come since the caller or we spoke last, handoffs apart."""
        said = max((at for at, item in enumerate(self._items) if isinstance(item, Message)), default=-1)
        ours = {
            item.call_id
            for item in self._items
            if isinstance(item, ToolCall) and (_is_transfer(item) or wishes.is_settling(item))
        }
        since = self._items[max(said, last_user) + 1 :]
        return [item for item in since if isinstance(item, ToolResult) and item.call_id not in ours]

    def _is_proposal(self, call_id: str) -> bool:
        """Whether a call was answered by: read the values back, and call again after a yes."""
        outputs = (item.output for item in self._items if isinstance(item, ToolResult) and item.call_id == call_id)
        return any(output.startswith(_PROPOSAL) for output in outputs)

    def _is_settled(self, call_id: str) -> bool:
        return any(
            isinstance(item, ToolCall) and item.call_id == call_id and wishes.is_settling(item) for item in self._items
        )

    def _told(self, results: Sequence[ToolResult]) -> list[Thought]:
        """What came of tools; a wish of a plan is settled with it."""
        if any(one.output.startswith(_PROPOSAL) for one in results):
            return [Say(self._tell(results))]
        settled = wishes.settle(self._tools)
        told = self._tell(results)
        return (
            [Say(told), *settled]
            if settled
            else [Say(f"{told} {wording.ANYTHING_ELSE}" if told.startswith("Done.") else told)]
        )

    def _tell(self, results: Sequence[ToolResult]) -> str:
        called = {item.call_id: item for item in self._items if isinstance(item, ToolCall)}
        for one in results:
            call = called.get(one.call_id)
            tool = self._tool(call.name) if call else None
            if call and tool and one.output.startswith(_PROPOSAL):
                return wording.confirm(slots_of(tool.parameters), _arguments(call.arguments))
        return " ".join(dict.fromkeys(wording.result(one.output) for one in results))

    def _last_said(self) -> str:
        return next(
            (
                item.text
                for item in reversed(self._items)
                if isinstance(item, Message) and item.role == "assistant" and item.text
            ),
            "",
        )

    def _greeting(self) -> str:
        return "Hello! What can I do for you?"


def _only_values(tool: Tool, text: str) -> bool:
    """Whether a number and next to nothing else was said: `and 1042?`, `order number one oh four two`."""
    named = {word for slot in slots_of(tool.parameters) for word in re.findall(r"[a-z]+", slot.label.lower())}
    words = re.findall(r"[a-z]+", clean(text).lower())
    return all(is_number_word(word) or word in NO_CONTENT or word in named for word in words)


def _callable(tools: tuple[Tool, ...], choice: str) -> tuple[Tool, ...]:
    if choice in ("auto", "none"):
        return ()
    return tools if choice == "required" else tuple(tool for tool in tools if tool.name == choice)


def _is_user(item: Item) -> bool:
    return isinstance(item, Message) and item.role == "user"


def _is_transfer(item: Item) -> bool:
    return isinstance(item, ToolCall) and item.name.startswith(HANDOFF)


def _hands_over(offer: Offer) -> bool:
    return offer.tool is not None and offer.tool.name.startswith(HANDOFF)


def _fixed(tool: Tool) -> list[Slot]:
    """Parameters whose values can be told from other talk."""
    return [slot for slot in slots_of(tool.parameters) if not slot.is_free]


def _arguments(arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
