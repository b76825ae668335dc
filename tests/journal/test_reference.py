from pathlib import Path

from worker.journal.reference import page


def test_the_reference_page_is_that_of_the_events() -> None:
    told = "run: python -m worker.journal.reference > docs/events.md"
    assert Path("docs/events.md").read_text() == page() + "\n", told
