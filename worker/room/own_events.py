"""Which events of LiveKit's native side wake a call: its own, where the SDK wakes every call of the process.

With n calls in a process, each of which tells its room something several times a second, that is n times n wake-ups.
The SDK's private queue is used: the version is pinned.
"""

from collections.abc import Callable

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiEvent

_ANSWERS = frozenset({"publish_track", "unpublish_track"})  # that a room hands on to who has asked


def to_room(room: rtc.Room) -> None:
    """From now on a room that is connected gets nothing that is meant for others."""
    assert room._ffi_handle, "connected"
    handle, participant = room._ffi_handle.handle, room.local_participant._ffi_handle.handle

    def own(event: FfiEvent) -> bool:
        match event.WhichOneof("message"):
            case "room_event":
                return event.room_event.room_handle == handle
            case "rpc_method_invocation":
                return event.rpc_method_invocation.local_participant_handle == participant
            case kind:
                return kind in _ANSWERS

    only(room._ffi_queue, own)


def only(subscriber: rtc._utils.Queue[FfiEvent], wanted: Callable[[FfiEvent], bool]) -> None:
    """From now on a subscriber gets what is wanted."""
    queue = FfiClient.instance.queue
    with queue._lock:
        queue._subscribers = [
            (other, loop, wanted if other is subscriber else before) for other, loop, before in queue._subscribers
        ]


def straight(
    subscriber: rtc._utils.Queue[FfiEvent], wanted: Callable[[FfiEvent], bool], take: Callable[[FfiEvent], bool]
) -> None:
    """From now on `take` gets what is wanted, on the subscriber's loop. Of what it returns True for, no task is woken.

    The native side's thread asks `wanted`, for each event of the process.
    """
    queued, queue = subscriber.put_nowait, FfiClient.instance.queue

    def put(item: FfiEvent) -> None:
        if not take(item):
            queued(item)

    with queue._lock:  # no event is taken that was not asked for, nor the other way round
        subscriber.put_nowait = put  # type: ignore[method-assign]
        only(subscriber, wanted)
