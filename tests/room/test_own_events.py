"""Which events of LiveKit's native side reach a call's room."""

import asyncio
from types import SimpleNamespace
from typing import cast

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiEvent

from worker.room import own_events

OURS, OTHERS = 7, 8


async def test_a_room_gets_what_is_meant_for_it_and_the_answers_it_hands_on() -> None:
    native = FfiClient.instance.queue
    ours, all_of_them = native.subscribe(), native.subscribe()
    room = SimpleNamespace(
        _ffi_handle=SimpleNamespace(handle=OURS),
        _ffi_queue=ours,
        local_participant=SimpleNamespace(_ffi_handle=SimpleNamespace(handle=OURS + 10)),
    )
    try:
        own_events.to_room(cast("rtc.Room", room))
        events = [FfiEvent() for _ in range(6)]
        events[0].room_event.room_handle = OURS
        events[1].room_event.room_handle = OTHERS
        events[2].rpc_method_invocation.local_participant_handle = OURS + 10
        events[3].rpc_method_invocation.local_participant_handle = OTHERS + 10
        events[4].publish_track.async_id = 1
        events[5].send_text.async_id = 1
        for event in events:
            native.put(event)
        await asyncio.sleep(0)
        got = [ours.get_nowait() for _ in range(ours.qsize())]
        assert got == [events[0], events[2], events[4]]
        assert all_of_them.qsize() == len(events), "nobody else's subscription has changed"
    finally:
        native.unsubscribe(ours)
        native.unsubscribe(all_of_them)


async def test_what_is_taken_at_once_wakes_nobody_and_the_rest_is_queued() -> None:
    native = FfiClient.instance.queue
    ours, taken = native.subscribe(), list[FfiEvent]()

    def take(event: FfiEvent) -> bool:
        taken.append(event)
        return event.audio_stream_event.HasField("frame_received")

    own_events.straight(ours, lambda event: event.HasField("audio_stream_event"), take)
    frame, end, other = FfiEvent(), FfiEvent(), FfiEvent()
    other.room_event.room_handle = OTHERS
    frame.audio_stream_event.frame_received.frame.handle.id = OURS
    end.audio_stream_event.eos.SetInParent()
    for event in (frame, other, end):
        native.put(event)
    await asyncio.sleep(0)
    native.unsubscribe(ours)
    native.put(end)
    await asyncio.sleep(0)
    assert taken == [frame, end], "in order, and no more of it after it is unsubscribed"
    assert [ours.get_nowait() for _ in range(ours.qsize())] == [end]
