from pathlib import Path

import pytest

from worker.livekit_server import find, read_config


def test_given_a_folder_of_ones_own_then_the_shipped_settings_and_server_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = read_config(Path(__file__).parents[1] / "livekit.yaml")
    monkeypatch.chdir(tmp_path)
    assert read_config() == shipped
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BATON_LIVEKIT_SERVER", raising=False)
    monkeypatch.setenv("BATON_CACHE", str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/livekit-server").touch()
    assert find() == tmp_path / "bin/livekit-server"
    (tmp_path / "livekit.yaml").write_text("port: 7")
    assert read_config() == {"port": 7}
