"""A caller in a room: speaks, writes, and remembers what was heard, on one clock. For `baton talk`, tests and benches."""

import asyncio
import json
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Self
from uuid import uuid4

import numpy as np
import soxr
from livekit import rtc
from numpy.typing import NDArray

SAMPLE_RATE = 24000
_FRAME_MS = 20
_FRAME = SAMPLE_RATE * _FRAME_MS // 1000
_LEAD_S = 0.06  # of microphone audio in the native queue: less stutters, more is latency of our own making
_QUIET = 200  # peak of a frame of 20 ms, of 32768, below which nobody speaks

Pcm = NDArray[np.int16]


class CallerError(Exception):
    """The room cannot be joined, or nobody answers; the message says so."""


@dataclass(frozen=True, slots=True)
class Caption:
    """`at` is loop time; `mine`: words of the caller."""

    at: float
    mine: bool
    text: str
    final: bool


@dataclass(slots=True)
class _Heard:
    """Audio of one track of the agent, and when each frame came (loop time)."""

    frames: list[tuple[float, Pcm]] = field(default_factory=list)


class Caller:
    """Joins with a token. A real microphone never stops sending, and neither does this one."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self.room = rtc.Room()
        self.captions: list[Caption] = []
        self.events: list[dict[str, Any]] = []
        self.sent: list[tuple[float, Pcm]] = []
        self._heard = _Heard()
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, 200)
        self._speech = bytearray()
        self._spoken = asyncio.Event()
        self._changed = asyncio.Condition()
        self._tasks = set[asyncio.Task[None]]()
        self._last_loud = 0.0

    async def __aenter__(self) -> Self:
        self.room.on("track_subscribed", self._on_track)
        self.room.on("participant_attributes_changed", lambda *_: self._wake())
        self.room.on("participant_disconnected", lambda *_: self._wake())
        self.room.register_text_stream_handler("lk.transcription", self._on_caption)
        self.room.register_text_stream_handler("baton.events", self._on_event)
        try:
            await self.room.connect(self._url, self._token, rtc.RoomOptions(auto_subscribe=True))
        except rtc.ConnectError as error:
            raise CallerError(f"{self._url} does not let us in: {error}") from error
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._start(self._microphone())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        await self._source.aclose()

    async def say(self, pcm: Pcm, sample_rate: int = SAMPLE_RATE) -> float:
        """Speaks mono samples; returns the loop time at which the last one went out."""
        if sample_rate != SAMPLE_RATE:
            pcm = soxr.resample(pcm, sample_rate, SAMPLE_RATE)
        self._spoken.clear()
        self._speech += pcm.astype(np.int16).tobytes()
        await self._spoken.wait()
        return self._now()

    async def write(self, text: str) -> None:
        await self.room.local_participant.send_text(text, topic="lk.chat")

    async def show(self, data: bytes, name: str, mime_type: str = "image/jpeg") -> str:
        """Sends a file, as LiveKit's `sendFile` does; returns the id of its stream."""
        stream = str(uuid4())
        writer = await self.room.local_participant.stream_bytes(
            name, total_size=len(data), mime_type=mime_type, stream_id=stream, topic="baton.files"
        )
        await writer.write(data)
        await writer.aclose()
        return stream

    @property
    def agent(self) -> rtc.RemoteParticipant | None:
        kinds = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        return next((one for one in self.room.remote_participants.values() if one.kind == kinds), None)

    @property
    def holder(self) -> str:
        """The agent of the team who has the call; empty while none does."""
        return self.agent.attributes.get("baton.agent", "") if self.agent else ""

    @property
    def state(self) -> str:
        return self.agent.attributes.get("lk.agent.state", "") if self.agent else ""

    def heard(self, since: float = 0.0, until: float = float("inf")) -> Pcm:
        """The agent's audio between two loop times, 24 kHz mono, as it was received."""
        frames = [pcm for at, pcm in self._heard.frames if since <= at <= until]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)

    def recording(self, since: float) -> Pcm:
        """Both sides from a loop time on, 24 kHz, shape (n, 2): the caller left, the agent right."""
        length = round((self._now() - since) * SAMPLE_RATE)
        both = np.zeros((max(0, length), 2), np.int16)
        for side, frames in enumerate((self.sent, self._heard.frames)):
            for at, pcm in frames:
                start = round((at - since) * SAMPLE_RATE) - len(pcm)
                if 0 <= start <= length - len(pcm):
                    both[start : start + len(pcm), side] = pcm
        return both

    def first_sound(self, since: float) -> float | None:
        """When the agent was first heard after `since` (loop time of the frame); None if not yet."""
        for at, pcm in self._heard.frames:
            if at > since and np.abs(pcm.astype(np.int32)).max(initial=0) > _QUIET:
                return at
        return None

    async def until(self, happened: Callable[[], bool], within: float, what: str) -> None:
        """Waits for something in the room. Raises CallerError, naming `what`, when it does not come."""
        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(happened)
        except TimeoutError as error:
            raise CallerError(f"{what}: not within {within:.0f} s") from error

    async def changed(self) -> None:
        """Waits for the next thing that happens in the room."""
        async with self._changed:
            await self._changed.wait()

    async def answered(self, since: float, within: float = 20.0, quiet: float = 1.2) -> float:
        """Waits until the agent has spoken after `since`, has finished and listens. Returns when it was first heard.

        Raises CallerError when it is not heard `within` so many seconds, or is silent so long and does not listen.
        """

        def finished() -> bool:
            return self.state == "listening" and self._now() - self._last_loud > quiet

        await self.until(lambda: self.first_sound(since) is not None, within, "an answer")
        heard = 0.0

        def goes_on() -> bool:
            return finished() or self._last_loud > heard

        while not finished():
            heard = self._last_loud  # a long answer may take its time
            await self.until(goes_on, within, "the end of an answer")
        return self.first_sound(since) or since

    async def _microphone(self) -> None:
        silence = bytes(_FRAME * 2)
        due = self._now()
        while True:
            chunk = bytes(self._speech[: _FRAME * 2]).ljust(_FRAME * 2, b"\0") if self._speech else silence
            if self._speech:
                del self._speech[: _FRAME * 2]
            await self._source.capture_frame(rtc.AudioFrame(chunk, SAMPLE_RATE, 1, _FRAME))
            self.sent.append((self._now(), np.frombuffer(chunk, np.int16)))
            if not self._speech:
                self._spoken.set()
            due += _FRAME_MS / 1000
            if (ahead := due - self._now() - _LEAD_S) > 0:
                await asyncio.sleep(ahead)

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1, frame_size_ms=_FRAME_MS)
        try:
            async for event in stream:
                pcm = np.frombuffer(event.frame.data, np.int16).copy()
                self._heard.frames.append((self._now(), pcm))
                if np.abs(pcm.astype(np.int32)).max(initial=0) > _QUIET:
                    self._last_loud = self._now()
                self._wake()
        finally:
            await stream.aclose()

    def _on_track(self, track: rtc.Track, _: object, participant: rtc.RemoteParticipant) -> None:
        if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT and track.kind == rtc.TrackKind.KIND_AUDIO:
            self._start(self._listen(track))

    def _on_caption(self, reader: rtc.TextStreamReader, sender: str) -> None:
        self._start(self._read_caption(reader, mine=sender == self.room.local_participant.identity))

    async def _read_caption(self, reader: rtc.TextStreamReader, *, mine: bool) -> None:
        text = ""
        async for piece in reader:
            text += piece
            self.captions.append(Caption(self._now(), mine, text, final=False))
        self.captions.append(Caption(self._now(), mine, text, final=True))
        self._wake()

    def _on_event(self, reader: rtc.TextStreamReader, sender: str) -> None:
        if self._may_tell(sender):
            self._start(self._read_event(reader, self._now()))
        else:
            reader.close()

    def _may_tell(self, sender: str) -> bool:
        """Nobody is believed who is no agent; words may be faster than the news of who has come."""
        known = self.room.remote_participants.get(sender)
        return known is None or known.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT

    async def _read_event(self, reader: rtc.TextStreamReader, heard_at: float) -> None:
        """Events stand in the order in which they came: each is read by a thread of LiveKit's own, and may be overtaken."""
        event = json.loads(await reader.read_all()) | {"heard_at": heard_at}
        insort(self.events, event, key=itemgetter("heard_at"))
        self._wake()

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wake(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        self._start(notify())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
