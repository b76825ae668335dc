"""What a page asks of the call by RPC: judged before the call hears of it, and always answered."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit import rtc

from tests.virtual_time import virtual_time
from worker.room.events import Press, Replying, RoomEvent
from worker.room.rpc import AWAY, BYTES, REFUSED, Rpc


class Door:
    """The worker's side of a room with one caller; `why` is what the call says to a press, None: nothing."""

    def __init__(self, why: str | None = "") -> None:
        self.why, self.told = why, list[RoomEvent]()
        self._rpc = Rpc(rtc.Room(), {"caller"}, tell=self._tell)

    def _tell(self, event: RoomEvent) -> None:
        self.told.append(event)
        if isinstance(event, Press) and self.why is not None:
            event.answer(self.why)
            event.answer("a second one comes too late")

    async def press(self, payload: Any, who: str = "caller") -> str:
        body = payload if isinstance(payload, str) else json.dumps(payload)
        return await self._rpc._on_press(rtc.RpcInvocationData("1", who, body, 10))

    async def replies(self, payload: str) -> str:
        return await self._rpc._on_replies(rtc.RpcInvocationData("1", "caller", payload, 10))


async def test_a_press_is_told_and_answered() -> None:
    door = Door()
    assert await door.press({"card": "card_1", "choice": 1}) == ""
    assert await door.press({"card": "card_1", "values": {"order_number": "1042"}}) == ""
    told = [
        (event.participant, event.ref, event.choice, event.values) for event in door.told if isinstance(event, Press)
    ]
    assert told == [("caller", "card_1", 1, {}), ("caller", "card_1", None, {"order_number": "1042"})]


@pytest.mark.parametrize(
    ("payload", "who", "why"),
    [
        ({"card": "card_1", "choice": 0}, "somebody", "Only who is heard in this call may do this."),
        ({"card": "x" * BYTES}, "caller", "This is too long."),
        ({"card": "card_1", "choice": "0"}, "caller", "This is not what is on the card."),
        ({"card": "card_1", "choice": True}, "caller", "This is not what is on the card."),
        ({"card": "card_1", "choice": -1}, "caller", "This is not what is on the card."),
        ({"card": "card_1", "values": {"why": "x" * 2001}}, "caller", "This is not what is on the card."),
        (
            {"card": "card_1", "values": {str(key): "" for key in range(21)}},
            "caller",
            "This is not what is on the card.",
        ),
        ({"card": "card_1", "values": {"why": {"deep": 1}}}, "caller", "This is not what is on the card."),
        ({"card": "card_1", "more": 1}, "caller", "This is not what is on the card."),
        ("[" * 5000, "caller", "This is not what is on the card."),
        ("", "caller", "This is not what is on the card."),
    ],
)
async def test_what_is_no_press_is_refused_in_a_sentence(payload: Any, who: str, why: str) -> None:
    door = Door()
    with pytest.raises(rtc.RpcError) as refused:
        await door.press(payload, who)
    assert (refused.value.code, refused.value.message) == (REFUSED, why)
    assert not door.told


@given(
    st.text(max_size=200)
    | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(
        json.dumps
    )
)
def test_whatever_is_sent_the_call_hears_of_nothing_but_presses(payload: str) -> None:
    async def send() -> tuple[int, list[RoomEvent]]:
        door = Door()
        try:
            await door.press(payload)
        except rtc.RpcError as error:
            return error.code, door.told
        return 0, door.told

    code, told = asyncio.run(send())
    assert (code, told) == (REFUSED, []) or isinstance(told[0], Press)


async def test_what_the_call_refuses_comes_back_in_its_words() -> None:
    with pytest.raises(rtc.RpcError) as refused:
        await Door("This has been answered already.").press({"card": "card_1", "choice": 0})
    assert (refused.value.code, refused.value.message) == (REFUSED, "This has been answered already.")


@virtual_time
async def test_a_call_that_does_not_answer_has_not_taken_it() -> None:
    with pytest.raises(rtc.RpcError) as refused:
        await Door(None).press({"card": "card_1", "choice": 0})
    assert refused.value.code == AWAY


async def test_replies_come_as_speech_or_as_text_and_as_nothing_else() -> None:
    door = Door()
    assert await door.replies('{"how": "text"}') == ""
    assert door.told == [Replying("caller", "text")]
    with pytest.raises(rtc.RpcError, match="Replies come as speech or as text"):
        await door.replies('{"how": "songs"}')
