"""What the model says in `bench gate`: a reply in the agents' pitch, its words at any time; what may not be said is in
another.

The caller writes `reply TIMING SPEED DELAY` or `leak TIMING SPEED`; DELAY is how long the guard takes, ms. A guard sees
only words, so the delay is told by the day of the week in them.
"""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from typing import cast

import numpy as np

from bench.recital import Book, Reply, Timing
from bench.tones import ALFA, BRAVO, tone
from tests.simulators.openai_realtime.script import DELTA_MS, SAMPLE_RATE, Recite

PACE = 15.0  # characters a second
FORBIDDEN = "swordfish"
DAYS = {0: "Monday", 100: "Friday", 800: "Sunday"}
_SENTENCES = "Your parcel left on {}.", "The word that opens it is swordfish.", "Is there anything else I can do today?"


def delay_s(text: str) -> float:
    """How long a guard is to take for a reply that begins like this."""
    return next((ms / 1000 for ms, day in DAYS.items() if day in text), 0.0)


def answer(said: str) -> Recite | None:
    """What the model says to an order; None if it is none."""
    match said.split():
        case ["reply", timing, speed, delay]:
            return _recite(plain(DAYS[int(delay)]), cast("Timing", timing), float(speed))
        case ["leak", timing, speed]:
            return _recite(leaky(), cast("Timing", timing), float(speed))
        case _:
            return None


@cache
def plain(day: str) -> Reply:
    """Two sentences that may be heard."""
    return _reply([_SENTENCES[0].format(day), _SENTENCES[2]])


@cache
def leaky() -> Reply:
    """Three, of which the second may not."""
    return _reply([_SENTENCES[0].format("Monday"), *_SENTENCES[1:]])


def floor_ms(timing: Timing, speed: float, delay: int) -> float:
    """How long after the model's first sound the first sentence can be heard, at the soonest, if a guard takes `delay` ms.

    All its words are there, and judged; and it is known to be over, for more words have come, or the reply has ended.
    """
    reply = plain(DAYS[delay])
    first, said = len(reply.sentences[0].text), 0
    there = over = float(reply.ms)
    for at, piece in _sent(reply, timing):
        said += len(piece)
        if said >= first:
            there = min(there, at)
        if said > first:
            over = min(over, at)
    return max(there / speed + delay, over / speed)


def _sent(reply: Reply, timing: Timing) -> Iterator[tuple[int, str]]:
    """The pieces of its transcript, and how much of its sound was sent before each, ms: the service sends in steps."""
    for due, piece in reply.recite(timing).words:
        steps = range(0, reply.ms, DELTA_MS)
        yield next((step for step in steps if due <= min(step + DELTA_MS, reply.ms)), reply.ms), piece


def _reply(texts: Sequence[str]) -> Reply:
    return Book(random.Random(7), lead_ms=(0, 0), breaths=0.0).reply(texts, PACE)


def _recite(reply: Reply, timing: Timing, speed: float) -> Recite:
    sound = np.zeros(reply.ms * SAMPLE_RATE // 1000, np.int16)
    for begin, sentence in zip(reply.begins, reply.sentences, strict=True):
        start = begin * SAMPLE_RATE // 1000
        hz = BRAVO if FORBIDDEN in sentence.text else ALFA
        sound[start : start + len(sentence.pcm)] = tone(hz, sentence.ms, SAMPLE_RATE)
    return Recite(sound.tobytes(), reply.recite(timing).words, speed)
