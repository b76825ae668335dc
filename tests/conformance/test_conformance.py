"""Every provider against every case; what it showed is what the docs' table says."""

from pathlib import Path

import pytest

from tests.conformance import table
from tests.conformance.cases import CASES

AGAIN = "run python -m tests.conformance.table > docs/providers/conformance.md"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("profile", table.COLUMNS)
def test_a_provider_does_in_a_call_what_the_docs_say(profile: str, case: str, tmp_path: Path) -> None:
    assert table.run(profile, case, tmp_path) == table.read()[profile, case], AGAIN


def test_the_page_is_as_it_is_written() -> None:
    cells = table.read()
    assert set(cells) == {(name, case) for name in table.COLUMNS for case in CASES}, AGAIN
    assert table.PAGE.read_text() == table.page(cells), AGAIN
