"""The button that mutes the agent, whatever is sent in its name."""

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from livekit import rtc

from tests.virtual_time import virtual_time
from worker.background import background
from worker.room.events import MuteAsked, RoomEvent
from worker.room.mute import METHOD, PRESSES, WINDOW_S, MuteButton


class Participant:
    def __init__(self) -> None:
        self.methods: dict[str, Any] = {}

    def register_rpc_method(self, method: str, handler: Any) -> None:
        self.methods[method] = handler

    def unregister_rpc_method(self, method: str) -> None:
        del self.methods[method]


class Room:
    def __init__(self) -> None:
        self.local_participant = Participant()
        self.told: list[RoomEvent] = []
        self.button = MuteButton(cast("rtc.Room", self), {"anna", "ben"}, tell=self.told.append)

    def press(self, payload: str, who: str = "anna") -> str:
        sent = rtc.RpcInvocationData("1", who, payload, 10.0)
        return str(self.local_participant.methods[METHOD](sent))


@virtual_time
async def test_anybody_in_the_call_may_press_it_and_hears_what_is_so() -> None:
    room = Room()
    async with background(room.button.run()):
        await asyncio.sleep(0)
        assert json.loads(room.press('{"muted": true}')) == {"muted": True}
        room.press('{"muted": false}', "ben")
        assert room.told == [MuteAsked("anna", True), MuteAsked("ben", False)]
    assert room.local_participant.methods == {}


@virtual_time
async def test_a_stranger_may_not_and_nobody_without_end() -> None:
    room = Room()
    async with background(room.button.run()):
        await asyncio.sleep(0)
        with pytest.raises(rtc.RpcError, match="who is heard"):
            room.press('{"muted": true}', "eve")
        for _ in range(PRESSES):
            room.press('{"muted": true}')
        with pytest.raises(rtc.RpcError, match="too often"):
            room.press('{"muted": true}', "ben")
        assert len(room.told) == PRESSES
        await asyncio.sleep(WINDOW_S)
        room.press('{"muted": false}')


@given(st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps)))
@example("[" * 15_000)
@example('{"muted": ' * 5_000)
@example('{"muted": 1}')
@example('{"muted": true, "more": 1}')
@example("")
@example("\0")
def test_whatever_else_is_sent_is_refused_in_words(payload: str) -> None:
    @virtual_time
    async def press() -> None:
        room = Room()
        async with background(room.button.run()):
            await asyncio.sleep(0)
            with pytest.raises(rtc.RpcError) as refused:
                room.press(payload)
            assert refused.value.code == 400
            assert "Send" in refused.value.message
            assert room.told == []

    press()
