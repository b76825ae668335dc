"""A team's own functions as guards."""

import threading

import pytest

from tests.gate.guards import functions
from tests.gate.guards.passages import only, panel
from tests.virtual_time import virtual_time
from worker.gate.guard import Finding, Panel

HERE = "tests.gate.guards.functions"


def guard(name: str, **more: object) -> Panel:
    return panel({"name": "own", "python": f"{HERE}.{name}", **more})


@pytest.mark.parametrize(
    ("name", "good", "bad", "why"),
    [
        ("no_promises", "It may come.", "I promise it.", "a promise"),
        ("plain", "It may come.", "IT WILL COME", "shouting"),
        ("called", "", "Anything", "an object says so"),
    ],
)
async def test_given_a_function_async_or_not_then_what_it_says_is_why(name: str, good: str, bad: str, why: str) -> None:
    if good:
        assert await only(guard(name), good) is None
    assert await only(guard(name), bad) == Finding("own", "block", why)


async def test_given_a_plain_function_then_it_runs_beside_the_loop() -> None:
    functions.threads.clear()
    await only(guard("plain"), "hello")
    assert functions.threads[0] != threading.get_ident()


async def test_given_a_function_that_rules_itself_then_a_tool_is_called_with_other_arguments() -> None:
    guards = guard("small_refunds", on="tool", action="rewrite")
    found = await only(guards, "{}", place="tool", tool="refund", arguments={"order": 1, "amount": 900})
    assert found == Finding("own", "rewrite", "a large refund", arguments={"order": 1, "amount": 100})
    assert await only(guards, "{}", place="tool", tool="refund", arguments={"amount": 100}) is None


@pytest.mark.parametrize(("name", "error"), [("broken", "RuntimeError"), ("wrong_answer", "TypeError")])
async def test_given_a_function_that_fails_then_the_passage_is_blocked_and_the_error_text_kept_out(
    name: str, error: str
) -> None:
    assert await only(guard(name), "hello") == Finding("own", "block", f"the guard failed: {error}")


@virtual_time
async def test_given_a_function_that_hangs_then_the_passage_is_blocked_at_the_deadline() -> None:
    try:
        assert await only(guard("hangs", deadline_ms=300), "hello") == Finding("own", "block", "no verdict in 0.3 s")
    finally:
        functions.hang.set()
