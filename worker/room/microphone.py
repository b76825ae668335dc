"""A caller's microphone: one track, resampled, in frames that never stop coming."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiEvent

from worker.room import own_events
from worker.room.loudness import may_be_loud

FRAME_MS = 20  # who speaks over a reply is heard that much later
_TOGETHER = 2  # frames of what is not loud: to wake a call costs more than what it does with them
_MISSING_S = 0.2  # no frame for that long: the track is muted, or the network gone
_FILL_S = 2.0  # of silence after the last frame: enough for the provider to see that the turn is over


class Microphone:
    """Calls `hear` with frames of PCM16 mono at `sample_rate` Hz, FRAME_MS each: what is loud at once, all else two by two.

    A muted track sends nothing at all, and a provider that hears nothing waits for ever for the end of a turn: so
    silence follows the last frame for a while.

    Frames come from the native side's event itself, in its thread. `AudioStream` wakes two tasks for each, one after the
    other, which costs more than all that is done with it; it uses the SDK's private parts for that: the version is pinned.
    """

    def __init__(self, track: rtc.Track, sample_rate: int, hear: Callable[[Sequence[bytes]], None]) -> None:
        self._track, self._sample_rate, self._hear = track, sample_rate, hear
        self._arrived = deque[bytes]()  # the native side's thread puts them in
        self._heard_at = 0.0
        self._fill = 0  # frames of silence that may still follow

    async def run(self) -> None:
        """Listens until the track ends, or until cancelled. Raises what `hear` does."""
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        call = contextvars.copy_context()  # the native side's events have none

        def take(event: FfiEvent) -> bool:
            if over.done():
                return event.audio_stream_event.HasField("frame_received")
            try:
                call.run(self._take)
            except Exception as error:
                over.set_exception(error)
                return True
            if event.audio_stream_event.HasField("frame_received"):
                return True
            over.set_result(None)
            return False

        stream = OneTrackStream(self._track, sample_rate=self._sample_rate, num_channels=1, frame_size_ms=FRAME_MS)
        own_events.straight(stream._ffi_queue, lambda event: stream.owns(event) and self._arrive(event), take)
        silence = bytes(self._sample_rate * FRAME_MS // 1000 * 2)
        try:
            while not over.done():
                wait = self._heard_at + _MISSING_S - loop.time() if self._fill else _MISSING_S
                if wait <= 0:
                    self._take()
                    self._hear([silence])
                    self._fill -= 1
                    wait = FRAME_MS / 1000
                await asyncio.wait([over], timeout=wait)
            over.result()
        finally:
            over.cancel()
            await stream.aclose()

    def _arrive(self, event: FfiEvent) -> bool:
        """Keeps a frame, in the native side's thread. Returns whether the call is to be woken."""
        if not event.audio_stream_event.HasField("frame_received"):
            return True
        pcm = rtc.AudioFrame._from_owned_info(event.audio_stream_event.frame_received.frame).data.tobytes()
        self._arrived.append(pcm)
        return len(self._arrived) >= _TOGETHER or may_be_loud(pcm)

    def _take(self) -> None:
        if frames := [self._arrived.popleft() for _ in range(len(self._arrived))]:
            self._heard_at, self._fill = asyncio.get_running_loop().time(), round(_FILL_S * 1000) // FRAME_MS
            self._hear(frames)


class OneTrackStream(rtc.AudioStream):
    """An AudioStream that is woken by its own frames only."""

    def __init__(self, track: rtc.Track, **options: int) -> None:
        super().__init__(track, **options)  # type: ignore[arg-type]
        own_events.only(self._ffi_queue, self.owns)

    def owns(self, event: FfiEvent) -> bool:
        return event.audio_stream_event.stream_handle == self._ffi_handle.handle
