"""A call by a WebRTC stack that is not LiveKit's own."""

import pytest

from tests.speech import RATE, say
from tests.system.conftest import House
from tests.system.independent_client import IndependentClient
from worker.local_model.ears import Ears
from worker.talk import join

pytestmark = [pytest.mark.system, pytest.mark.needs("flite", "espeak-ng")]


async def test_given_a_caller_on_aiortc_when_they_ask_for_an_order_then_they_hear_its_status(
    house: House, ears: Ears
) -> None:
    joined = await join(house.desk, "")
    async with IndependentClient(joined["url"], joined["token"]) as caller:
        assert "hearth and home" in ears.recognise_now((await caller.answer()).tobytes(), RATE).lower()
        await caller.say(say("Hello, where is my order?"))
        assert "order number" in await heard(caller, ears)
        await caller.say(say("It is order one zero four two."))
        assert "on its way" in await heard(caller, ears)


async def heard(caller: IndependentClient, ears: Ears) -> str:
    """What the agent answers. On a busy machine it says first that it takes a moment."""
    while (words := ears.recognise_now((await caller.answer()).tobytes(), RATE).lower()).startswith("one moment"):
        pass
    return words
