"""Somebody shows what arrived broken, in a typed call with the shop: an inspection is open, and the return goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.local_model.typed_call import TypedCall, typed_call
from tests.shown.files import saved
from worker.journal import events as journal
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.eyes import Eyes

BACK = "Is that right?"


class Reading(Eyes):
    """Finds at once what is to be read on a picture."""

    def __init__(self) -> None:
        self.found = "no text"

    async def describe(self, data_url: str) -> str:
        return self.found

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


@pytest.fixture
def eyes() -> Reading:
    return Reading()


@pytest.fixture
async def call(tmp_path: Path, brain: EmbeddingBrain, eyes: Reading) -> AsyncIterator[TypedCall]:
    async with typed_call(tmp_path, brain, eyes=eyes) as typed:
        yield typed


def dish() -> bytes:
    """Broken in two."""
    picture = Image.new("RGB", (800, 600), (120, 90, 60))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 150, 650, 450), (240, 240, 235))
    draw.polygon(
        [(380, 130), (430, 250), (370, 330), (420, 470), (450, 470), (400, 330), (460, 250), (410, 130)], (90, 60, 40)
    )
    return saved(picture)


def inspections(call: TypedCall) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in call.read("SELECT order_number, picture, description FROM inspections ORDER BY id")]


async def test_given_a_picture_of_it_then_an_inspection_is_open_the_agent_says_so_and_the_return_goes_on(
    call: TypedCall,
) -> None:
    await call.say("I want to send something back. It arrived broken.")
    assert call.holder == "returns", call.transcript()
    assert BACK in await call.say("One zero one seven."), call.transcript()
    said = await call.show(dish())
    assert "An inspection of order 1017, one oven dish, is open, and photo-1 is with it." in said, call.transcript()
    assert BACK in said, "what was asked before is asked again"
    assert "photo-2 is with it" in await call.show(dish()), call.transcript()
    assert call.returned == [], "showing something is no yes"
    await call.say("Yes, please.")
    assert call.returned == [1017], call.transcript()
    assert "An inspection with your picture is open." in await call.say("Is my return open?"), call.transcript()
    assert inspections(call) == [(1017, name, "It arrived broken") for name in ("photo-1", "photo-2")]
    assert [event.tool for event in call.room.events if isinstance(event, journal.ToolCalled)].count("note_damage") == 2


async def test_given_a_picture_before_the_order_is_known_then_it_goes_there_as_soon_as_it_is(call: TypedCall) -> None:
    await call.show(dish(), "It arrived broken, I want to send it back.")
    assert call.holder == "returns", call.transcript()
    assert inspections(call) == []
    said = await call.say("One zero one seven.")
    assert "photo-1 is with it" in said, call.transcript()
    assert BACK in said, call.transcript()
    assert [row[:2] for row in inspections(call)] == [(1017, "photo-1")]


async def test_given_a_picture_without_a_word_then_it_waits_until_the_caller_says_what_is_wrong(
    call: TypedCall,
) -> None:
    await call.say("I want to send something back.")
    await call.say("One zero one seven.")
    await call.show(dish())
    assert inspections(call) == []
    said = await call.say("It is cracked.")
    assert "photo-1 is with it" in said, call.transcript()
    assert inspections(call) == [(1017, "photo-1", "It is cracked")]


async def test_given_a_slip_with_the_number_on_it_then_that_is_no_picture_of_the_damage(
    call: TypedCall, eyes: Reading
) -> None:
    eyes.found = 'the text "Order 1017 / Anna Lamp Shop"'
    await call.say("I want to send something back. It arrived broken.")
    said = await call.show(dish())
    assert BACK in said, call.transcript()
    assert inspections(call) == []


async def test_given_an_order_that_has_not_come_then_nothing_is_inspected_before_the_right_one_is_named(
    call: TypedCall,
) -> None:
    await call.say("I want to send something back. It arrived broken.")
    await call.show(dish())
    said = await call.say("One zero four two.")
    assert "has not been delivered" in said, call.transcript()
    assert inspections(call) == []
    assert "photo-1 is with it" in await call.say("Sorry, it is one zero one seven."), call.transcript()
    assert [row[:2] for row in inspections(call)] == [(1017, "photo-1")]
