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

from tests.virtual_time import virtual_time
from worker.background import background
from worker.room import microphone
from worker.room.microphone import FRAME_MS, Microphone

RATE = 24_000
SOUND = np.full(RATE * FRAME_MS // 1000, 1000, np.int16)
SILENCE = bytes(SOUND.nbytes)
TRACK = cast("rtc.Track", SimpleNamespace())


class Stream:
    """In the place of the native one."""

    def __init__(self, *_: object, **__: Any) -> None:
        self._ffi_queue = FfiClient.instance.queue.subscribe()

    async def aclose(self) -> None:
        FfiClient.instance.queue.unsubscribe(self._ffi_queue)


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "OneTrackStream", Stream)


def say() -> None:
    event = FfiEvent()
    info = event.audio_stream_event.frame_received.frame.info
    info.data_ptr, info.sample_rate = SOUND.ctypes.data, RATE
    info.num_channels, info.samples_per_channel = 1, len(SOUND)
    FfiClient.instance.queue.put(event)


def end() -> None:
    event = FfiEvent()
    event.audio_stream_event.eos.SetInParent()
    FfiClient.instance.queue.put(event)


@virtual_time
async def test_silence_follows_what_is_said_for_a_while_whoever_mutes_the_track() -> None:
    heard = list[bytes]()
    async with background(Microphone(TRACK, RATE, heard.append).run()):
        await asyncio.sleep(10)
        assert not heard, "nobody has said anything yet"
        for seconds in (1, 1.1):  # they may go on before the silence is over, and after it
            heard.clear()
            for _ in range(25):
                say()
                await asyncio.sleep(FRAME_MS / 1000)
            assert heard == [SOUND.tobytes()] * 25, "at once"
            await asyncio.sleep(seconds)
            silent = len(heard) - 25
            assert heard[25:] == [SILENCE] * silent
            assert (seconds - 0.3) * 25 <= silent <= seconds * 25
        await asyncio.sleep(60)
        assert heard[25:] == [SILENCE] * 50, "two seconds, and no more"


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
    listening = asyncio.ensure_future(Microphone(TRACK, RATE, heard.append).run())
    await asyncio.sleep(0)
    say()
    end()
    await listening
    say()
    await asyncio.sleep(1)
    assert heard == [SOUND.tobytes()]


@virtual_time
async def test_a_call_that_cannot_take_a_frame_is_told() -> None:
    def fail(_: bytes) -> None:
        raise ValueError("of no use")

    listening = asyncio.ensure_future(Microphone(TRACK, RATE, fail).run())
    await asyncio.sleep(0)
    say()
    say()
    with pytest.raises(ValueError, match="of no use"):
        await listening
