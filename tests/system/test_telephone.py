"""A whole call by telephone with the shop, on the embedded model: narrow sound both ways, digits, a PIN, an order moved."""

import asyncio
import json
from datetime import date, timedelta

import pytest

from tests.phone import NUMBER, Phone
from tests.speech import RATE, say
from tests.system.conftest import House
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

        async def answer(since: float) -> str:
            """The agents' words, as far as they were heard."""
            await caller.answered(since, within=40)
            told = [one.text for one in caller.captions if one.at > since and one.final and not one.mine]
            return " ".join(told).lower()

        async def ask(text: str) -> str:
            return await answer(await caller.say(say(text)))

        assert "hearth and home" in await answer(0)
        heard = ears.recognise_now(caller.heard().tobytes(), RATE).lower()
        assert "help you" in heard, "it can be understood at a telephone; not every word, Hearth is heart"
        assert "order number" in await ask("Where is my order?")
        assert "being packed" in await ask("It is one zero eight eight.")
        assert "what is the pin of your account" in await ask("Which address is it going to?")
        assert "not the pin" in await answer(await caller.dial(f"{WRONG}#"))
        told = await answer(await caller.dial(f"{PIN}#"))
        assert str(name).lower() in told
        assert str(postcode).replace(" ", "").lower() in told.replace(" ", "")
        assert "which day" in await ask("I want to change the delivery day.")
        assert "thursday" in await ask("On Thursday, please.")
        assert "done" in await ask("Yes, please.")
        assert caller.hung_up is None

    [(day, moved_by)] = house.read("SELECT delivery_day, moved_by FROM orders WHERE number = :number", number=ORDER)
    moved = date.fromisoformat(str(day))
    assert moved.weekday() == 3
    assert timedelta(0) < moved - date.today() <= timedelta(30)
    call = str(moved_by).split(":")[0]

    def journal() -> list[str]:
        return [
            str(body)
            for (body,) in house.read("SELECT body FROM journal_events WHERE call = :call ORDER BY number", call=call)
        ]

    async with asyncio.timeout(15):
        while "call.ended" not in (bodies := journal())[-1]:  # noqa: ASYNC110 - a journal tells nobody
            await asyncio.sleep(0.1)
    events = [json.loads(body) for body in bodies]
    assert events[-1]["type"] == "call.ended"
    assert events[-1]["reason"] == "the caller left"
    assert [event["digits"] for event in events if event["type"] == "user.dialled"] == ["[digits]", "[digits]"]
    asked = [event for event in events if event["type"] == "tool.called" and event["tool"] == "delivery_address"]
    assert [event["arguments"]["pin"] for event in asked] == ["[digits]", "[digits]"]
    kept = "\n".join([*bodies, *(path.read_text() for path in (house.folder / ".baton" / "logs").glob("*.log"))])
    assert PIN not in kept
    assert WRONG not in kept
    assert events[0]["caller"] == f"sip_{NUMBER}"
