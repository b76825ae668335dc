"""Forty secrets to plant in a call, and how they are found again: in bytes, however they are written."""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.simulators.openai_realtime.script import CallTool, Say, Script, Step
from worker.pii.cards import luhn
from worker.pii.ibans import is_iban

_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_LONG = 8  # letters and digits from which on nothing else is taken for it, whatever stands between them
_RANDOM = random.Random(7)


@dataclass(frozen=True)
class Secret:
    """`parts`: what is said, written, dialled or shown of it, one after the other; each is to be found nowhere.

    `around`: what is said besides, with `{}` for the part.
    """

    how: str
    parts: tuple[str, ...]
    around: str = "{}"

    @property
    def told(self) -> list[str]:
        return [self.around.format(part) for part in self.parts]

    @cached_property
    def _needles(self) -> list[re.Pattern[bytes]]:
        found = []
        for part in self.parts:
            chars = re.findall(r"[0-9a-z]", part.lower())
            between = rb"[^0-9a-z]{0,3}" if len(chars) >= _LONG else rb" ?"
            needle = between.join(char.encode() for char in chars)
            found.append(re.compile(rb"(?<![0-9a-z])" + needle + rb"(?![0-9a-z])"))
        return found

    def is_in(self, artefact: bytes) -> bool:
        """`artefact` in lower case."""
        return any(needle.search(artefact) for needle in self._needles)


def digits(count: int) -> str:
    return "".join(str(_RANDOM.randrange(10)) for _ in range(count))


def card(count: int = 16) -> str:
    """A Visa's, of 16 or 19 digits."""
    while True:
        number = f"4{digits(count - 1)}"
        if luhn(number) and len(set(number)) > 5:
            return number


def iban() -> str:
    while True:
        number = f"DE{digits(20)}"
        if is_iban(number):
            return number


def groups(number: str, by: str = " ", size: int = 4) -> str:
    return by.join(number[start : start + size] for start in range(0, len(number), size))


def words(number: str) -> str:
    return " ".join(_WORDS[int(digit)] for digit in number)


def split(number: str, pieces: int) -> tuple[str, ...]:
    size = -(-len(number) // pieces)
    return tuple(groups(number[start : start + size]) for start in range(0, len(number), size))


def phone() -> str:
    return f"+49 30 9018{_RANDOM.randrange(1000, 9999)}"


def found(secrets: Sequence[Secret], artefacts: dict[str, bytes]) -> dict[str, list[str]]:
    """By artefact, the secrets that are in it, as `how: parts`."""
    lower = {name: content.lower() for name, content in artefacts.items()}
    told = {
        name: [f"{secret.how}: {' | '.join(secret.parts)}" for secret in secrets if secret.is_in(content)]
        for name, content in lower.items()
    }
    return {name: hits for name, hits in told.items() if hits}


SPOKEN = [
    Secret("a card, in groups", (groups(card()),), "My card is {}."),
    Secret("a card, in words", (words(card()),)),
    Secret("a card, with dashes", (groups(card(), "-"),), "It is {}, please."),
    Secret("a card, in two turns", split(card(), 2)),
    Secret("a card, in three turns", split(card(19), 3)),
    Secret("a card, in words and two turns", tuple(words(half.replace(" ", "")) for half in split(card(), 2))),
    Secret("an account", (groups(iban()),), "The account is {}."),
    Secret("an account, in two turns", split(iban(), 2)),
    Secret("a national id", ("536-22-8726",), "My social security number is {}."),
    Secret("a telephone number", (phone(),), "Call me at {}."),
    Secret("an address", ("jane dot marlow at example dot org",), "Write to {}."),
    Secret("a password", ("tulip7crow",), "My password is {}."),
    Secret("a PIN that is noted later", (digits(8),), "The word for the parcel is {}."),
]
TYPED = [
    Secret("a card, compact", (card(),), "{}"),
    Secret("a card, with dots", (groups(card(), "."),), "Take {}."),
    Secret("a card, in two messages", split(card(), 2)),
    Secret("an account, compact", (iban(),), "{}"),
    Secret("an address", ("peter.holm@example.net",), "I am {}."),
    Secret("a telephone number", (phone().replace(" ", ""),), "or {}"),
    Secret("a key", ("sk-live4Fh2Kd83Lq0Zt7Wn5",), "The key is {}."),
    Secret("a member's number", (f"M-{digits(8)}",), "I am {}."),
]
DIALLED = [
    Secret("a card", (card(),)),
    Secret("a card, in two pieces", (digits(8), digits(8))),
    Secret("a code", (digits(8),)),
    Secret("another code", (digits(9),)),
    Secret("an account", (digits(10),)),
]
SHOWN = {
    "argument": Secret("a tool's argument", (card(),)),
    "progress": Secret("how it goes", (card(),)),
    "title": Secret("a card's title", (card(),)),
    "line": Secret("a card's line", (iban(),)),
    "field": Secret("a card's field", (phone(),)),
    "link": Secret("a card's link", (card(),)),
    "choice": Secret("a card's choice", (groups(card()),)),
    "output": Secret("a tool's result", (card(),)),
    "receipt": Secret("an address in a result", ("carla.voss@example.org",)),
    "exception": Secret("an exception's text", (card(),)),
    "wish": Secret("a wish of the plan", ("otto.brand@example.org",)),
    "said": Secret("what the agent says", (groups(card()),)),
    "in words": Secret("what the agent says, in words", (words(card()),)),
    "in two": Secret("what the agent says, in two messages", split(card(), 2)),
}
EVERY = [*SPOKEN, *TYPED, *DIALLED, *SHOWN.values()]


WORDS = ("charge", "fail", "tell", "tell in words", "begin", "go on", "plan")  # after which they are shown


def script() -> Script:
    """What the agent does at a word, once; else it says that it sees."""
    shown = {name: secret.parts[0] for name, secret in SHOWN.items()}
    argument = shown["argument"]
    wishes = [{"wish": f"Write to {shown['wish']}", "agent": "alfa"}, {"wish": "Go on", "agent": "bravo"}]
    first, second = SHOWN["in two"].parts
    steps: dict[str, Step] = {
        "charge": CallTool("charge", json.dumps({"card": f"number {argument}", "number": int(argument)})),
        "fail": CallTool("fail"),
        "note": CallTool("note_facts", json.dumps({"order_pin": SPOKEN[-1].parts[0]})),
        "plan": CallTool("make_plan", json.dumps({"steps": wishes})),
        "tell": Say(f"Your card is {shown['said']}.", ms=300),
        "tell in words": Say(shown["in words"], ms=300),
        "begin": Say(f"It is {first}", ms=300),
        "go on": Say(f"and {second}", ms=300),
    }
    return lambda asked: [steps.pop(asked.said, Say("I see.", ms=200))]
