"""What the model remembers, and what of it an agent is shown."""

import pytest

from worker.line.memory import Called, Entry, Memory, Returned, Said

TALK: tuple[Entry, ...] = (
    Said("g", "assistant", "hello"),
    Said("u1", "user", "one"),
    Said("a1", "assistant", "first"),
    Called("c1", "call", "look", "{}"),
    Returned("r1", "call", "look", "found"),
    Said("u2", "user", "two"),
    Said("a2", "assistant", "second"),
    Said("u3", "user", "three"),
    Said("u4", "user", "and four"),
)


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        ("all", ["g", "u1", "a1", "c1", "r1", "u2", "a2", "u3", "u4"]),
        ("none", ["u3", "u4"]),
        ("summary", ["u3", "u4"]),
        ("last: 2", ["u2", "a2", "u3", "u4"]),
        ("last:9", ["g", "u1", "a1", "c1", "r1", "u2", "a2", "u3", "u4"]),
    ],
)
def test_given_a_share_then_what_nobody_has_answered_is_always_in_it(share: str, kept: list[str]) -> None:
    memory = Memory()
    for entry in TALK:
        memory.add(entry)
    memory.hide(memory.shared(share))
    assert [entry.item for entry in memory.entries()] == kept
    memory.hide(memory.shared("all"))
    assert [entry.item for entry in memory.entries()] == [entry.item for entry in TALK]
