"""A whole call by telephone with the shop, on the embedded model: narrow sound both ways, digits, a PIN."""

import json

import pytest

from tests.phone import NUMBER, Phone
from tests.speech import RATE, say
from tests.system.conftest import House
from tests.system.conversation import Conversation
from worker.keys import machine_keys
from worker.local_model.ears import Ears

pytestmark = [pytest.mark.system, pytest.mark.needs("flite")]
ORDER, PIN, WRONG = 1088, "314159", "314150"


def phone(house: House) -> Phone:
    key, secret = machine_keys(house.folder / ".baton")
    config = (house.folder / "livekit.yaml").read_text()
    port = next(line.split()[1] for line in config.splitlines() if line.startswith("port:"))
    return Phone(f"ws://127.0.0.1:{port}", key, secret, metadata=json.dumps({"team": "shop"}))


async def test_given_a_caller_by_telephone_then_they_are_served_as_any_other(house: House, ears: Ears) -> None:
    house.reset_shop()
    [(name, postcode)] = house.read(
        "SELECT c.name, c.postcode FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.number = :number",
        number=ORDER,
    )

    async with phone(house) as caller:
        call = Conversation(house, caller.room_name, caller)

        def heard(since: float = 0.0) -> str:
            """As it sounds at a telephone."""
            return ears.recognise_now(caller.heard(since).tobytes(), RATE).lower()

        await call.greeted()
        await caller.answered(0.0, quiet=0.5)
        assert "help you" in heard(), "not every word can be told: Hearth is heart"
        assert "order number" in heard(await call.answered(caller.say(say("Where is my order?", "rms"))))
        assert "packed" in heard(await call.answered(caller.say(say("It is one zero eight eight.", "rms"))))
        await call.answered(caller.say(say("What is the address for the delivery?", "rms")))
        assert "what is the pin of your account" in call.told()
        await call.answered(caller.dial(f"{WRONG}#"))
        assert "not the pin" in call.told()
        await call.answered(caller.dial(f"{PIN}#"))
        assert str(name).lower() in call.told()
        assert str(postcode).replace(" ", "").lower() in call.told().replace(" ", "")
        assert caller.hung_up is None

    events = await house.until(caller.room_name, lambda events: events[-1]["type"] == "call.ended", "the end")
    assert events[-1]["reason"] == "the caller left"
    assert [event["digits"] for event in events if event["type"] == "user.dialled"] == ["[digits]", "[digits]"]
    asked = [event for event in events if event["type"] == "tool.called" and event["tool"] == "delivery_address"]
    assert [event["arguments"]["pin"] for event in asked] == ["[digits]", "[digits]"]
    logs = (path.read_text() for path in (house.folder / ".baton" / "logs").glob("*.log"))
    kept = "\n".join([json.dumps(events), *logs])
    assert PIN not in kept
    assert WRONG not in kept
    assert events[0]["caller"] == f"sip_{NUMBER}"
