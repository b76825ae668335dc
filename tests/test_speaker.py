"""What the speaker sends to the native side: it may play two requests in either order."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from unittest import mock

import pytest

from worker.room.speaker import Speaker

RATE = 24000


@pytest.fixture
def sent() -> Iterator[list[int]]:
    """How many samples each request has."""
    samples = list[int]()

    def request(asked: object) -> None:
        assert hasattr(asked, "capture_audio_frame")
        samples.append(asked.capture_audio_frame.buffer.samples_per_channel)

    client = SimpleNamespace(instance=SimpleNamespace(request=request))
    with mock.patch("worker.room.speaker.FfiClient", client):
        yield samples


async def test_given_frames_that_are_put_at_once_then_they_go_out_as_one(sent: list[int]) -> None:
    speaker = Speaker(RATE)
    speaker.put(bytes(4800))
    speaker.put(bytes(2400))
    assert speaker.queued == pytest.approx(0.15, abs=0.02)
    await asyncio.sleep(0)
    assert sent == [3600]
    speaker.put(bytes(480))
    await asyncio.sleep(0)
    assert sent == [3600, 240]


async def test_given_a_frame_that_is_taken_back_at_once_then_nothing_goes_out(sent: list[int]) -> None:
    speaker = Speaker(RATE)
    speaker.put(bytes(4800))
    speaker.clear()
    assert speaker.queued == 0
    await asyncio.sleep(0)
    assert sent == []
