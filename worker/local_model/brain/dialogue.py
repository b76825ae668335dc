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

from agents import context
from agents.orchestrator import STUMBLED
from agents.plan import JUST_NOW, SETTLE
from worker.local_model.brain import consent, pictures, small_talk, wishes, wording
from worker.local_model.brain.asides import Asides, picture
from worker.local_model.brain.choice import CLEAR, ENOUGH, Choice
from worker.local_model.brain.past import Past, arguments_of, invites, is_planning, is_proposal, named_wish
from worker.local_model.brain.phrases import HANDOFF, Offer, asks_first, offers, quoted_after
from worker.local_model.brain.slots import said_yes, slots_of
from worker.local_model.brain.values import Values, fixed, only_values
from worker.local_model.conversation import SILENCE, Conversation, Item, Message, Say, Tool, ToolCall, ToolResult

Thought = Say | ToolCall
Choose = Callable[[str, Sequence[Offer]], list[Choice]]

_CONFIRMATION = "?"  # what is asked for is a yes
_AS_NEAR = 0.1  # less makes no difference
_PATIENCE = 2  # questions for one thing
_FAR_ENOUGH = 0.28  # for the request that brought the caller to this agent: it does fit something here


@dataclass(slots=True)
class _State:
    tool: Tool | None = None  # what the caller wants done
    values: dict[str, Any] = field(default_factory=dict)
    asked: str = ""  # the parameter that was asked for
    tries: int = 0
    told: list[str] = field(default_factory=list)  # what the caller said to it
    last: Tool | None = None  # what was done before
    last_values: dict[str, Any] = field(default_factory=dict)
    invited: bool = False  # it has failed, and the caller can put that right

    def drop(self) -> None:
        self.last, self.tool, self.values, self.asked, self.tries = self.tool or self.last, None, {}, "", 0
        self.told = []


class Dialogue:
    """One reply's worth of thinking."""

    def __init__(self, conversation: Conversation, choose: Choose, today: date) -> None:
        self._instructions = conversation.instructions
        self._items, self._frames = list[Item](), dict[int, str]()
        views = dict[int, dict[str, str]]()
        for item in conversation.items:
            if isinstance(item, Message) and (view := pictures.frame_of(item)):
                after = len(self._items)  # it is there to be looked at, and no turn; of each that is shown, the newest
                views.setdefault(after, {})[view] = item.text
                self._frames[after] = "\n".join(views[after].values())
            else:
                self._items.append(_bare(item))
        self._tools = conversation.tools if conversation.tool_choice != "none" else ()
        self._callable = _callable(
            self._tools, conversation.tool_choice
        )  # one of these must be called, if there are any
        self._state = _State()
        self._choose = choose
        self._offers = offers(self._instructions, self._tools)
        self._past = Past(self._items, {tool.name for tool in self._tools})
        self._values = Values(self._items, self._frames, self._instructions, today)
        self._asides = Asides(self._items, self._tools, self._past, self._values)

    def next(self) -> list[Thought]:
        thoughts = consent.announced(self._instructions, self._of_recording() or self._freely())
        if not self._callable:
            return thoughts
        allowed = [one for one in thoughts if isinstance(one, Say) or self._tool(one.name) in self._callable]
        return allowed if any(isinstance(one, ToolCall) for one in allowed) else [self._must_call()]

    def _must_call(self) -> ToolCall:
        """What the client insists on, without asking: the nearest tool, with the arguments that are known."""
        said = next((item.text for item in reversed(self._items) if _is_user(item) and isinstance(item, Message)), "")
        self._values.at = len(self._items)
        if self._state.tool in self._callable:
            tool, values = self._state.tool, self._state.values
        else:
            ranked = self._choose(said, offers("", self._callable))
            tool, values = next((one.offer.tool for one in ranked if one.offer.tool), self._callable[0]), {}
        assert tool
        known = {slot.name: self._values.value(slot, tool, said) for slot in slots_of(tool.parameters)}
        return ToolCall(
            tool.name, json.dumps({name: value for name, value in known.items() if value is not None} | values)
        )

    def _of_recording(self) -> list[Thought]:
        """The caller's last word, or the last result, is about being recorded; nothing when it is not."""
        last = self._items[-1] if self._items else None
        if isinstance(last, Message) and last.role == "user":
            return [note] if (note := consent.noted(self._instructions, self._tools, last.text)) else []
        if isinstance(last, ToolResult) and (said := consent.thanks(self._past.call(last))):
            return [said]
        return []

    def _freely(self) -> list[Thought]:
        users = [place for place, item in enumerate(self._items) if _is_user(item) or named_wish(item)]
        hint = self._instructions.rsplit("\n\n", 1)[-1]
        if said := re.search(r'(?i)\bsay (?:exactly|only|this):? "([^"]+)"', hint):
            return [Say(said[1])]
        if refused := re.search(r"could not be put through to (\w+)", hint):
            return [Say(f"I am sorry, I could not put you through to {refused[1]}. How else can I help you?")]
        if results := self._past.untold(users[-1] if users else -1):
            return self._told(results)
        if self._items and isinstance(last := self._items[-1], ToolResult) and is_planning(self._past.call(last)):
            failed = wishes.settle(self._tools, "dropped") if last.output == STUMBLED else []
            return [*failed] or [Say(wording.ANYTHING_ELSE)]
        if not users:
            return [Say(quoted_after("Greet with", self._instructions) or self._greeting())]
        unheard = self._past.unheard()
        return [*(self._told(unheard) if unheard else []), *self._go_through(users)]

    def _go_through(self, users: list[int]) -> list[Thought]:
        entered = self._past.entered
        begin = max((at for at in users if at < entered), default=users[0]) if entered >= 0 else users[0]
        begin = max([begin, *(at for at in users if named_wish(self._items[at]))])
        state = self._state
        for at in range(begin, len(self._items)):
            self._values.at = at
            match self._items[at]:
                case Message("user", text) if text == SILENCE:
                    if at == users[-1]:
                        return [Say(wording.STILL_THERE)]
                case Message("user", text) if at == users[-1] and (aside := self._asides.due(text)):
                    return [aside]
                case Message("user", text) if at == users[-1] or not self._past.was_planning(at):
                    thoughts = self._answer(state, self._with_wish(text, at < entered), brought=at < entered)
                    if at == users[-1]:
                        return thoughts
                case Message("system") as note if wish := named_wish(note):
                    self._values.wish = wish
                    state.drop()
                    why = wishes.impossible(note)
                    thoughts = [Say(why)] if why else self._answer(state, wish, brought=True)
                    if at == users[-1]:
                        return wording.turning_to(wish, thoughts, first=not wishes.some_settled(self._instructions))
                case ToolCall() as call if is_planning(call):
                    if call.name == SETTLE:
                        state.drop()
                case ToolCall(name) as call if self._asides.is_one(call) and not (
                    state.tool and state.tool.name == name
                ):
                    pass  # what is under way goes on
                case ToolCall(name, _, call_id) as call if not name.startswith(HANDOFF):
                    output = self._past.output(call_id)
                    state.drop()
                    state.last, state.last_values = self._tool(name), arguments_of(call)
                    state.invited = invites(output)
                    if is_proposal(output):
                        state.tool, state.values, state.asked = state.last, state.last_values, _CONFIRMATION
                    elif step := self._next_step(call):
                        self._go_on_with(state, step, call)
                case _:
                    pass
        return [Say(wording.NOT_HEARD)]

    def _answer(self, state: _State, text: str, *, brought: bool) -> list[Thought]:
        """`brought`: said before the handoff that brought the caller here, and not answered yet."""
        if not re.search(r"\w", text):
            return [Say(wording.NOT_HEARD)]
        if pictures.is_shown(text):
            return self._shown_now(state, text)
        if pictures.asks_to_read(text) and (shown := self._values.shown_lately()):
            return [Say(f"{pictures.aloud(shown)} {self._question(state)}".strip())]
        if small_talk.wants_repeat(text) and (said := self._past.last_said):
            return [Say(said)]
        if not brought and (changed := self._changed(state, text) or self._added(state, text)):
            return changed
        if small_talk.cancels(text):
            state.drop()
            if settled := wishes.settle(self._tools, "dropped"):
                return [*settled, Say(wishes.DROPPED)]
            return [Say(wording.LEFT_ALONE)]
        if state.tool and state.asked == _CONFIRMATION:
            return self._confirmed(state, state.tool, text)
        if state.tool and (thoughts := self._filled(state, state.tool, text)):
            return thoughts
        return self._begin(state, text, brought=brought)

    def _shown_now(self, state: _State, text: str) -> list[Thought]:
        """What is shown answers what was asked for, if that is on it, or it is that; else it is read aloud."""
        if tool := state.tool:
            asked = next((slot for slot in fixed(tool) if slot.name == state.asked), None)
            found = picture(asked, text) if asked and asked.is_shown else asked and self._values.read(asked, text)
            if asked and found is not None:
                state.values[asked.name] = found
                return self._go_on(state, tool)
        if self._asides.is_noted(pictures.name_of(text)):
            return [Say(question)] if (question := self._question(state)) else []
        return [Say(f"{pictures.aloud(text)} {self._question(state)}".strip())]

    def _planned(self, text: str, *, brought: bool) -> list[Thought]:
        """A plan of several wishes; who is brought some takes only what is clearly two of their own for two."""
        if not brought:
            return wishes.plan(text, self._tools, self._choose, self._offers)
        if wishes.settle(self._tools):
            return []  # they are planned already
        own = [offer for offer in self._offers if not _hands_over(offer)]
        return wishes.plan(text, self._tools, self._choose, own, CLEAR)

    def _changed(self, state: _State, text: str) -> list[Thought]:
        """The caller drops a wish of the plan, or wants another first; nothing when they do not."""
        change = wishes.changed(text, self._instructions, self._tools, self._choose, self._offers)
        if change is None:
            return []
        if not change.stays:
            state.drop()
        return [*change.calls, Say(f"{change.said} {self._question(state)}".strip())]

    def _added(self, state: _State, text: str) -> list[Thought]:
        """The caller wants something more while something is under way; nothing when they do not."""
        known = wishes.open_in(self._instructions)
        if not (known or state.tool) or not wishes.may_plan(self._tools):
            return []
        if not (more := wishes.added(text, self._choose, self._offers, state.tool)):
            return []
        if known:
            return [wishes.make([*known, *more]), Say(f"{wishes.ADDED} {self._question(state)}".strip())]
        first = wishes.Wish(", ".join(told.rstrip(" .?!") for told in state.told))
        return [wishes.make([first, *more]), Say(wishes.PLANNED)]

    def _question(self, state: _State) -> str:
        """The question that is open."""
        if not state.tool:
            return ""
        slots = slots_of(state.tool.parameters)
        if state.asked == _CONFIRMATION:
            return wording.confirm(slots, state.values)
        return wording.ask(next(slot for slot in slots if slot.name == state.asked), 0)

    def _confirmed(self, state: _State, tool: Tool, text: str) -> list[Thought]:
        found = {slot.name: value for slot in fixed(tool) if (value := self._values.find(slot, text)) is not None}
        changed = {name: value for name, value in found.items() if state.values.get(name) != value}
        if changed:
            state.values |= changed
            state.told.append(text)
            return self._go_on(state, tool)
        answer = said_yes(text)
        if answer is True:
            return [self._call(state, tool)]
        if answer is False:
            state.drop()
            if settled := wishes.settle(self._tools, "dropped"):
                return [*settled, Say(wishes.DROPPED)]
            return [Say(wording.LEFT_ALONE)]
        if (other := self._other(state, text)) is not None:
            return self._turn_to(state, other, text)
        state.tries += 1
        if state.tries > _PATIENCE:
            return self._give_up(state)
        return [Say(self._question(state))]

    def _filled(self, state: _State, tool: Tool, text: str) -> list[Thought] | None:
        """The answer to a question for a parameter; None when the caller has left the matter."""
        slot = next(slot for slot in slots_of(tool.parameters) if slot.name == state.asked)
        if slot.is_free and only_values(tool, text):
            value = None  # a number corrected, or given beside the question: it is no answer to it
            state.tries -= 1
        else:
            value = self._values.found(slot, tool, text, answering=True)
        if slot.points(text):
            value = (self._values.referred(slot) or value) if slot.is_free else value or self._values.known(slot, text)
        if (
            not only_values(tool, text)
            and (value is None or slot.is_free)
            and (other := self._other(state, text)) is not None
        ):
            return self._turn_to(state, other, text)
        state.told.append(text)
        for every in slots_of(tool.parameters):
            if (not every.is_free or every.is_reason) and (found := self._values.find(every, text)) is not None:
                state.values[every.name] = found
        if value is not None:
            state.values[slot.name] = value
            return self._go_on(state, tool)
        if (said := small_talk.answer(text)) and said != small_talk.GOODBYE:
            return [Say(f"{wording.ask(slot, 0)}")]
        state.tries += 1
        if state.tries > _PATIENCE:
            return self._give_up(state)
        return [Say(wording.ask(slot, state.tries))]

    def _give_up(self, state: _State) -> list[Thought]:
        state.drop()
        if settled := wishes.settle(self._tools, "dropped"):
            return [*settled, Say(wishes.GIVEN_UP)]
        return [Say(wording.GIVEN_UP)]

    def _begin(self, state: _State, text: str, *, brought: bool) -> list[Thought]:
        if said := small_talk.answer(text):
            return [Say(said)]
        if small_talk.wants_help(text):
            return [Say(wording.help_with(self._tools))]
        if (again := self._again(state, text)) is not None:
            return again
        if state.last and only_values(state.last, text) and self._values.names_something(state.last, text, days=True):
            return self._take(state, Offer((), tool=state.last), text)
        if planned := self._planned(text, brought=brought):
            return planned
        on_offer = [offer for offer in self._offers if not (brought and _hands_over(offer))]
        ranked = self._choose(text, on_offer)
        enough = _FAR_ENOUGH if brought and not _asks_for_somebody(text) else ENOUGH
        if ranked and ranked[0].nearness >= enough:
            return self._take(state, ranked[0].offer, text, settles=brought)
        if brought:
            if "The caller is back with you" in self._instructions:
                return [Say(wording.BACK)]
            return [Say(quoted_after("Enter with", self._instructions) or "How can I help you?")]
        if ranked and any(self._values.names_something(tool, text) for tool in self._tools):
            return [Say(f"What would you like me to do? {wording.help_with(self._tools)}")]
        return [Say(f"I am sorry, I do not know about that. {wording.help_with(self._tools)}")]

    def _turn_to(self, state: _State, offer: Offer, text: str) -> list[Thought]:
        """Something else while a question is open: an answer comes back to it, and so does a plan."""
        if offer.tool is None:
            return [Say(f"{offer.answer} {self._question(state)}")]
        known = wishes.open_in(self._instructions)
        if any(wish.now for wish in known) and not _hands_over(offer):
            return [wishes.make([wishes.Wish(text), *known], first=1)]
        return self._take(state, offer, text)

    def _take(self, state: _State, offer: Offer, text: str, *, settles: bool = False) -> list[Thought]:
        """`settles`: with an answer, the wish of the plan is settled."""
        if offer.tool is None:
            return [*(wishes.settle(self._tools) if settles else []), Say(offer.answer)]
        if offer.tool.name.startswith(HANDOFF):
            state.drop()
            return [ToolCall(offer.tool.name, "{}")]
        state.tool, state.values, state.asked, state.tries, state.told = offer.tool, {}, "", 0, [text]
        for slot in slots_of(offer.tool.parameters):
            if (found := self._values.value(slot, offer.tool, text)) is not None:
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
        here = max((one.nearness for one in ranked if state.tool and one.offer.tool == state.tool), default=0.0)
        if ranked and ranked[0].nearness >= max(CLEAR, here + _AS_NEAR):
            return ranked[0].offer
        return None

    def _again(self, state: _State, text: str) -> list[Thought] | None:
        """Another value for what has failed, and everything else as before; None if that is not what was said."""
        if not state.last or not state.invited:
            return None
        found = {slot.name: value for slot in fixed(state.last) if (value := self._values.find(slot, text)) is not None}
        answers = only_values(state.last, re.split(r"(?<=[.!])\s+", text)[0])  # `Number 7. It does not work.`
        other = None if answers else self._other(state, text)
        if not found or (other and other.tool != state.last):
            return None
        state.tool, state.values, state.told = state.last, state.last_values | found, [text]
        return self._go_on(state, state.tool)

    def _tool(self, name: str) -> Tool | None:
        return next((tool for tool in self._tools if tool.name == name), None)

    def _with_wish(self, text: str, brought: bool) -> str:
        """What brought the caller here, with the wish of the plan that it is about: in full, the latest word last."""
        now = next((wish.text for wish in wishes.open_in(self._instructions) if wish.now), JUST_NOW)
        if not brought or now == JUST_NOW:
            return text
        self._values.wish = now
        return f"{now}, {text}"

    def _told(self, results: Sequence[ToolResult]) -> list[Thought]:
        """What came of tools; a wish of a plan is settled with it."""
        told = self._tell(results)
        if any(is_proposal(one.output) for one in results):
            return [Say(told)]
        call = self._past.call(results[-1])
        if call and self._asides.is_one(call):
            return [Say(told), *self._rest(call)]
        if call and (step := self._next_step(call)):
            return [Say(told), *self._go_on_with(_State(), step, call)]
        settles = not invites(told) and not self._past.is_settled(results[-1])
        if settles and (settled := wishes.settle(self._tools)):
            return [*settled, Say(told)]
        return [Say(f"{told} {wording.ANYTHING_ELSE}" if told.startswith("Done.") else told)]

    def _rest(self, call: ToolCall) -> list[Thought]:
        """What was under way when the caller showed something; the tool that took it is not called again for that."""
        users = [place for place, item in enumerate(self._items) if _is_user(item) or named_wish(item)]
        rest = self._go_through(users)
        return [one for one in rest if not (isinstance(one, ToolCall) and one.name == call.name)]

    def _next_step(self, call: ToolCall) -> Tool | None:
        """The tool of the procedure's next step, if a call led to it: what the caller wants is as near to both."""
        found = re.search(r"Your next steps, in this order: .*?\bcall (\w+)", self._instructions)
        step = self._tool(found[1]) if found else None
        if not step or step.name == call.name or invites(self._past.output(call.call_id)):
            return None
        near = {
            choice.offer.tool.name: choice.nearness
            for choice in self._choose(self._past.told(call)[0], self._offers)
            if choice.offer.tool
        }
        return step if near.get(step.name, 0) >= near.get(call.name, 1) - _AS_NEAR else None

    def _go_on_with(self, state: _State, step: Tool, call: ToolCall) -> list[Thought]:
        """The next step, with what is known from the one before and from what was said to it."""
        said, known = ", ".join(self._past.told(call)), arguments_of(call)
        state.tool, state.told = step, [said]
        for slot in slots_of(step.parameters):
            value = known.get(slot.name)
            if value is None and (not slot.is_free or slot.is_reason):
                value = self._values.find(slot, said)
            if value is not None:
                state.values[slot.name] = value
        return self._go_on(state, step)

    def _tell(self, results: Sequence[ToolResult]) -> str:
        for one in results:
            call = self._past.call(one)
            tool = self._tool(call.name) if call else None
            if call and tool and is_proposal(one.output):
                return wording.confirm(slots_of(tool.parameters), arguments_of(call))
        return " ".join(dict.fromkeys(wording.result(one.output) for one in results))

    def _greeting(self) -> str:
        return "Hello! What can I do for you?"


def _bare(item: Item) -> Item:
    """An item, and of what was dialled or pressed that alone: the words around it ask for nothing."""
    if isinstance(item, Message) and item.role == "user" and (told := context.words_in(item.text)) != item.text:
        return Message("user", told)
    return item


def _callable(tools: tuple[Tool, ...], choice: str) -> tuple[Tool, ...]:
    if choice in ("auto", "none"):
        return ()
    return tools if choice == "required" else tuple(tool for tool in tools if tool.name == choice)


def _asks_for_somebody(text: str) -> bool:
    """Whether it asks to be with another agent, rather than for what that agent does: `back to the desk, please`."""
    return bool(
        re.search(
            r"(?i)\b(?:back to|(?:put|get) me through|(?:talk|speak|pass|hand|transfer) (?:me )?(?:to|with))\b", text
        )
    )


def _is_user(item: Item) -> bool:
    return isinstance(item, Message) and item.role == "user"


def _hands_over(offer: Offer) -> bool:
    return offer.tool is not None and offer.tool.name.startswith(HANDOFF)
