"""Stand-ins at the edges that behave: a speaker that plays at real speed on the loop's clock."""

import asyncio

from bench.tones import tone


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
