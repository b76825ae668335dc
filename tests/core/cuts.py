"""Replies that are cut off at random: what the model says, what the caller does, and who remembers how much of it."""

import bisect
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from bench.recital import TIMINGS, Book, Piece, Reply
from bench.tones import spoken
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, Step
from tests.simulators.openai_realtime.server import Connection

SPEEDS = (1.0, 3.0, 20.0)
NEXT, UH_HUH = 300, 550  # what the caller says, Hz
WITHIN_MS = 40  # so much may what is remembered and what was heard differ
_TEXTS = (
    "The first of these sentences is neither long nor short.",
    "The second one goes on for somewhat longer, as people do who have a lot to tell.",
    "Then there is a third.",
    "The fourth and last one ends what there is to be said about it.",
)

Way = Literal["written", "spoken", "after a back-channel", "during a back-channel", "twice"]
WAYS: Sequence[Way] = ("written", "written", "spoken", "after a back-channel", "during a back-channel", "twice")


@dataclass(frozen=True, slots=True)
class Cut:
    """How the caller cuts a reply off: `after_s` of it, and `then_s` later once more, or for good."""

    way: Way
    after_s: float
    then_s: float


def transcribe(pcm: bytes) -> str:
    return "uh-huh" if spoken(np.frombuffer(pcm, "<i2"), SAMPLE_RATE) == UH_HUH else "next"


def cuts(chance: random.Random, count: int) -> Iterator[Cut]:
    """At any moment: just after the beginning, at the edge of a sentence, or anywhere."""
    for number in range(count):
        reply = book().replies[number % len(book().replies)]
        edge = chance.choice(
            [*reply.begins[1:], *(b + s.ms for b, s in zip(reply.begins, reply.sentences, strict=True))]
        )
        after_s = chance.choice(
            (
                chance.uniform(0, 0.15),
                max(0.0, edge / 1000 + chance.uniform(-0.08, 0.08)),
                chance.uniform(0, reply.ms / 1000),
            )
        )
        yield Cut(chance.choice(WAYS), after_s, chance.uniform(0, 0.9))


@cache
def book() -> Book:
    """Each reply begins with sound, so that it is known where the one before it was cut off."""
    written = Book(random.Random(3), lead_ms=(0, 0))
    for number in range(60):
        written.reply([f"Reply {number}.", *_TEXTS])
    return written


class Model:
    """Says the replies of the book in order, in each session anew: all calls hear the same."""

    def __init__(self) -> None:
        self._asked = Counter[int]()

    def play(self, asked: Asked) -> Sequence[Step]:
        number = self._asked[asked.connection]
        self._asked[asked.connection] += 1
        chance = random.Random(number)
        timing, speed = chance.choice(TIMINGS), chance.choice(SPEEDS)
        return [book().replies[number % len(book().replies)].recite(timing, speed)]


# ---- who remembers how much


@dataclass(frozen=True, slots=True)
class Remembered:
    """Of one message, ms: what the model's memory holds, and what the journal says was heard."""

    reply: Reply
    model_ms: int
    journal_ms: int
    interrupted: bool

    def __str__(self) -> str:
        return f"the model remembers {self.model_ms} ms, the journal {self.journal_ms}"


def remembered(connection: Connection, events: Sequence[Mapping[str, Any]]) -> list[Remembered]:
    """All messages of a call, in the order in which they began."""
    assert connection.session
    said = {event["item"]: event for event in events if event["type"] == "agent.said"}
    held = {item["id"] for item in connection.items()}
    asked = (event["response"]["id"] for event in connection.sent if event["type"] == "response.created")
    replies = dict(zip(asked, itertools.cycle(book().replies), strict=False))  # some are cut off before they say a word
    found = []
    for event in connection.sent:
        if event["type"] != "response.output_item.added" or event["item"]["type"] != "message":
            continue
        item, reply = event["item"]["id"], replies[event["response_id"]]
        model_ms = connection.session.heard_ms.get(item, 0) if item in held else 0
        journal = said.get(item, {"heard_ms": 0, "interrupted": True})
        found.append(Remembered(reply, model_ms, journal["heard_ms"], journal["interrupted"]))
    return found


def cut_too_soon(connection: Connection) -> list[str]:
    """The messages that were truncated before their reply was cancelled: a model that still speaks adds to them."""
    added = [event for event in connection.sent if event["type"] == "response.output_item.added"]
    replies = {event["item"]["id"]: event["response_id"] for event in added}
    cancelled = {
        event.get("response_id"): place
        for place, event in enumerate(connection.received)
        if event["type"] == "response.cancel"
    }
    return [
        event["item_id"]
        for place, event in enumerate(connection.received)
        if event["type"] == "conversation.item.truncate" and cancelled.get(replies[event["item_id"]], -1) > place
    ]


def heard_ms(reply: Reply, pieces: Sequence[Piece]) -> tuple[float, float]:
    """How far into a reply the last sound of it was, and where its next sound would have been.

    In a pause, nobody can hear where in it the voice was cut off.
    """
    last = 0.0
    for piece in pieces:
        if piece.sentence in reply.sentences:
            last = max(last, reply.begins[reply.sentences.index(piece.sentence)] + piece.to_ms)
    sounds = [begin for begin in _sounds(reply) if begin > last - 15]
    place = bisect.bisect_left(_ends(reply), last - 15)
    at_an_end = place < len(_ends(reply)) and abs(_ends(reply)[place] - last) <= 15
    return last, min(sounds, default=reply.ms) if at_an_end or not last else last


def _sounds(reply: Reply) -> list[float]:
    """Where the voice begins, and goes on after a breath."""
    found = list[float]()
    for begin, sentence in zip(reply.begins, reply.sentences, strict=True):
        found += [begin, *([begin + sentence.breath.stop * 40] if sentence.breath else [])]
    return found


def _ends(reply: Reply) -> list[float]:
    """Where it stops, for a breath or for good."""
    found = list[float]()
    for begin, sentence in zip(reply.begins, reply.sentences, strict=True):
        found += [*([begin + sentence.breath.start * 40] if sentence.breath else []), begin + sentence.ms]
    return found
