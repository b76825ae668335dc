"""A caller's microphone: one track, resampled, in frames that never stop coming."""

import asyncio
from collections.abc import Callable

from livekit import rtc

from worker.room import own_events

FRAME_MS = 50
_MISSING_S = 0.2  # no frame for that long: the track is muted, or the network gone
_FILL_S = 2.0  # of silence after the last frame: enough for the provider to see that the turn is over


class Microphone:
    """Calls `hear` with PCM16 mono at `sample_rate` Hz, 50 ms at a time.

    A muted track sends nothing at all, and a provider that hears nothing waits for ever for the end of a turn: so
    silence follows the last frame for a while.
    """

    def __init__(self, track: rtc.Track, sample_rate: int, hear: Callable[[bytes], None]) -> None:
        self._track, self._sample_rate, self._hear = track, sample_rate, hear

    async def run(self) -> None:
        """Listens until the track ends, or until cancelled."""
        stream = OneTrackStream(self._track, sample_rate=self._sample_rate, num_channels=1, frame_size_ms=FRAME_MS)
        silence = bytes(self._sample_rate * FRAME_MS // 1000 * 2)
        fill = 0  # frames of silence that may still follow
        try:
            while True:
                try:
                    async with asyncio.timeout(None if not fill else _MISSING_S):
                        frame = (await anext(stream)).frame
                except TimeoutError:
                    while fill and stream.empty:
                        self._hear(silence)
                        fill -= 1
                        await asyncio.sleep(FRAME_MS / 1000)
                except StopAsyncIteration:
                    return
                else:
                    self._hear(frame.data.tobytes())
                    fill = round(_FILL_S * 1000) // FRAME_MS
        finally:
            await stream.aclose()


class OneTrackStream(rtc.AudioStream):
    """An AudioStream that is woken by its own frames only."""

    def __init__(self, track: rtc.Track, **options: int) -> None:
        super().__init__(track, **options)  # type: ignore[arg-type]
        handle = self._ffi_handle.handle
        own_events.only(self._ffi_queue, lambda event: event.audio_stream_event.stream_handle == handle)

    @property
    def empty(self) -> bool:
        return not self._queue._queue
