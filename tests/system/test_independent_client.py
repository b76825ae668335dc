"""A call by a WebRTC stack that is not LiveKit's own."""

from collections.abc import Sequence
from typing import Any

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

        async def heard(text: str) -> str:
            """What was received of the agents since we spoke, when the journal has it that they have said `text`."""
            await house.until(joined["room"], lambda events: text in said(events), text)
            return ears.recognise_now((await caller.answer()).tobytes(), RATE).lower()

        assert "help you" in await heard("help you")
        await caller.say(say("Hello, where is my order one zero four two?"))
        assert "on its way" in await heard("on its way")


def said(events: Sequence[dict[str, Any]]) -> str:
    """Each message stands there when it has been heard to its end."""
    return " ".join(event["text"] for event in events if event["type"] == "agent.said")
