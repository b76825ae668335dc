"""A microphone's frames as the native side sends them: each is heard at once, silence follows the last, errors are told.

What makes them is in `tests/core`; here they come from ordinary memory, on virtual time.
"""

import asyncio
from contextvars import Context, ContextVar
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiEvent
from numpy.typing import NDArray

from tests.virtual_time import virtual_time
from worker.background import background
from worker.room import microphone
from worker.room.microphone import FRAME_MS, Microphone

RATE = 24_000
SOUND = np.full(RATE * FRAME_MS // 1000, 1000, np.int16)
QUIET = np.full(len(SOUND), 100, np.int16)
SILENCE = bytes(SOUND.nbytes)
TRACK = cast("rtc.Track", SimpleNamespace())


class Stream:
    """In the place of the native one."""

    def __init__(self, *_: object, **__: Any) -> None:
        self._ffi_queue = FfiClient.instance.queue.subscribe()

    def owns(self, event: FfiEvent) -> bool:
        return event.HasField("audio_stream_event")

    async def aclose(self) -> None:
        FfiClient.instance.queue.unsubscribe(self._ffi_queue)


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "OneTrackStream", Stream)


def say(sound: NDArray[np.int16] = SOUND) -> None:
    event = FfiEvent()
    info = event.audio_stream_event.frame_received.frame.info
    info.data_ptr, info.sample_rate = sound.ctypes.data, RATE
    info.num_channels, info.samples_per_channel = 1, len(sound)
    FfiClient.instance.queue.put(event)


def end() -> None:
    event = FfiEvent()
    event.audio_stream_event.eos.SetInParent()
    FfiClient.instance.queue.put(event)


@virtual_time
async def test_silence_follows_what_is_said_for_a_while_whoever_mutes_the_track() -> None:
    heard = list[bytes]()
    async with background(Microphone(TRACK, RATE, heard.extend).run()):
        await asyncio.sleep(10)
        assert not heard, "nobody has said anything yet"
        for seconds in (1, 1.1):  # they may go on before the silence is over, and after it
            heard.clear()
            for _ in range(50):
                say()
                await asyncio.sleep(FRAME_MS / 1000)
            assert heard == [SOUND.tobytes()] * 50, "at once"
            await asyncio.sleep(seconds)
            silent = len(heard) - 50
            assert heard[50:] == [SILENCE] * silent
            assert (seconds - 0.3) * 50 <= silent <= seconds * 50
        await asyncio.sleep(60)
        assert heard[50:] == [SILENCE] * 100, "two seconds, and no more"


@virtual_time
async def test_what_is_not_loud_comes_two_by_two_and_what_is_loud_brings_it_along() -> None:
    heard = list[bytes]()
    quiet, loud = QUIET.tobytes(), SOUND.tobytes()
    async with background(Microphone(TRACK, RATE, heard.extend).run()):
        await asyncio.sleep(0)
        for sound, so_far in ((QUIET, []), (QUIET, [quiet] * 2), (QUIET, [quiet] * 2), (SOUND, [quiet] * 3 + [loud])):
            say(sound)
            await asyncio.sleep(FRAME_MS / 1000)
            assert heard == so_far
        say(QUIET)
        await asyncio.sleep(0.5)
        assert heard[4:5] == [quiet], "the last one before a mute, too"
        assert set(heard[5:]) == {SILENCE}


@virtual_time
async def test_a_frame_is_heard_within_its_call() -> None:
    call, heard = ContextVar[str]("call"), list[str]()
    call.set("ours")
    async with background(Microphone(TRACK, RATE, lambda _: heard.append(call.get(""))).run()):
        await asyncio.sleep(0)
        Context().run(say)
        await asyncio.sleep(0.1)
    assert heard == ["ours"]


@virtual_time
async def test_the_end_of_a_track_ends_it() -> None:
    heard = list[bytes]()
    listening = asyncio.ensure_future(Microphone(TRACK, RATE, heard.extend).run())
    await asyncio.sleep(0)
    say()
    say(QUIET)
    end()
    await listening
    say()
    await asyncio.sleep(1)
    assert heard == [SOUND.tobytes(), QUIET.tobytes()]


@virtual_time
async def test_a_call_that_cannot_take_a_frame_is_told() -> None:
    def fail(_: object) -> None:
        raise ValueError("of no use")

    listening = asyncio.ensure_future(Microphone(TRACK, RATE, fail).run())
    await asyncio.sleep(0)
    say()
    with pytest.raises(ValueError, match="of no use"):
        await listening
