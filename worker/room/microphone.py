"""A caller's microphone: one track, resampled, in frames that never stop coming."""

import asyncio
import contextvars
from collections.abc import Callable

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiEvent

from worker.room import own_events

FRAME_MS = 40  # who speaks over a reply is heard that much later; a frame costs a millisecond, whatever is in it
_MISSING_S = 0.2  # no frame for that long: the track is muted, or the network gone
_FILL_S = 2.0  # of silence after the last frame: enough for the provider to see that the turn is over


class Microphone:
    """Calls `hear` with PCM16 mono at `sample_rate` Hz, FRAME_MS at a time.

    A muted track sends nothing at all, and a provider that hears nothing waits for ever for the end of a turn: so
    silence follows the last frame for a while.

    Frames come from the native side's event itself. `AudioStream` wakes two tasks for each, one after the other, which
    costs more than all that is done with it; it uses the SDK's private parts for that: the version is pinned.
    """

    def __init__(self, track: rtc.Track, sample_rate: int, hear: Callable[[bytes], None]) -> None:
        self._track, self._sample_rate, self._hear = track, sample_rate, hear
        self._heard_at = 0.0
        self._fill = 0  # frames of silence that may still follow

    async def run(self) -> None:
        """Listens until the track ends, or until cancelled. Raises what `hear` does."""
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        call = contextvars.copy_context()  # the native side's events have none

        def take(event: FfiEvent) -> bool:
            if not event.audio_stream_event.HasField("frame_received"):
                if not over.done():
                    over.set_result(None)
                return False
            frame = rtc.AudioFrame._from_owned_info(event.audio_stream_event.frame_received.frame)
            if not over.done():
                self._heard_at, self._fill = loop.time(), round(_FILL_S * 1000) // FRAME_MS
                try:
                    call.run(self._hear, frame.data.tobytes())
                except Exception as error:
                    over.set_exception(error)
            return True

        stream = OneTrackStream(self._track, sample_rate=self._sample_rate, num_channels=1, frame_size_ms=FRAME_MS)
        own_events.straight(stream._ffi_queue, take)
        silence = bytes(self._sample_rate * FRAME_MS // 1000 * 2)
        try:
            while not over.done():
                wait = self._heard_at + _MISSING_S - loop.time() if self._fill else _MISSING_S
                if wait <= 0:
                    self._hear(silence)
                    self._fill -= 1
                    wait = FRAME_MS / 1000
                await asyncio.wait([over], timeout=wait)
            over.result()
        finally:
            over.cancel()
            await stream.aclose()


class OneTrackStream(rtc.AudioStream):
    """An AudioStream that is woken by its own frames only."""

    def __init__(self, track: rtc.Track, **options: int) -> None:
        super().__init__(track, **options)  # type: ignore[arg-type]
        handle = self._ffi_handle.handle
        own_events.only(self._ffi_queue, lambda event: event.audio_stream_event.stream_handle == handle)
