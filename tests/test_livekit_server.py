from pathlib import Path

import pytest

from worker.livekit_server import find, read_config
from worker.settings import SettingsError


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


@pytest.mark.parametrize("text", ["- a list", "port: [", None])
def test_given_settings_that_are_none_then_a_file_is_wrong_not_the_server(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "livekit.yaml"
    if text:
        path.write_text(text)
    with pytest.raises(SettingsError, match=r"livekit\.yaml"):
        read_config(path)
