"""What a caller may point at later: what they showed and wrote, and what tools found. Pure.

"That order" and "the photo I sent" are told to every agent by name, however the call came to them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

MOST = 12  # some 25 words each: more would cost more than it tells
_NUMBERS = 4  # of these, bare numbers that were typed: people type many, and mean none of them by "that order"
_ABOUT_WORDS = 16
_LONGEST = 64  # no name of a thing is longer; what is comes from a machine, and would fill the instructions
_HEAD = "Spoken of or shown so far, newest first, as of minute {minute}. What the caller points at is one of these:"
_HEADED = re.compile(_HEAD.format(minute=r"\d+"))
_LINE = re.compile(r"- (\S.*?) \(.*")

_LARGE = 1000  # a whole number from here on is rather a number of something than a count
_ID_WORDS = frozenset(["number", "no", "id", "code", "ref", "reference", "key"])
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<!\w)(?:\+|0)\d[\d ]{6,}\d")
_WORD = re.compile(r"(?<![\w.,@-])\w[\w-]*(?![\w@-]|[.,]\d)")
_RETURNED = re.compile(r"\b[A-Z]{1,5}-?\d{2,}(?:-?[A-Z0-9]+)*\b")  # `R-2041`, `RT88213`


@dataclass(frozen=True, slots=True)
class Reference:
    """`kind` is what a caller would call it, `value` tells it from others of its kind, `at_ms` is when it last came up."""

    kind: str
    value: str
    source: str
    about: str
    at_ms: int

    @property
    def name(self) -> str:
        return self.value if self.value.startswith(self.kind) else f"{self.kind} {self.value}"


class References:
    """The newest `MOST` things of a call; one that comes up again is new again. Times are the journal's."""

    def __init__(self) -> None:
        self._things: dict[tuple[str, str], Reference] = {}  # the newest last
        self._called: dict[str, tuple[str, str, dict[str, Any]]] = {}

    @property
    def things(self) -> tuple[Reference, ...]:
        """The newest first."""
        return tuple(reversed(self._things.values()))

    def showed(self, ref: str, description: str, at_ms: int) -> None:
        """The caller showed a picture or a document; `ref` is its name: `photo-1`."""
        self._note(Reference(re.sub(r"-?\d+$", "", ref), ref, "shown by the caller", description, at_ms))

    def wrote(self, text: str, at_ms: int) -> None:
        """The caller typed something: the numbers, codes and addresses in it are remembered letter by letter."""
        for kind, value in _told_apart(text):
            self._note(Reference(kind, value, "written by the caller", "", at_ms))

    def called(self, call_id: str, agent: str, tool: str, arguments: dict[str, Any]) -> None:
        self._called[call_id] = (agent, tool, arguments)

    def returned(self, call_id: str, output: str, at_ms: int, *, failed: bool) -> None:
        """What a tool was asked about, and what it named, can be pointed at; if it failed, there may be no such thing."""
        agent, tool, arguments = self._called.pop(call_id, ("", "", {}))
        if not tool or failed:
            return
        source = f"{tool}, with {agent}"
        for code in dict.fromkeys(_RETURNED.findall(output)):
            if all(code != thing.value for thing in self.things):
                self._note(Reference(_object(tool) or "code", code, source, output, at_ms))
        for name, value in arguments.items():
            if (kind := _kind(name, value, tool)) is not None:
                self._note(Reference(kind, str(value), source, output, at_ms))

    def told(self, now_ms: int) -> str:
        """For an agent's instructions; empty while there is nothing. Its ages are as of `now_ms`."""
        if not self._things:
            return ""
        lines = [f"- {one.name} ({one.source}, {age(now_ms - one.at_ms)}){_about(one)}" for one in self.things]
        return "\n".join([_HEAD.format(minute=now_ms // 60_000), *lines])

    def _note(self, thing: Reference) -> None:
        if len(thing.value) > _LONGEST:
            return
        key = (thing.kind, thing.value.casefold())
        known = self._things.pop(key, None)
        self._things[key] = replace(thing, about=thing.about or (known.about if known else ""))
        if len(self._things) > MOST:
            counts = [key for key, one in self._things.items() if one.kind == "number"]
            del self._things[counts[0] if len(counts) > _NUMBERS else next(iter(self._things))]


def read(instructions: str) -> Iterator[tuple[str, str]]:
    """Kind and value of what instructions name so, newest first: the other end of `told`."""
    if not (head := _HEADED.search(instructions)):
        return
    for line in instructions[head.end() :].lstrip("\n").split("\n"):
        if not (found := _LINE.match(line)):
            return
        kind, _, value = found[1].rpartition(" ")
        yield kind or re.sub(r"-?\d+$", "", value), value


def age(ms: int) -> str:
    """Coarse, as people say it."""
    minutes = ms // 60_000
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    return "over an hour ago" if minutes < 120 else f"over {minutes // 60} hours ago"


def _about(thing: Reference) -> str:
    """A line without quotes: in instructions, what is quoted is to be said."""
    words = re.sub(r'["“”]', "", thing.about).split()
    cut = " ".join(words[:_ABOUT_WORDS]) + (" …" if len(words) > _ABOUT_WORDS else "")
    return f": {cut}" if words else ""


def _told_apart(text: str) -> Iterator[tuple[str, str]]:
    """What in a text is the name of one thing, rather than a word or a count: kind and value, in order."""
    for pattern, kind in ((_MAIL, "e-mail"), (_PHONE, "phone"), (_WORD, "")):
        for found in pattern.finditer(text):
            value = found[0].replace(" ", "").strip("-")
            if its := kind or _kind_of(value):
                yield its, value
        text = pattern.sub(" ", text)


def _kind_of(word: str) -> str:
    digits = sum(map(str.isdigit, word))
    if word.isdecimal():
        return "number" if digits >= 3 else ""
    return "code" if (digits >= 2 and word != word.lower()) or (digits >= 4 and word != word.upper()) else ""


def _kind(name: str, value: Any, tool: str) -> str | None:
    """What a tool's argument is the number of: `order` for `order_number`. None if it names no thing."""
    words = name.split("_")
    bare = [word for word in words if word not in _ID_WORDS]
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip() or " " in str(value):
        return None
    if len(bare) < len(words):
        return " ".join(bare) or _object(tool) or words[-1]
    tells = any(value == one for _, one in _told_apart(value)) if isinstance(value, str) else value >= _LARGE
    return name.replace("_", " ") if tells else None


def _object(tool: str) -> str:
    """What a tool deals with, by its name: `loan` for `find_loan`."""
    return " ".join(tool.split("_")[1:])
