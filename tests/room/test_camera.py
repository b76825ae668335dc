"""Which of the caller's tracks are received, and what is told of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from livekit import rtc

from tests.shown.files import opened
from tests.virtual_time import virtual_time
from worker.background import background
from worker.looking.glimpse import SENSES, Glimpse
from worker.looking.view import View
from worker.room.camera import CAMERA_PX, Cameras, Seen, is_blank
from worker.room.events import Filming, RoomEvent
from worker.shown.result import Size

CAMERA, SCREEN = rtc.TrackSource.SOURCE_CAMERA, rtc.TrackSource.SOURCE_SCREENSHARE


@dataclass
class Publication:
    """A track in a room, as the SDK tells of it."""

    sid: str
    source: int
    muted: bool = False
    subscribed: bool = False
    track: None = None

    def set_subscribed(self, wanted: bool) -> None:
        self.subscribed = wanted


@dataclass
class Person:
    identity: str
    track_publications: dict[str, Publication] = field(default_factory=dict)


@dataclass
class Room:
    """Tells whoever wants to know."""

    remote_participants: dict[str, Person] = field(default_factory=dict)
    handlers: dict[str, Callable[..., None]] = field(default_factory=dict)

    def on(self, event: str, handler: Callable[..., None]) -> None:
        self.handlers[event] = handler

    def off(self, event: str, handler: Callable[..., None]) -> None:
        assert self.handlers.pop(event) is handler


@asynccontextmanager
async def filmed(*there: Publication) -> AsyncIterator[tuple[Room, Cameras, list[RoomEvent]]]:
    """A caller who has published these."""
    room, told = Room({"anna": Person("anna", {one.sid: one for one in there})}), list[RoomEvent]()
    cameras = Cameras(cast("rtc.Room", room), tell=told.append)
    async with background(cameras.run({"anna", "ben"})):
        await asyncio.sleep(0.1)
        yield room, cameras, told
    assert not room.handlers


@virtual_time
async def test_given_a_camera_that_nobody_watches_then_it_is_not_received_until_somebody_does() -> None:
    camera, screen = Publication("1", CAMERA), Publication("2", SCREEN)
    async with filmed(camera) as (room, cameras, told):
        assert told == [Filming("anna", "camera", on=True)]
        assert not camera.subscribed
        cameras.watch({View("anna", "camera"), View("ben", "screen")})
        room.handlers["track_published"](screen, room.remote_participants["anna"])
        assert (camera.subscribed, screen.subscribed) == (True, False)
        cameras.watch({View("anna", "screen")})
        assert (camera.subscribed, screen.subscribed) == (False, True)
        cameras.watch(())
        assert (camera.subscribed, screen.subscribed) == (False, False)


@virtual_time
async def test_given_somebody_elses_camera_then_it_is_none_of_ours() -> None:
    theirs, sound = Publication("1", CAMERA), Publication("2", rtc.TrackSource.SOURCE_MICROPHONE)
    async with filmed(sound) as (room, cameras, told):
        cameras.watch({View("mallory", "camera"), View("anna", "screen")})
        room.handlers["track_published"](theirs, Person("mallory"))
        assert not theirs.subscribed
        assert not sound.subscribed
        assert told == []


@virtual_time
async def test_given_two_people_then_each_is_received_by_itself_and_whose_it_is_is_told() -> None:
    hers, his = Publication("1", SCREEN), Publication("2", SCREEN)
    async with filmed(hers) as (room, cameras, told):
        room.handlers["track_published"](his, ben := Person("ben", {"2": his}))
        assert told == [Filming("anna", "screen", on=True), Filming("ben", "screen", on=True)]
        cameras.watch({View("ben", "screen")})
        assert (hers.subscribed, his.subscribed) == (False, True)
        room.handlers["participant_disconnected"](ben)
        assert told[-1] == Filming("ben", "screen", on=False)
        cameras.watch({View("anna", "screen")})
        assert hers.subscribed


@virtual_time
async def test_given_a_camera_that_is_covered_or_gone_then_that_is_told() -> None:
    camera = Publication("1", CAMERA)
    async with filmed(camera) as (room, _, told):
        anna: Any = room.remote_participants["anna"]
        room.handlers["track_muted"](anna, camera)
        room.handlers["track_unmuted"](anna, camera)
        room.handlers["track_unpublished"](Publication("7", CAMERA), anna)
        assert [event.on for event in told if isinstance(event, Filming)] == [True, False, True]
        room.handlers["track_unpublished"](camera, anna)
        assert told[-1] == Filming("anna", "camera", on=False)


async def test_given_a_frame_of_a_phone_that_is_held_upright_then_so_is_the_picture_and_no_larger_than_it_may_be() -> (
    None
):
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    pixels[:, :200] = (255, 0, 0)  # a phone's camera is turned; what is left there is above, seen upright
    frame = rtc.VideoFrame(1920, 1080, rtc.VideoBufferType.RGB24, pixels.tobytes()).convert(rtc.VideoBufferType.I420)
    grey = np.zeros((SENSES["camera"].height, SENSES["camera"].width), np.uint8)
    seen = Seen(Glimpse(grey, 1920, 1080), "camera", frame, rtc.VideoRotation.VIDEO_ROTATION_90)
    data, width, height = await seen.jpeg(Size(2048, 1_000_000))
    picture = opened(data)
    assert (width, height) == picture.size == (576, CAMERA_PX)
    red = picture.convert("RGB").getpixel((300, 30))
    assert isinstance(red, tuple)
    assert red[0] > 200 > 100 > red[1]
    small, *_ = await seen.jpeg(Size(2048, 4_000))
    assert len(small) <= 4_000


@pytest.mark.parametrize(("size", "blank"), [((8, 8), True), ((2, 2), True), ((160, 90), False), ((16, 8), False)])
def test_what_the_server_ends_a_picture_with_is_no_frame(size: tuple[int, int], blank: bool) -> None:
    assert is_blank(*size) is blank
