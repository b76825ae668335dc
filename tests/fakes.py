"""Stand-ins at the edges that behave: a speaker that plays on the loop's clock, a camera that films, a kept journal."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from agents.showing import Source
from bench.tones import tone
from worker.journal.events import JournalEvent, journal_event
from worker.journal.lease import Lease
from worker.journal.recorder import Recorder
from worker.looking.glimpse import SENSES, Glimpse
from worker.looking.view import View
from worker.shown.result import Size


class FakeSpeaker:
    """PCM16 mono. `heard` is what has been played up to now."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._played = bytearray()
        self._queue = bytearray()
        self._since = 0.0

    @property
    def queued(self) -> float:
        self._play()
        return len(self._queue) / 2 / self._rate

    @property
    def heard(self) -> bytes:
        self._play()
        return bytes(self._played)

    @property
    def position(self) -> int:
        """How many bytes have been played."""
        self._play()
        return len(self._played)

    def put(self, pcm: bytes) -> None:
        self._play()
        self._queue += pcm

    def clear(self) -> None:
        self._play()
        self._queue.clear()

    def _play(self) -> None:
        now = asyncio.get_running_loop().time()
        due = round((now - self._since) * self._rate) * 2
        self._since = now if not self._queue else self._since + due / 2 / self._rate
        self._played += self._queue[:due]
        del self._queue[:due]


LAST_HZ = 700


async def speak(text: str, role: str, *, keep: bool = True) -> bytes:
    """The voice that needs no provider: a tone, 50 ms a letter."""
    return tone(LAST_HZ, 50 * len(text), 24_000).tobytes()


@dataclass
class FakeCamera:
    """Whatever is looked at shows another picture each `every_s` seconds, by the loop's clock; None: always the same."""

    every_s: float | None = None
    watched: frozenset[View] = frozenset()
    picture: bytes = b""  # a JPEG that it shows instead
    covered: bool = False  # nothing comes of it
    still: frozenset[str] = frozenset()  # whose shows the same picture all the time
    opens_s: float = 0.0  # so long after it is watched, its first picture comes
    since: float = 0.0

    def watch(self, views: frozenset[View]) -> None:
        self.watched, self.since = views, asyncio.get_running_loop().time()

    @property
    def number(self) -> int:
        """Of the picture that is there now."""
        return int(asyncio.get_running_loop().time() / self.every_s) if self.every_s else 0

    async def see(self, view: View) -> "FakeSeen | None":
        await asyncio.sleep(0.02)
        opening = asyncio.get_running_loop().time() < self.since + self.opens_s
        if view not in self.watched or self.covered or opening:
            return None
        still = view.participant in self.still
        return FakeSeen(view.source, 0 if still else self.number, self.picture)


@dataclass
class FakeSeen:
    """A grey picture, of which a bright bar tells the number's last digit, and the whole number its colour."""

    source: Source
    number: int
    picture: bytes = b""

    @property
    def glimpse(self) -> Glimpse:
        sense = SENSES[self.source]
        grey, tenth = np.zeros((sense.height, sense.width), np.uint8), sense.width // 10
        grey[:, self.number % 10 * tenth : (self.number % 10 + 1) * tenth] = 200
        return Glimpse(grey, 1280, 720)

    async def jpeg(self, size: Size) -> tuple[bytes, int, int]:
        await asyncio.sleep(0.05)
        return self.picture or film(self.number), 32, 32


def film(number: int) -> bytes:
    """The frame of that number: a JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (number // 32 * 8 % 256, number % 32 * 8, 77)).save(out, "JPEG", quality=95)
    return out.getvalue()


class KeptJournal(Recorder):
    """Keeps the journals of calls in memory, as they would stand in a database. It takes nothing out again."""

    def __init__(self) -> None:
        self._kept = dict[str, dict[int, Any]]()

    def record(
        self,
        call: str,
        number: int,
        event: JournalEvent,
        lease: Lease | None = None,
        standing: Mapping[str, Any] | None = None,
    ) -> None:
        self._kept.setdefault(call, {})[number] = event.model_dump(mode="json")

    async def written(self, call: str) -> Mapping[int, JournalEvent]:
        return {number: journal_event.validate_python(kept) for number, kept in self._kept.get(call, {}).items()}


class PromptRecorder(Recorder):
    """Whoever records waits until it is written: a clock that jumps would jump on while the thread that writes works."""

    def _later(self, write: Callable[[], Awaitable[None]]) -> None:
        written = Future[None]()

        async def write_and_tell() -> None:
            try:
                await write()
            finally:
                written.set_result(None)

        super()._later(write_and_tell)
        written.result()
