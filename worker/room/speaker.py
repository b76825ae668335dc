"""The agent's voice in the room: a track, and a queue in front of it that can be taken back."""

import asyncio
import time
from collections.abc import Callable

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

_QUEUE_MS = 1000  # the native queue's size; the gate keeps it far from full


class Speaker(rtc.AudioSource):
    """PCM16 mono at `sample_rate` Hz. Queues a frame without waiting for the native side to say that it has it.

    `AudioSource.capture_frame` listens to every event of the process for each frame, which costs more than all the
    rest of a call; a request alone does the same. It uses the SDK's private request: the version is pinned.

    While it may not speak, as `may_speak` tells, what is put is lost.
    """

    def __init__(self, sample_rate: int, may_speak: Callable[[], bool] = lambda: True) -> None:
        super().__init__(sample_rate, 1, _QUEUE_MS)
        self._may_speak = may_speak
        self._silent_at = 0.0
        self._waiting = bytearray()

    @property
    def queued(self) -> float:
        """Seconds that have been put and not been heard."""
        return max(0.0, self._silent_at - time.monotonic())

    def put(self, pcm: bytes) -> None:
        """Frames that are put at once go out as one: the native side takes each request in a task of its own, and on a
        busy machine the second of two may overtake the first."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send)
        self._waiting += pcm
        self._silent_at = max(self._silent_at, time.monotonic()) + len(pcm) / 2 / self.sample_rate

    def clear(self) -> None:
        self._silent_at = 0.0
        self._waiting.clear()
        self.clear_queue()

    def _send(self) -> None:
        if not self._waiting:
            return  # taken back meanwhile
        frame = rtc.AudioFrame(bytes(self._waiting), self.sample_rate, 1, len(self._waiting) // 2)
        self._waiting.clear()
        request = ffi_pb2.FfiRequest()
        request.capture_audio_frame.source_handle = self._ffi_handle.handle
        request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
        if self._may_speak():
            FfiClient.instance.request(request)

    async def publish(self, room: rtc.Room) -> rtc.LocalTrackPublication:
        """Puts the voice on a track that callers' clients play."""
        track = rtc.LocalAudioTrack.create_audio_track("agent", self)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        return await room.local_participant.publish_track(track, options)
