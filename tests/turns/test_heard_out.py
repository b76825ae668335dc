"""How much of a reply is heard although the caller wants the floor."""

import pytest

from agents.turn_taking import Interruptions
from worker.turns.heard_out import asks, reach

TEXT = "Hello there. This call is recorded. How can I help you?"
NOTICE = ("call is recorded",)


@pytest.mark.parametrize(
    ("heard", "policy", "must_hear", "until"),
    [
        ("Hel", "free", (), "Hel"),
        ("Hel", "polite", (), "Hello there. "),
        ("Hello there. ", "polite", (), "Hello there. "),
        ("Hel", "none", (), TEXT),
        ("Hel", "free", NOTICE, "Hello there. This call is recorded. "),
        ("Hello there. This", "free", NOTICE, "Hello there. This call is recorded. "),
        ("Hello there. This call is recorded. How", "free", NOTICE, "Hello there. This call is recorded. How"),
        ("Hello there. This call is recorded. How", "polite", NOTICE, TEXT),
    ],
)
def test_reach(heard: str, policy: Interruptions, must_hear: tuple[str, ...], until: str) -> None:
    assert TEXT[: reach(TEXT, len(heard), policy, must_hear)] == until


@pytest.mark.parametrize(
    ("heard", "asked"),
    [
        ("", False),
        ("Shall I book it?", True),
        ("Shall I book it? It would be on Thu", True),
        ("Shall I", False),
        ("Shall I book it? It is free. And", False),
    ],
)
def test_whether_something_was_asked(heard: str, asked: bool) -> None:
    assert asks(heard) is asked
