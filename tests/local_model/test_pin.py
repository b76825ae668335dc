"""A typed call with the shop in which something is told only to who has the PIN."""

from pathlib import Path

from tests.local_model.typed_call import typed_call
from worker.journal import events as journal
from worker.local_model.brain import EmbeddingBrain


async def test_given_a_question_that_needs_a_pin_then_it_is_asked_for_and_nothing_is_told_before_it_is_right(
    tmp_path: Path,
) -> None:
    async with typed_call(tmp_path, EmbeddingBrain()) as call:
        [(name,)] = call.read(
            "SELECT c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE number = 1088"
        )
        assert "order number" in await call.say("Which address is my order going to?")
        assert await call.say("It is one zero eight eight.") == "What is the PIN of your account?"
        assert await call.dial("314150") == "That is not the PIN of this account. What is your PIN?"
        assert not any(name in said for said in call.said())
        assert name in await call.dial("314159"), call.transcript()
        called = [event.arguments for event in call.room.events if isinstance(event, journal.ToolCalled)]
        assert {"order_number": 1088, "pin": 314_159} in called
