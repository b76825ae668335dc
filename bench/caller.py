"""A caller that measures: speaks tones into a room, and knows when it heard which agent."""

import asyncio
import bisect
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from livekit import rtc

from bench.tones import FRAME_MS, loudest, tone
from worker.background import background
from worker.room import own_events
from worker.room.microphone import OneTrackStream
from worker.room.speaker import Speaker

Pcm = npt.NDArray[np.int16]
RATE = 24000


@dataclass(frozen=True, slots=True)
class Heard:
    """20 ms of the agent's voice: when it arrived (monotonic seconds), and its pitch in Hz, None for silence.

    `track` counts the agent's tracks: another worker that goes on with the call has one of its own.
    """

    at: float
    hz: int | None
    track: int = 0


class Caller:
    """`async with` joins a room of its own with a token that sends the worker there."""

    def __init__(self, url: str, token: str, room: str) -> None:
        self.room = room
        self._url, self._token = url, token
        self._connection = rtc.Room()
        self._source = Speaker(RATE)
        self._waiting = asyncio.Queue[Pcm]()
        self._tracks = asyncio.Queue[rtc.Track]()
        self._stack = AsyncExitStack()
        self.heard: list[Heard] = []
        self.agents: list[tuple[bool, str]] = []  # who has come (True) and gone, in order
        self._news = asyncio.Event()
        self.joined_at = 0.0
        self.began = 0.0  # when the first sample of what they said last was handed over

    async def __aenter__(self) -> Self:
        self._connection.on("track_subscribed", lambda track, *_: self._tracks.put_nowait(track))
        self._connection.on("participant_connected", lambda other: self._note(other, came=True))
        self._connection.on("participant_disconnected", lambda other: self._note(other, came=False))
        self.joined_at = time.monotonic()
        await self._connection.connect(self._url, self._token)
        own_events.to_room(self._connection)  # eight callers in one process would wake each other all the time
        track = rtc.LocalAudioTrack.create_audio_track("caller", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self._connection.local_participant.publish_track(track, options)
        self._stack.push_async_callback(self._connection.disconnect)
        await self._stack.enter_async_context(background(self._speak(), self._listen()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)

    def _note(self, other: rtc.RemoteParticipant, *, came: bool) -> None:
        if other.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            self.agents.append((came, other.identity))

    def others(self) -> list[str]:
        """Who else is in the room."""
        return list(self._connection.remote_participants)

    async def say(self, hz: int, ms: int) -> float:
        """Speaks a tone. Returns when its last sample was handed over, monotonic seconds."""
        return await self.speak(tone(hz, ms, RATE))

    async def speak(self, pcm: Pcm) -> float:
        """The same of any sound."""
        frame = RATE * FRAME_MS // 1000
        for start in range(0, len(pcm), frame):
            self._waiting.put_nowait(pcm[start : start + frame])
        await self._waiting.join()
        return time.monotonic()

    async def write(self, text: str) -> float:
        """Returns when it was sent, monotonic seconds."""
        await self._connection.local_participant.send_text(text, topic="lk.chat")
        return time.monotonic()

    async def until(self, wanted: Callable[[list[Heard]], float | None], timeout_s: float = 15.0) -> float:
        """The time that `wanted` finds in what was heard. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while (found := wanted(self.heard)) is None:
                self._news.clear()
                await self._news.wait()
        return found

    async def voice(self, hz: int, since: float) -> float:
        """When an agent is first heard after `since`."""
        return await self.until(lambda heard: next((h.at for h in _after(heard, since) if h.hz == hz), None))

    async def silence(self, since: float, ms: int = 400) -> float:
        """When the last sound before `ms` of silence was heard, at or after `since`."""

        def last(heard: list[Heard]) -> float | None:
            end = since
            for sound in _after(heard, since):
                if sound.hz is not None:
                    end = sound.at
                elif sound.at - end >= ms / 1000:
                    return end
            return None

        return await self.until(last, 40.0)

    def longest_gap_ms(self, since: float) -> int:
        """The longest silence between two sounds of what was heard after `since`: frames counted, as an ear has them."""
        return longest_gap_ms([sound.hz for sound in _after(self.heard, since)])

    async def _speak(self) -> None:
        """A microphone never stops: silence where nothing is said."""
        silence = np.zeros(RATE * FRAME_MS // 1000, np.int16)
        due, spoke = time.monotonic(), False
        while True:
            speaks = not self._waiting.empty()
            pcm = self._waiting.get_nowait() if speaks else silence
            self._source.put(pcm.tobytes())
            if speaks and not spoke:
                self.began = time.monotonic()
            spoke = speaks
            if speaks:
                self._waiting.task_done()
            due += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _listen(self) -> None:
        async with background() as start:
            for number in itertools.count():
                start(self._follow(await self._tracks.get(), number))

    async def _follow(self, track: rtc.Track, number: int) -> None:
        stream = OneTrackStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=FRAME_MS)
        try:
            async for event in stream:
                hz = loudest(np.frombuffer(event.frame.data, np.int16)[::2], RATE // 2)
                self.heard.append(Heard(time.monotonic(), hz, number))
                self._news.set()
        finally:
            await stream.aclose()


def longest_gap_ms(heard: Sequence[int | None]) -> int:
    """The longest run of silent frames that has sound on both sides; 0 where sound follows sound."""
    sounds = [place for place, hz in enumerate(heard) if hz is not None]
    return max((after - before - 1 for before, after in itertools.pairwise(sounds)), default=0) * FRAME_MS


def _after(heard: list[Heard], since: float) -> list[Heard]:
    return heard[bisect.bisect_right(heard, since, key=lambda sound: sound.at) :]
