"""The front desk with a real LiveKit server: what its tokens open, and whom it refuses."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest
from livekit import api, rtc

from tests.core.conftest import ROOT, House, house_with
from worker.talk import join

pytestmark = pytest.mark.system
FRIEND = "https://friend.example"
ADMIN = "open sesame"


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A front desk behind one proxy, with a site that may, of a team that looks at no camera; nobody takes calls."""
    team = {"BATON_TEAM": str(ROOT / "agents/shop/team.yaml")}
    settings = team | {"BATON_ORIGINS": FRIEND, "BATON_PROXIES": "1", "BATON_ADMIN_TOKEN": ADMIN}
    with house_with([], tmp_path_factory.mktemp("desk"), **settings) as house:
        yield house


@pytest.fixture
def desk(open_house: House) -> str:
    return f"http://127.0.0.1:{open_house.environment['BATON_HTTP_PORT']}"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return read


@asynccontextmanager
async def inside(joined: dict[str, str]) -> AsyncIterator[rtc.Room]:
    room = rtc.Room()
    await room.connect(joined["url"], joined["token"])
    yield room
    await room.disconnect()


async def test_given_a_token_then_it_grants_a_place_in_one_room_and_no_more(desk: str) -> None:
    joined = await join(desk)
    read = claims(joined["token"])
    assert read["video"] == {
        "roomJoin": True,
        "room": joined["room"],
        "canPublish": True,
        "canPublishSources": ["microphone"],
        "canPublishData": True,
        "canSubscribe": True,
        "canUpdateOwnMetadata": False,
    }
    assert read["exp"] - read["nbf"] <= 600
    assert set(joined) == {"url", "token", "room", "call"}


async def test_given_a_token_then_a_microphone_and_words_go_in_and_nothing_else(open_house: House, desk: str) -> None:
    joined = await join(desk)
    keys = open_house.environment["LIVEKIT_API_KEY"], open_house.environment["LIVEKIT_API_SECRET"]
    async with inside(joined) as room, api.LiveKitAPI(joined["url"].replace("ws", "http", 1), *keys) as livekit:
        me = room.local_participant
        sound = rtc.LocalAudioTrack.create_audio_track("microphone", rtc.AudioSource(48000, 1))
        await me.publish_track(sound, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
        await me.send_text("hello", topic="lk.chat")
        picture = rtc.VideoSource(16, 16)
        frame = np.zeros((16, 16, 4), np.uint8)
        picture.capture_frame(rtc.VideoFrame(16, 16, rtc.VideoBufferType.RGBA, frame.tobytes()))
        seen = rtc.LocalVideoTrack.create_video_track("camera", picture)
        with pytest.raises(rtc.participant.PublishTrackError):
            await me.publish_track(seen, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA))
        await me.set_name("The manager")
        wanted = api.RoomParticipantIdentity(room=room.name, identity=me.identity)
        there = await livekit.room.get_participant(wanted)
    assert [track.source for track in there.tracks] == [api.TrackSource.MICROPHONE]
    assert there.name == "talk", "who somebody is, is the front desk's to say"


async def test_given_a_token_then_livekit_manages_no_rooms_for_it(desk: str, session: aiohttp.ClientSession) -> None:
    joined = await join(desk)
    server = joined["url"].replace("ws", "http", 1)
    mine = {"Authorization": f"Bearer {joined['token']}"}
    for what in ("ListRooms", "CreateRoom", "DeleteRoom", "ListParticipants", "RemoveParticipant"):
        body = {"room": joined["room"], "names": [joined["room"]], "name": joined["room"], "identity": "x"}
        async with session.post(f"{server}/twirp/livekit.RoomService/{what}", json=body, headers=mine) as answer:
            assert answer.status in (401, 403), what


async def test_given_many_rooms_then_their_names_are_random_and_those_chosen_are_long(
    desk: str, session: aiohttp.ClientSession
) -> None:
    names = [(await join(desk))["room"] for _ in range(8)]
    assert len(set(names)) == 8
    assert all(re.fullmatch(r"room-[\w-]{16}", name) for name in names), "96 random bits"
    for room, status in (
        ("lobby", 400),
        ("x" * 15, 400),
        ("x" * 16, 200),
        ("übergroßes-zimmer-7", 400),
        ("x" * 65, 400),
    ):
        async with session.post(f"{desk}/api/join", json={"room": room}) as answer:
            assert answer.status == status, room


async def test_given_an_address_that_asks_without_end_then_it_is_refused_and_others_are_not(
    desk: str, session: aiohttp.ClientSession
) -> None:
    async def ask(address: str) -> int:
        headers = {"X-Forwarded-For": f"10.9.8.7, {address}"}
        async with session.post(f"{desk}/api/join", json={}, headers=headers) as answer:
            return answer.status

    statuses = await asyncio.gather(*(ask("203.0.113.5") for _ in range(40)))
    assert sorted(statuses) == [200] * 30 + [429] * 10
    assert await ask("203.0.113.6") == 200
    assert await ask("203.0.113.5") == 429


async def test_given_a_server_with_the_admin_token_then_its_visitors_have_no_common_share(
    desk: str, session: aiohttp.ClientSession
) -> None:
    async def ask(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7"}
        async with session.post(f"{desk}/api/join", json={}, headers=headers) as answer:
            return answer.status

    assert await asyncio.gather(*(ask(ADMIN) for _ in range(40))) == [200] * 40
    assert await ask("not it") == 401


async def test_given_pages_of_other_sites_then_only_those_allowed_may_ask(
    desk: str, session: aiohttp.ClientSession
) -> None:
    async def ask(origin: str | None, method: str = "POST") -> aiohttp.ClientResponse:
        headers = {"X-Forwarded-For": "203.0.113.20", **({"Origin": origin} if origin is not None else {})}
        async with session.request(method, f"{desk}/api/join", json={}, headers=headers) as answer:
            await answer.read()
            return answer

    allow = "Access-Control-Allow-Origin"
    for origin in (desk, None):
        own = await ask(origin)
        assert (own.status, own.headers.get(allow)) == (200, None)
    friend = await ask(FRIEND)
    assert (friend.status, friend.headers[allow], friend.headers["Vary"]) == (200, FRIEND, "Origin")
    before = await ask(FRIEND, "OPTIONS")
    assert (before.status, before.headers[allow]) == (204, FRIEND)
    assert before.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "Access-Control-Allow-Credentials" not in before.headers
    for origin in ("https://evil.example", "null", f"{FRIEND}.evil.example", "http://friend.example", ""):
        for method in ("POST", "OPTIONS"):
            other = await ask(origin, method)
            assert (other.status, other.headers.get(allow)) == (403, None), origin


async def test_given_a_form_of_another_site_then_nobody_is_called_by_it(
    desk: str, session: aiohttp.ClientSession
) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"Content-Type": kind, "X-Forwarded-For": "203.0.113.21"}
        async with session.post(f"{desk}/api/join", data='{"name": "x"}', headers=headers) as answer:
            assert answer.status == 415


@pytest.mark.parametrize("path", ["/", "/api/join", "/api/calls", "/healthz", "/nothing"])
async def test_given_any_answer_then_the_browser_is_told_what_to_keep_to(
    desk: str, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(f"{desk}{path}") as answer:
        told = answer.headers
    policy = dict(part.split(" ", 1) for part in told["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == f"'self' {FRIEND}"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "no-referrer"
    assert "microphone=(self)" in told["Permissions-Policy"]
    assert "no-" in told["Cache-Control"]


async def test_given_the_page_and_all_it_loads_then_no_secret_is_in_it(
    open_house: House, desk: str, session: aiohttp.ClientSession
) -> None:
    async with session.get(desk) as answer:
        page = await answer.text()
    loads = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert any(path.endswith(".js") for path in loads)
    for path in loads:
        async with session.get(f"{desk}{path}") as answer:
            assert "immutable" in answer.headers["Cache-Control"]
            page += await answer.text()
    async with session.post(f"{desk}/api/join", json={}, headers={"X-Forwarded-For": "203.0.113.22"}) as answer:
        page += await answer.text()
    for name in ("LIVEKIT_API_SECRET", "BATON_ADMIN_TOKEN"):
        assert open_house.environment[name] not in page


async def test_given_guesses_of_the_admin_token_then_their_address_is_refused_for_a_while(
    desk: str, session: aiohttp.ClientSession
) -> None:
    async def ask(given: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {given}", "X-Forwarded-For": address}
        async with session.get(f"{desk}/api/calls", headers=headers) as answer:
            return answer.status

    assert await ask("öpen sesame", "203.0.113.30") == 401
    assert [await ask(f"guess {n}", "203.0.113.30") for n in range(9)] == [401] * 9
    assert await ask(ADMIN, "203.0.113.30") == 429, "a right guess is not told from a wrong one any more"
    assert await ask(ADMIN, "203.0.113.31") == 200


async def test_given_a_room_of_others_then_a_token_of_ours_does_not_open_it(open_house: House, desk: str) -> None:
    mine, yours = await join(desk), await join(desk)
    async with inside(yours), inside(mine) as room:
        assert room.name == mine["room"]
        assert not room.remote_participants
    keys = open_house.environment["LIVEKIT_API_KEY"], open_house.environment["LIVEKIT_API_SECRET"]
    async with api.LiveKitAPI(mine["url"].replace("ws", "http", 1), *keys) as livekit:
        rooms = await livekit.room.list_rooms(api.ListRoomsRequest())
    assert mine["room"] in {room.name for room in rooms.rooms}
