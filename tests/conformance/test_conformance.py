"""Every provider against every case; what it showed is what the docs' table says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import table
from tests.conformance.cases import CASES
from tests.conformance.run import run_case
from tests.simulators.openai_realtime.script import Pace

AGAIN = "run python -m tests.conformance.table > docs/providers/conformance.md"


def cells() -> Iterator[Any]:
    """Each case with each plugin and with the embedded model, and in turn in one of the other dialects. Soak: all."""
    others = ("azure", "azure legacy", "vertex")
    for number, case in enumerate(CASES):
        for profile in table.COLUMNS:
            waits = profile in others and profile != others[number % len(others)]
            yield pytest.param(profile, case, marks=[pytest.mark.soak] if waits else [])


@pytest.mark.parametrize(("profile", "case"), cells())
def test_a_provider_does_in_a_call_what_the_docs_say(profile: str, case: str, tmp_path: Path) -> None:
    assert table.run(profile, case, tmp_path) == table.read()[profile, case], AGAIN


@pytest.mark.parametrize(
    "case", ["the caller speaks first", "calls a tool, once", "hands over, same voice", "hands over, another voice"]
)
@pytest.mark.parametrize("profile", ["gemini", "vertex"])
def test_given_words_of_the_caller_behind_what_they_call_for_then_the_call_is_the_same(
    profile: str, case: str, tmp_path: Path
) -> None:
    """These providers promise no order of the two."""
    behind = Pace(think_ms=100, speed=3.0, transcript_ms=300)
    assert run_case(profile, case, tmp_path, pace=behind) == table.read()[profile, case]


def test_the_page_is_as_it_is_written() -> None:
    cells = table.read()
    assert set(cells) == {(name, case) for name in table.COLUMNS for case in CASES}, AGAIN
    assert table.PAGE.read_text() == table.page(cells), AGAIN
