"""Which pages may ask for calls."""

import pytest

from worker.desk.headers import security_headers
from worker.desk.origins import Origins, parse
from worker.settings import Settings, SettingsError


def test_given_origins_with_commas_then_each_is_as_browsers_write_it() -> None:
    origins = "https://www.Example.org/, http://localhost:3000,,https://shop.example.org:443"
    assert parse(origins) == ("https://www.example.org", "http://localhost:3000", "https://shop.example.org")


@pytest.mark.parametrize(
    "wrong",
    [
        "example.org",
        "*",
        "https://*.example.org",
        "https://example.org/shop",
        "ftp://example.org",
        "https://",
        "https://a.example; script-src *",
        "https://me@example.org",
        "https://example.org:99999",
        "null",
    ],
)
def test_given_what_is_no_origin_then_the_setting_is_named(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_ORIGINS", wrong)
    with pytest.raises(SettingsError, match="BATON_ORIGINS"):
        Settings.read()


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("http://desk.example:8080", True),
        ("https://desk.example:8080", True),
        ("https://friend.example", True),
        ("http://friend.example", False),
        ("https://friend.example.evil.example", False),
        ("https://desk.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_given_an_origin_then_only_ours_and_those_allowed_are_welcome(origin: str | None, welcome: bool) -> None:
    assert Origins(["https://friend.example"]).welcome(origin, "desk.example:8080") is welcome


def test_given_livekit_cloud_then_the_page_may_follow_it_to_its_region() -> None:
    ours = security_headers("ws://127.0.0.1:7880", Origins([]))["Content-Security-Policy"]
    cloud = security_headers("wss://shop.livekit.cloud", Origins(["https://a.example"]))["Content-Security-Policy"]
    assert "livekit.cloud" not in ours
    assert "frame-ancestors 'none'" in ours
    assert "wss://*.livekit.cloud" in cloud
    assert cloud.endswith("frame-ancestors 'self' https://a.example")
