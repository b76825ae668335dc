"""A photo shown in a real room to the embedded model, judged by what is heard there."""

import asyncio

import pytest

from tests.shown import files
from tests.speech import RATE, say
from tests.system.conftest import House
from worker.local_model.ears import Ears

pytestmark = [pytest.mark.system, pytest.mark.soak, pytest.mark.needs("flite", "espeak-ng")]
SLIP = ("Order 1042", "Copper kettle", "Total 39 EUR")


async def test_given_a_photo_of_an_order_slip_then_it_is_read_aloud_and_spoken_of_as_this(
    house: House, ears: Ears
) -> None:
    photo = files.saved(files.slip(*SLIP))
    async with await house.caller() as caller:
        await caller.answered(0)
        since = asyncio.get_running_loop().time()
        await caller.show(photo, "slip.jpg")
        await caller.answered(since, within=60)
        heard = ears.recognise_now(caller.heard(since).tobytes(), RATE).lower()
        assert "copper kettle" in heard
        assert "39" in heard or "thirty-nine" in heard or "thirty nine" in heard
        assert "It says: Order 1042. Copper kettle. Total 39 EUR." in caller.captions[-1].text

        ended = await caller.say(say("Where is this order?"))
        await caller.answered(ended, within=40)
        assert "on its way" in ears.recognise_now(caller.heard(ended).tobytes(), RATE).lower()
        [showed] = [event for event in caller.events if event["type"] == "user.showed"]
        assert (showed["ref"], showed["name"]) == ("photo-1", "slip.jpg")
