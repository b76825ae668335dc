"""What is dialled on a keypad, key by key."""

import asyncio

from agents.redaction import DigitsSpec
from tests.virtual_time import virtual_time
from worker.room.digits import Digits
from worker.room.events import Dialled, Pressed, RoomEvent


class Keypad:
    def __init__(self, spec: DigitsSpec | None = None) -> None:
        self.told: list[RoomEvent] = []
        loop = asyncio.get_running_loop()
        self.digits = Digits(
            spec or DigitsSpec(), "caller", tell=self.told.append, now_ms=lambda: round(loop.time() * 1000)
        )

    async def press(self, keys: str, apart_s: float = 0.2) -> None:
        for key in keys:
            self.digits.press(key)
            await asyncio.sleep(apart_s)


@virtual_time
async def test_given_the_terminator_then_it_is_complete_at_once_and_is_no_key_of_it() -> None:
    keypad = Keypad()
    await keypad.press("12*4#", apart_s=0.5)
    assert keypad.told == [Pressed("caller"), Dialled("caller", "12*4", 0, 1500)]


@virtual_time
async def test_given_no_more_keys_then_it_is_complete_after_the_timeout() -> None:
    keypad = Keypad(DigitsSpec(timeout_ms=2000))
    await keypad.press("123", apart_s=1.9)
    assert keypad.told == [Pressed("caller")], "each key begins the time anew"
    await asyncio.sleep(0.2)
    assert keypad.told[1:] == [Dialled("caller", "123", 0, 3800)]


@virtual_time
async def test_given_as_many_keys_as_may_be_then_it_is_complete_and_the_next_begins() -> None:
    keypad = Keypad(DigitsSpec(max=4, terminator=None))
    await keypad.press("12#456", apart_s=0.1)
    assert keypad.told == [Pressed("caller"), Dialled("caller", "12#4", 0, 300), Pressed("caller")]
    keypad.digits.end()
    assert keypad.told[3:] == [Dialled("caller", "56", 400, 500)]
    await asyncio.sleep(10)
    assert len(keypad.told) == 4, "its timer is gone"


@virtual_time
async def test_given_the_terminator_alone_then_nothing_was_dialled() -> None:
    keypad = Keypad()
    await keypad.press("##")
    await asyncio.sleep(10)
    assert keypad.told == []
