"""What a test needs of the machine. `make test` gets it, or says what to install; nothing is left out in silence."""

import gc
import os
import re
from pathlib import Path

import pytest
from hypothesis import settings

SOAK = bool(os.environ.get("BATON_SOAK"))
# no test asserts a time of the machine's clock
settings.register_profile("unhurried", deadline=None, max_examples=500 if SOAK else 30)
settings.load_profile("unhurried")
gc.disable()  # until all tests are read: it would look again and again through libraries that stay
TESTS = Path(__file__).parent
PARTS = {"conformance", "core", "line", "local_model", "looking", "recording", "shown", "simulators", "turns"}
WHOLE = dict.fromkeys(PARTS, "parts") | {"system": "system", "dialogues": "system"}  # folder -> its mark
WHOLE_FILE, MARK = re.compile(r"^pytestmark = .*", re.MULTILINE), re.compile(r"pytest\.mark\.(\w+)")
SKIP = {name.strip() for name in os.environ.get("BATON_SKIP", "").split(",") if name.strip()}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out as a whole is not even read: each of pytest's processes would import it first."""
    wanted = config.option.markexpr
    left_out = {mark for mark in ("parts", "system") if f"not {mark}" in wanted}
    if collection_path.parent == TESTS and WHOLE.get(collection_path.name) in left_out:
        return True
    if not wanted or not collection_path.match("test_*.py"):
        return None
    written = collection_path.read_text()
    whole = WHOLE_FILE.search(written)
    no_system = wanted == "system" and "mark.system" not in written
    return True if no_system or (whole and left_out & set(MARK.findall(whole[0]))) else None


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


def pytest_collection_finish() -> None:
    """What has been read until now stays to the end, and is no garbage."""
    gc.freeze()
    gc.enable()
