"""The agent's voice in the room: a track, and a queue in front of it that can be taken back."""

import time

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

_QUEUE_MS = 1000  # the native queue's size; the gate keeps it far from full


class Speaker(rtc.AudioSource):
    """PCM16 mono at `sample_rate` Hz. Queues a frame without waiting for the native side to say that it has it.

    `AudioSource.capture_frame` listens to every event of the process for each frame, which costs more than all the
    rest of a call; a request alone does the same. It uses the SDK's private request: the version is pinned.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__(sample_rate, 1, _QUEUE_MS)
        self._silent_at = 0.0

    @property
    def queued(self) -> float:
        """Seconds that have been put and not been heard."""
        return max(0.0, self._silent_at - time.monotonic())

    def put(self, pcm: bytes) -> None:
        frame = rtc.AudioFrame(pcm, self.sample_rate, 1, len(pcm) // 2)
        request = ffi_pb2.FfiRequest()
        request.capture_audio_frame.source_handle = self._ffi_handle.handle
        request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
        FfiClient.instance.request(request)
        self._silent_at = max(self._silent_at, time.monotonic()) + frame.samples_per_channel / self.sample_rate

    def clear(self) -> None:
        self._silent_at = 0.0
        self.clear_queue()

    async def publish(self, room: rtc.Room) -> rtc.LocalTrackPublication:
        """Puts the voice on a track that callers' clients play."""
        track = rtc.LocalAudioTrack.create_audio_track("agent", self)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        return await room.local_participant.publish_track(track, options)
