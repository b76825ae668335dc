"""The files in deploy/: that they say what is there. Docker itself is not asked, it is not everywhere."""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices
from typer.main import get_command

import bootstrap
from tests.core.conftest import ROOT
from tests.core.test_phone_commands import livekit
from tests.redis_server import redis
from worker.cli import app
from worker.phone.telephony import read
from worker.settings import Settings

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
# what livekit-sip v1.8.0 reads, by the keys of its own Config
BRIDGE = {
    *("redis", "api_key", "api_secret", "ws_url", "health_port", "prometheus_port", "pprof_port", "sip_port"),
    *("sip_port_listen", "sip_hostname", "sip_ringing_interval", "tcp", "tls", "rtp_port", "logging", "cluster_id"),
    *("max_cpu_utilization", "max_active_calls", "sip_trunk_ids", "use_external_ip", "local_net", "nat_1_to_1_ip"),
    *("listen_ip", "media_use_external_ip", "media_nat_1_to_1_ip", "media_timeout", "media_timeout_initial"),
    *("symmetric_rtp", "codecs", "hide_inbound_port", "add_record_route", "audio_dtmf", "enable_jitter_buffer"),
}


def read_yaml(name: str) -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / name).read_text())
    assert isinstance(found, dict)
    return found


def variables_of(settings: type[Settings]) -> set[str]:
    """Those that our processes read."""
    found = set[str]()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        found.add(str(alias.choices[0]) if isinstance(alias, AliasChoices) else name.upper())
    return found


def test_given_the_services_then_they_are_those_a_call_by_telephone_needs() -> None:
    assert {"redis", "postgres", "livekit", "sip", "worker", "desk"} <= set(SERVICES)
    for name, service in SERVICES.items():
        assert service["network_mode"] == "host", name
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], volume


def test_given_an_image_then_it_has_one_fixed_tag() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"(?m)^FROM (\S+)", (DEPLOY / "Dockerfile").read_text())
    assert len(images) >= 9
    for image in images:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.?\d*(-[\w.-]+)?", image), image
    for first, second in itertools.combinations(set(images), 2):
        assert first.split(":")[0] != second.split(":")[0], "one program, two tags"


def test_given_versions_then_they_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {service["image"] for service in OURS.values()} == {f"baton:{project['version']}"}
    lowest, below = ("{}.{}".format(*version) for version in (bootstrap.PYTHON_AT_LEAST, bootstrap.PYTHON_BELOW))
    assert project["requires-python"] == f">={lowest},<{below}"
    assert SERVICES["livekit"]["image"].split(":")[1] == bootstrap.LIVEKIT.split("@")[1]


def test_given_our_services_then_commands_and_settings_are_there() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = variables_of(Settings)
    for name, service in OURS.items():
        assert service["command"][0] in commands, name
        assert set(service.get("environment", {})) <= known, name
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_given_variables_then_each_is_in_the_example_and_no_other_is() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    wanted = set(re.findall(r"\$\{(\w+)", text))
    told = set(re.findall(r"(?m)^(?:# )?([A-Z][A-Z0-9_]+)=", (DEPLOY / "env.example").read_text()))
    assert told == wanted
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    assert needed == set(re.findall(r"(?m)^([A-Z][A-Z0-9_]+)=", (DEPLOY / "env.example").read_text()))


@pytest.mark.parametrize("name", sorted(OURS))
def test_given_an_example_that_is_not_filled_in_then_our_services_take_what_is_empty(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no .env
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value))
    settings = Settings.read()
    assert (settings.prices, settings.proxies, settings.other_origins) == (None, 0, ())


def test_given_ports_then_no_two_are_the_same() -> None:
    livekit, sip = read_yaml("livekit.yaml"), read_yaml("sip.yaml")
    settings = Settings.model_construct()
    ports = [
        livekit["port"],
        livekit["rtc"]["tcp_port"],
        livekit["rtc"]["udp_port"],
        sip["sip_port"],
        sip["health_port"],
    ]
    ports += [settings.http_port, settings.worker_http_port, settings.local_model_port, 6379, 5432]
    assert len(set(ports)) == len(ports)
    first, last = map(int, sip["rtp_port"].split("-"))
    assert not [port for port in ports if first <= port <= last]


def test_given_the_bridge_then_its_settings_are_there_and_its_redis_is_livekits() -> None:
    sip = read_yaml("sip.yaml")
    assert set(sip) <= BRIDGE
    assert sip["redis"] == read_yaml("livekit.yaml")["redis"]
    assert {"LIVEKIT_WS_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"} <= set(SERVICES["sip"]["environment"])
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["sip"]["volumes"])
    assert mounted == {"./sip.yaml": SERVICES["sip"]["environment"]["SIP_CONFIG_FILE"]}


@pytest.mark.parametrize("name", ["sip.yaml", "livekit.yaml"])
def test_given_a_setting_then_it_is_explained(name: str) -> None:
    bare = [
        line
        for line in (DEPLOY / name).read_text().splitlines()
        if line.strip() and "#" not in line and not line.rstrip().endswith(":")
    ]
    assert bare == []


def test_given_the_example_of_a_telephony_file_then_it_can_be_read() -> None:
    assert set(read(DEPLOY / "telephony.yaml", {"CARRIER_PASSWORD": "open sesame"}).trunks) == {"carrier"}


def test_given_the_image_then_what_it_is_made_from_is_there_and_let_through() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.rstrip('/')}" in ignored, source


@pytest.mark.system
@pytest.mark.needs("redis-server")
def test_given_livekits_settings_then_the_server_knows_each(tmp_path: Path) -> None:
    """It does not start with a key that it does not know."""
    with redis(tmp_path) as port, livekit(tmp_path, port, DEPLOY / "livekit.yaml") as exchange:
        assert exchange.environment["LIVEKIT_URL"]
