"""What callers may bring into a room, by the team's file."""

from pathlib import Path

import pytest

from worker.desk import grants

TEAM = """
team: shop
start: reception
agents:
  reception: {{instructions: You are reception., sees: {sees}, handoffs: [{{to: repairs, when: It is broken.}}]}}
  repairs: {{instructions: You are the repairs desk., sees: {also}}}
"""


@pytest.mark.parametrize(
    ("sees", "also", "granted"),
    [
        ("images", "[]", ["microphone"]),
        ("camera", "images", ["microphone", "camera"]),
        ("[images, screen]", "camera", ["microphone", "camera", "screen_share"]),
        ("[]", "[screen]", ["microphone", "screen_share"]),
    ],
)
def test_a_camera_or_screen_that_nobody_looks_at_is_not_let_in(
    tmp_path: Path, sees: str, also: str, granted: list[str]
) -> None:
    (tmp_path / "team.yaml").write_text(TEAM.format(sees=sees, also=also))
    assert grants.sources(grants.read(tmp_path / "team.yaml")) == granted


def test_of_a_team_that_cannot_be_read_nothing_more_than_a_microphone_is_let_in(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(TEAM.format(sees="eyes", also="[]"))
    assert grants.sources(grants.read(tmp_path / "team.yaml")) == ["microphone"]
    assert grants.read(tmp_path / "none.yaml") is None
