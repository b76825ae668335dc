"""What a test needs of the machine. `make test` gets it, or says what to install; nothing is left out in silence."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # no test asserts a time of the machine's clock
settings.load_profile("unhurried")
SOAK = bool(os.environ.get("BATON_SOAK"))
TESTS = Path(__file__).parent
PARTS = {"conformance", "core", "line", "local_model", "looking", "recording", "shown", "simulators", "turns"}
SKIP = {name.strip() for name in os.environ.get("BATON_SKIP", "").split(",") if name.strip()}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that `needs` what BATON_SKIP names is skipped; any other runs, and fails where something is missing.

    What takes minutes in real time, and is judged in virtual time or shorter elsewhere, waits for `make soak`. Whole
    folders have to do with sockets, models, media or processes: `make test-unit` leaves those `parts` out.
    """
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in PARTS:
            item.add_marker("parts")
        if item.get_closest_marker("soak") and not SOAK:
            item.add_marker(pytest.mark.skip(reason="make soak runs it"))
        needed = {name for marker in item.iter_markers("needs") for name in marker.args}
        if named := sorted(needed & SKIP):
            item.add_marker(pytest.mark.skip(reason=f"BATON_SKIP names {', '.join(named)}"))
