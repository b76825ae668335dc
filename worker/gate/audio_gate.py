"""The one door between the model's speech and the room."""

import asyncio
import math
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from worker.gate.alignment import heard_text
from worker.gate.sentence_end import end_of

SAMPLE_BYTES = 2
FRAME_MS = (
    100  # the sink is woken ten times a second: half the work of 50 ms frames, and `clear` takes back a whole one
)
LEAD_S = 0.12  # what may wait in the sink; more would be heard after a network stall that is over
READ_S = 1.0  # for so long after words were shown they are being read: nobody waits in silence


class AudioSink(Protocol):
    """What plays: PCM16 mono at the gate's rate."""

    @property
    def queued(self) -> float:
        """Seconds that were put and have not been heard yet."""

    def put(self, pcm: bytes) -> None:
        """Queues a frame, at once."""

    def clear(self) -> None:
        """Forgets what is queued: silence from now on."""


@dataclass(slots=True)
class Speech:
    """One message of a reply on its way to the room. Positions are samples since its beginning.

    Of one that is held back, `allowed` samples and `passed` characters may be heard so far.
    """

    item: str
    agent: str
    epoch: int
    text: str = ""
    ended: bool = False
    pcm: bytearray = field(default_factory=bytearray)
    handed_over: int = 0
    stop_at: int | None = None  # characters: when these have been heard, it is silent
    stops: bool = False  # and over
    allowed: int | None = None
    passed: int = 0
    shortened: bool = False

    @property
    def fed(self) -> int:
        return len(self.pcm) // SAMPLE_BYTES

    @property
    def ready(self) -> int:
        """Samples that may be handed over."""
        return self.fed if self.allowed is None else min(self.allowed, self.fed)


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a message went to the room."""

    item: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`text` is what has been heard so far; the next is longer, or the message is over."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A message is over: what of it was heard. `interrupted` if not all."""

    item: str
    agent: str
    epoch: int
    text: str
    heard_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Sounding:
    """Whether the room hears something: from the first sample that goes there to the end of the last one."""

    on: bool


GateEvent = Started | Progress | Heard | Sounding


class AudioGate:
    """Lets one message at a time speak, holds the rest back, and knows to the sample what was heard.

    A model speaks faster than real time: at a barge-in, most of its speech still waits here. `pause` silences the
    room and keeps everything, `resume` goes on at the very sample, `cut` forgets the rest. PCM16 mono at
    `sample_rate` Hz: deltas of any length in, frames of at most 100 ms out.

    While it is `silent`, nothing sounds: what may be heard is shown at once, and counts as heard.

    A message that is opened `held` is silent until `allow` says how much of it may be heard; then it is `release`d, or
    ends where it is `shorten`ed.
    """

    def __init__(self, sink: AudioSink, sample_rate: int, emit: Callable[[GateEvent], None]) -> None:
        self._sink, self._sample_rate, self._emit = sink, sample_rate, emit
        self._waiting = deque[Speech]()  # unbounded: a reply ends by itself
        self._paused = False
        self._sounding = False
        self._silent = False
        self._audience = True
        self._read_until = -math.inf  # loop time
        self._changed = asyncio.Event()

    @property
    def sounding(self) -> bool:
        """The room hears something: neither what waits or is paused, nor a message whose next sound has not come."""
        return self._sounding

    @property
    def silent(self) -> bool:
        """The caller reads."""
        return self._silent

    def silence(self, silent: bool) -> None:
        """From now on the caller reads, or hears: in the middle of a message, too."""
        if silent is not self._silent:
            self._take_back()
            self._silent, self._read_until = silent, -math.inf
            self._changed.set()

    def audience(self, present: bool) -> None:
        """Whether anybody can hear, or read; until then all waits, as in a pause."""
        self._audience = present
        self._changed.set()

    @property
    def audible(self) -> bool:
        """Something speaks, or waits to speak (a paused gate too)."""
        return any(speech.fed > 0 for speech in self._waiting)

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def saying(self) -> tuple[str, str, int]:
        """The message that speaks, its words as far as they are known, and how many characters of it were heard."""
        if not self._waiting:
            return "", "", 0
        speech = self._waiting[0]
        return speech.item, speech.text, len(self._heard_text(speech))

    def pause_after(self, characters: int) -> None:
        """So many of the words that are being said are heard yet; then be silent, until `resume` or `cut`."""
        if self._waiting:
            self._waiting[0].stop_at = characters

    def stop_after(self, characters: int) -> None:
        """The same, but what follows is forgotten, any other message too."""
        while len(self._waiting) > 1:
            self._finish(self._waiting.pop())
        if self._waiting:
            self._waiting[0].stop_at, self._waiting[0].stops = characters, True
        self._paused = False
        self._changed.set()

    def open(self, item: str, agent: str, epoch: int, *, first: bool = False, held: bool = False) -> None:
        """A message begins; it speaks when those before it have been heard, or `first`, while nothing is sounding."""
        speech = Speech(item, agent, epoch, allowed=0 if held else None)
        if first and not self._sounding:
            self._waiting.appendleft(speech)
        else:
            self._waiting.append(speech)

    def feed(self, item: str, pcm: bytes) -> None:
        """A delta of speech. One of a message that is not open comes too late, and is dropped."""
        if speech := self._find(item):
            speech.pcm += pcm
            self._changed.set()

    def write(self, item: str, text: str) -> None:
        """A delta of the words."""
        if speech := self._find(item):
            speech.text += text

    def end(self, item: str) -> None:
        """The message is complete."""
        if speech := self._find(item):
            speech.ended = True
            self._changed.set()

    def break_off(self, item: str) -> bool:
        """No more of it comes: what is there is still heard. Returns whether that is anything."""
        self.end(item)
        return True

    def allow(self, item: str, samples: int, characters: int) -> None:
        """So much of a message that is held may be heard, and shown."""
        if (speech := self._find(item)) and speech.allowed is not None:
            speech.allowed, speech.passed = max(speech.allowed, samples), characters
            self._changed.set()

    def release(self, item: str) -> None:
        """All of it may be heard."""
        if speech := self._find(item):
            speech.allowed = None
            self._changed.set()

    def shorten(self, item: str, samples: int, text: str) -> None:
        """A message that is held ends after so many samples, in which `text` is heard."""
        if speech := self._find(item):
            del speech.pcm[max(samples, speech.handed_over) * SAMPLE_BYTES :]
            speech.text, speech.ended, speech.shortened, speech.allowed = text, True, True, None
            self._changed.set()

    def left_s(self, item: str) -> float:
        """How long what may be heard of a message goes on from now, those before it included; a pause does not count."""
        left = self._sink.queued
        for speech in self._waiting:
            left += (speech.ready - speech.handed_over) / self._sample_rate
            if speech.item == item:
                break
        return left

    def pause(self) -> None:
        """Be silent now, forget nothing."""
        if not self._paused:
            self._paused = True
            self._take_back()

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        self._paused = False
        if self._waiting and not self._waiting[0].stops:
            self._waiting[0].stop_at = None
        self._changed.set()

    def cut(self) -> None:
        """Be silent now, and forget the rest: every waiting message ends with what was heard of it."""
        self._take_back()
        self._paused = False
        while self._waiting:
            self._finish(self._waiting.popleft())
        self._changed.set()

    async def run(self) -> None:
        """Play what is fed, at the pace of the sink, until cancelled."""
        while True:
            self._changed.clear()
            delay = self._step()
            left = self._left_s
            self._tell(left > 0)
            try:
                async with asyncio.timeout(left or None if delay is None else delay):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _step(self) -> float | None:
        """Does what can be done now; returns after how many seconds there is more, None if only a change can tell."""
        while self._waiting and self._audience and not self._paused:
            speech = self._waiting[0]
            stop = self._stop(speech)
            if ahead := max(0.0, self._sink.queued - LEAD_S):
                return ahead
            if speech.handed_over < min(speech.ready, stop):
                self._hand_over(speech)
            elif speech.handed_over >= stop and not speech.stops:
                return None
            elif (speech.ended and speech.allowed is None) or speech.handed_over >= stop:
                if left := self._sink.queued:
                    return left
                self._finish(self._waiting.popleft())
            else:
                return None
        return None

    def _hand_over(self, speech: Speech) -> None:
        start, frame_samples = speech.handed_over, self._sample_rate * FRAME_MS // 1000
        end = min(speech.ready if self._silent else start + frame_samples, speech.ready, self._stop(speech))
        if self._silent:
            self._read_until = asyncio.get_running_loop().time() + READ_S
        else:
            self._sink.put(bytes(speech.pcm[start * SAMPLE_BYTES : end * SAMPLE_BYTES]))
        speech.handed_over = end
        if not start:
            self._emit(Started(speech.item))
        self._emit(Progress(speech.item, self._heard_text(speech)))

    @property
    def _left_s(self) -> float:
        """How long the room hears something, or reads, from now on."""
        if self._silent:
            return max(0.0, self._read_until - asyncio.get_running_loop().time())
        return self._sink.queued

    def _stop(self, speech: Speech) -> int:
        """The sample at which a message is cut off; beyond its end for one that is not."""
        if speech.stop_at is None or (speech.ended and speech.stop_at >= len(speech.text)):
            return sys.maxsize
        return end_of(speech.pcm, speech.text, speech.stop_at, ended=speech.ended, sample_rate=self._sample_rate)

    def _take_back(self) -> None:
        """What the sink has not played is ours again."""
        if self._waiting:
            self._waiting[0].handed_over = self._heard(self._waiting[0])
        self._sink.clear()
        self._tell(False)

    def _tell(self, sounding: bool) -> None:
        if sounding is not self._sounding:
            self._sounding = sounding
            self._emit(Sounding(sounding))

    def _finish(self, speech: Speech) -> None:
        heard = self._heard(speech)
        self._emit(
            Heard(
                item=speech.item,
                agent=speech.agent,
                epoch=speech.epoch,
                text=self._heard_text(speech),
                heard_ms=heard * 1000 // self._sample_rate,
                interrupted=not speech.ended or heard < speech.fed or not heard or speech.shortened,
            )
        )

    def _heard(self, speech: Speech) -> int:
        return max(0, speech.handed_over - round(self._sink.queued * self._sample_rate))

    def _heard_text(self, speech: Speech) -> str:
        held, heard = speech.allowed is not None, self._heard(speech)
        text = speech.text[: speech.passed] if held else speech.text
        if speech.stop_at is not None and heard >= self._stop(speech):
            return text[: speech.stop_at]
        return heard_text(
            text, heard=heard, fed=speech.fed, ended=speech.ended and not held, sample_rate=self._sample_rate
        )

    def _find(self, item: str) -> Speech | None:
        return next((speech for speech in self._waiting if speech.item == item), None)
