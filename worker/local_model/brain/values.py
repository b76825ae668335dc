"""Where a parameter's value comes from: what is said now, what was said, done or shown before, or the instructions."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from agents import context, references
from worker.local_model.brain import pictures, wishes
from worker.local_model.brain.past import arguments_of
from worker.local_model.brain.phrases import subject, without_values
from worker.local_model.brain.slots import NO_CONTENT, Slot, clean, slots_of
from worker.local_model.conversation import Item, Message, Tool, ToolCall
from worker.spoken.numbers import is_number_word

_LONGEST = 300  # characters of a question that quotes what is shown


class Values:
    """Of a conversation's `items`, as far as `at`: what comes after that is not known yet.

    `frames` is what camera and screen show, each after so many items. `wish` is the one of a plan that is being dealt with.
    """

    def __init__(self, items: Sequence[Item], frames: Mapping[int, str], instructions: str, today: date) -> None:
        self._items, self._frames, self._instructions, self._today = items, frames, instructions, today
        self.at = 0
        self.wish = ""

    def find(self, slot: Slot, text: str) -> Any:
        return slot.find(text, self._today, answering=False)

    def found(self, slot: Slot, tool: Tool, text: str, *, answering: bool = False) -> Any:
        """A tool's parameter; text that can be anything is what else was said."""
        if slot.is_free and not slot.is_reason and not slot.is_whole:
            if bare := subject(tool, text):
                return bare
            if not answering:
                return None
        return slot.find(text, self._today, answering=answering)

    def value(self, slot: Slot, tool: Tool, text: str) -> Any:
        """From what was said just now, or else from before; None if it was not said at all."""
        if slot.is_free and (shown := self._named(slot, text)) is not None:
            return shown
        found = self.found(slot, tool, text)
        if found is None and not re.search(r"(?i)\b(?:other|another)\b", text):
            found = self.known(slot, text)
        if found is None and _points(text):
            found = self.read(slot, self.shown_lately())
        if slot.is_question and found and _shows(text) and (seen := pictures.in_words(self.shown_lately())):
            return f"{found}: {seen}"[: int(slot.schema.get("maxLength", _LONGEST))]
        return found

    def known(self, slot: Slot, text: str) -> Any:
        """What has come up before: a number, with whichever agent; for a wish that was put off, all that was told."""
        pointed = slot.lasts or (slot.points(text) and not slot.is_day)
        about = wishes.about(self.wish, self._items[: self.at])
        elsewhere = [self.find(slot, other) for other in wishes.others(self.wish, self._items)]
        for place in reversed(range(self.at)):
            item, ours = self._items[place], about[place]
            if not (pointed or ours is wishes.About.THIS) or (ours is wishes.About.OTHERS and not _points(text)):
                continue
            match item:
                case ToolCall() as call:
                    found = arguments_of(call).get(slot.name)
                case Message("user", shown) if pictures.is_shown(shown) and not slot.is_free:
                    found = self.read(slot, shown)
                case Message("user", said) if not slot.is_free or slot.is_reason:
                    found = self.find(slot, said)
                case _:
                    found = None
            if found is not None and (found not in elsewhere or _points(text)):
                return found
        if slot.is_free or not pointed or (self.wish and not _points(text)):
            return None
        if (fact := context.established(self._instructions).get(slot.name)) is not None:
            return slot.take(slot.name, fact)
        return self.referred(slot)

    def referred(self, slot: Slot) -> Any:
        """The newest thing in the instructions that can be this parameter."""
        taken = (slot.take(kind, value) for kind, value in references.read(self._instructions))
        return next((value for value in taken if value is not None), None)

    def _named(self, slot: Slot, text: str) -> Any:
        """For a parameter that takes any words: a thing by its name, when that is what is spoken of (`the photo`)."""
        kinds = {kind for kind, _ in references.read(self._instructions)}
        return self.referred(slot) if any(kind in text.lower() for kind in kinds) else None

    def read(self, slot: Slot, shown: str) -> Any:
        """A parameter as it stands on what was shown, rather in a line that names it; None if it does not."""
        found = (self.find(slot, line) for line in pictures.naming(shown, slot.name.split("_")))
        return next((value for value in found if value is not None), None)

    def shown_lately(self) -> str:
        """Or is there now: a frame for what was written comes just after it."""
        frames = {after: frame for after, frame in self._frames.items() if after <= self.at + 1}
        return pictures.lately(self._items[: self.at], frames)

    def names_something(self, tool: Tool, text: str, *, days: bool = False) -> bool:
        """Whether a number or code of a tool was said; `days`: or a day."""
        telling = [slot for slot in slots_of(tool.parameters) if slot.lasts or (days and slot.is_day)]
        return any(self.find(slot, text) is not None for slot in telling)


def only_values(tool: Tool, text: str) -> bool:
    """Whether values and next to nothing else was said: `and 10420?`, `card number one oh four two oh`, `on Friday`."""
    if re.match(r"(?i)\W*(?:where|when|who|which|why|how much|what(?:'s| is| was| are))\b", text):
        return False
    named = {word for slot in slots_of(tool.parameters) for word in re.findall(r"[a-z]+", slot.label.lower())}
    words = re.findall(r"[a-z]+", without_values(tool, clean(text)).lower())
    return all(is_number_word(word) or word in NO_CONTENT or word in named for word in words)


def fixed(tool: Tool) -> list[Slot]:
    """Parameters whose values can be told from other talk."""
    return [slot for slot in slots_of(tool.parameters) if not slot.is_free]


def _points(text: str) -> bool:
    """Whether it speaks of something that was named before: `move it to Friday`."""
    return bool(re.search(r"(?i)\b(?:it|that|this|them|the same)\b", text))


def _shows(text: str) -> bool:
    """Whether it speaks of something that one would have to see: `what does this mean?`"""
    return bool(re.search(r"(?i)\b(?:this|these|here|my screen|the screen|the camera)\b", text))
