"""`baton talk`: a caller in the terminal, by text and by voice."""

import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import BATON, ROOT, House

pytestmark = pytest.mark.system


def test_a_caller_in_the_terminal_is_answered_and_recorded(house: House, tmp_path: Path) -> None:
    record = tmp_path / "heard.wav"
    settings = {**house.environment, "BATON_HTTP_PORT": house.desk.rsplit(":", 1)[1]}
    command = [*BATON, "talk", "--text", "When are you open?", "--say", "Where is my order?", "--record", str(record)]
    result = subprocess.run(command, cwd=ROOT, env=settings, text=True, capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "We are open Monday to Saturday" in result.stdout
    assert "[reception -> orders]" in result.stdout
    assert record.stat().st_size > 24_000 * 4 * 5
