"""Callers' cameras and screens: subscribed to while somebody looks, and of each its newest frame alone."""

import asyncio
import io
from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient, FfiHandle
from livekit.rtc._proto import video_frame_pb2 as proto
from PIL import Image

from agents.showing import Source
from worker.background import background
from worker.looking.glimpse import SENSES, Glimpse, detail
from worker.looking.view import View
from worker.room import own_events
from worker.room.events import Filming, RoomEvent
from worker.shown.result import Size

CAMERA_PX = 1024  # the longer side: who holds something up is close; a screen has the size that providers take
_BLANK_PX = 8  # VP8; of H.264 it has 2 x 2
_QUALITIES: Mapping[Source, tuple[int, ...]] = MappingProxyType(
    {"camera": (78, 65, 50, 35), "screen": (88, 75, 60, 45)}
)
_SOURCES = MappingProxyType[int, Source](
    {rtc.TrackSource.SOURCE_CAMERA: "camera", rtc.TrackSource.SOURCE_SCREENSHARE: "screen"}
)
_TURNS = MappingProxyType[int, Image.Transpose](
    {
        proto.VideoRotation.VIDEO_ROTATION_90: Image.Transpose.ROTATE_270,
        proto.VideoRotation.VIDEO_ROTATION_180: Image.Transpose.ROTATE_180,
        proto.VideoRotation.VIDEO_ROTATION_270: Image.Transpose.ROTATE_90,
    }
)
_TWO = ThreadPoolExecutor(2, thread_name_prefix="frames")  # of all calls of a process: pixels are no work for a loop


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame: at a glance, and whole."""

    glimpse: Glimpse
    source: Source
    frame: rtc.VideoFrame
    rotation: int

    async def jpeg(self, size: Size) -> tuple[bytes, int, int]:
        """Upright, of at most this size; its width and height in px."""
        return await asyncio.get_running_loop().run_in_executor(_TWO, self._jpeg, size)

    def _jpeg(self, size: Size) -> tuple[bytes, int, int]:
        frame = self.frame.convert(proto.VideoBufferType.RGB24)
        picture = Image.fromarray(np.frombuffer(frame.data, np.uint8).reshape(frame.height, frame.width, 3))
        px = min(size.px, CAMERA_PX) if self.source == "camera" else size.px
        picture.thumbnail((px, px), Image.Resampling.LANCZOS)
        if turn := _TURNS.get(self.rotation):
            picture = picture.transpose(turn)
        while True:
            for quality in _QUALITIES[self.source]:
                out = io.BytesIO()  # a screen's text is coloured: no colour of it is spread over two pixels
                picture.save(out, "JPEG", quality=quality, subsampling=0 if self.source == "screen" else 2)
                if out.tell() <= size.bytes:
                    return out.getvalue(), picture.width, picture.height
            picture = picture.reduce(2)


class Cameras:
    """Tells when somebody's camera or screen is there. Only what is `watched` is received, and decoded."""

    def __init__(self, room: rtc.Room, *, tell: Callable[[RoomEvent], None]) -> None:
        self._room, self._tell = room, tell
        self._people: Container[str] = ()
        self._watched = frozenset[View]()
        self._there: dict[View, rtc.RemoteTrackPublication] = {}
        self._feeds: dict[View, Feed] = {}
        self._tracks = asyncio.Queue[tuple[View, rtc.Track]]()  # unbounded: each of a few people has two

    def watch(self, views: Iterable[View]) -> None:
        """From now on these are received, and no others."""
        self._watched = frozenset(views)
        for view, publication in self._there.items():
            self._subscribe(view, publication)

    async def see(self, view: View) -> Seen | None:
        """The newest frame; None: there is none that was not seen before."""
        feed = self._feeds.get(view)
        return await feed.see() if feed else None

    async def run(self, people: Container[str]) -> None:
        """Until cancelled; `people` are the identities of those whose cameras and screens may be looked at."""
        room, self._people = self._room, people
        handlers: Mapping[Any, Callable[..., None]] = {
            "track_published": self._on_published,
            "track_unpublished": self._on_unpublished,
            "track_muted": lambda participant, publication: self._on_muted(participant, publication, muted=True),
            "track_unmuted": lambda participant, publication: self._on_muted(participant, publication, muted=False),
            "track_subscribed": self._on_track,
            "participant_disconnected": self._on_left,
        }
        for event, handler in handlers.items():
            room.on(event, handler)
        try:
            for participant in room.remote_participants.values():
                for publication in participant.track_publications.values():
                    self._on_published(publication, participant)
            async with background() as start:
                while True:
                    view, track = await self._tracks.get()
                    if before := self._feeds.get(view):
                        before.end()
                    feed = self._feeds[view] = Feed(track, view.source)
                    start(feed.run())
        finally:
            for event, handler in handlers.items():
                room.off(event, handler)

    def _view(self, publication: rtc.TrackPublication, participant: rtc.Participant) -> View | None:
        source = _SOURCES.get(publication.source)
        return View(participant.identity, source) if source and participant.identity in self._people else None

    def _on_published(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        if view := self._view(publication, participant):
            self._there[view] = publication
            if publication.track:  # it is received already
                self._tracks.put_nowait((view, publication.track))
            self._subscribe(view, publication)
            if not publication.muted:
                self._tell(Filming(*view, on=True))

    def _on_unpublished(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        view = self._view(publication, participant)
        if view and view in self._there and self._there[view].sid == publication.sid:
            self._gone(view)

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        for view in [view for view in self._there if view.participant == participant.identity]:
            self._gone(view)

    def _gone(self, view: View) -> None:
        del self._there[view]
        self._end(view)
        self._tell(Filming(*view, on=False))

    def _on_muted(self, participant: rtc.Participant, publication: rtc.TrackPublication, *, muted: bool) -> None:
        if view := self._view(publication, participant):
            self._tell(Filming(*view, on=not muted))

    def _on_track(self, track: rtc.Track, publication: rtc.TrackPublication, participant: rtc.Participant) -> None:
        if (view := self._view(publication, participant)) and view in self._watched:
            self._tracks.put_nowait((view, track))

    def _subscribe(self, view: View, publication: rtc.RemoteTrackPublication) -> None:
        wanted = view in self._watched
        if not wanted:
            self._end(view)
        if wanted != publication.subscribed:
            publication.set_subscribed(wanted)

    def _end(self, view: View) -> None:
        if feed := self._feeds.pop(view, None):
            feed.end()


class Feed:
    """One track. Of all frames that come it has the newest, as the decoder left it, and copies none but those seen."""

    def __init__(self, track: rtc.Track, source: Source) -> None:
        self._track, self._source = track, source
        self._over = asyncio.Event()
        self._stream: _NewestStream | None = None

    async def run(self) -> None:
        stream = self._stream = _NewestStream(self._track)
        try:
            await self._over.wait()
        finally:
            self._stream = None
            await stream.aclose()
            stream.forget()

    def end(self) -> None:
        self._over.set()

    async def see(self) -> Seen | None:
        taken = self._stream.take() if self._stream else None
        if taken is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(_TWO, _seen, self._source, *taken)


class _NewestStream(rtc.VideoStream):
    """A VideoStream that neither copies nor queues what nobody looks at, and is woken by its own frames only.

    It uses the SDK's private queue and buffers: the version is pinned.
    """

    def __init__(self, track: rtc.Track) -> None:
        super().__init__(track)
        self._newest: tuple[proto.OwnedVideoBuffer, int] | None = None
        handle = self._ffi_handle.handle
        own_events.only(self._ffi_queue, lambda event: event.video_stream_event.stream_handle == handle)

    def take(self) -> tuple[proto.OwnedVideoBuffer, int] | None:
        """The newest frame, and how it is turned; it is the taker's."""
        newest, self._newest = self._newest, None
        return newest

    def forget(self) -> None:
        if newest := self.take():
            FfiHandle(newest[0].handle.id).dispose()

    async def _run(self) -> None:
        self._newest = None
        try:
            while True:
                event = (await self._ffi_queue.wait_for(self._is_event)).video_stream_event
                if event.HasField("eos"):
                    return
                if event.HasField("frame_received"):
                    self.forget()
                    buffer = proto.OwnedVideoBuffer()
                    buffer.CopyFrom(event.frame_received.buffer)
                    self._newest = buffer, event.frame_received.rotation
                    if is_blank(buffer.info.width, buffer.info.height):
                        self.forget()
        finally:
            FfiClient.instance.queue.unsubscribe(self._ffi_queue)


def is_blank(width: int, height: int) -> bool:
    """Such a frame, in px, nobody has filmed: LiveKit's server ends a picture with a black one (pkg/sfu/downtrack.go)."""
    return width <= _BLANK_PX and height <= _BLANK_PX


def _seen(source: Source, buffer: proto.OwnedVideoBuffer, rotation: int) -> Seen:
    """In a thread: copies the frame, and looks at it."""
    frame = rtc.VideoFrame._from_owned_info(buffer)
    if frame.type != proto.VideoBufferType.I420:
        frame = frame.convert(proto.VideoBufferType.I420)
    size = frame.width * frame.height
    full = np.frombuffer(frame.data, np.uint8, count=size).reshape(frame.height, frame.width)
    sense = SENSES[source]
    small = Image.fromarray(full).resize((sense.width, sense.height), Image.Resampling.BOX)
    return Seen(Glimpse(np.asarray(small), frame.width, frame.height, detail(full)), source, frame, rotation)
