"""Whose model holds the calls, by what team and environment say, and where it is reached."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.spec import TeamSpec
from worker.line.endpoint import Azure, Endpoint, Vertex, choose_endpoints
from worker.line.entra import EntraToken
from worker.line.profile import AZURE, AZURE_LEGACY, GEMINI, LOCAL, OPENAI
from worker.settings import Settings, SettingsError


def settings(**given: Any) -> Settings:
    """Without what this machine's environment says."""
    return Settings.model_construct(**{"model": "", "openai_base_url": "", "local_model_port": 8790, **given})


def team(model: Any = "auto", a: Any = None, b: Any = None, providers: Any = None) -> TeamSpec:
    agents = {"a": {"name": "a", "instructions": "i", "handoffs": [{"to": "b", "when": "w"}]}}
    agents["b"] = {"name": "b", "instructions": "i"}
    for name, own in (("a", a), ("b", b)):
        if own:
            agents[name]["model"] = own
    return TeamSpec.model_validate(
        {"team": "t", "start": "a", "model": model, "providers": providers or {}, "agents": agents}
    )


OPEN = {"openai_api_key": SecretStr("sk-1")}
ON_AZURE = {
    "azure_openai_endpoint": "https://here.openai.azure.com/",
    "azure_openai_deployment": "voice",
    "azure_openai_api_key": SecretStr("az-1"),
}
GOOGLE = {"google_api_key": SecretStr("g-1")}
VERTEX = {"google_genai_use_vertexai": True, "google_cloud_project": "p", "google_cloud_location": "europe-west1"}


@pytest.mark.parametrize(
    ("given", "spec", "first", "second", "why"),
    [
        ({}, team(), "local", "local", "no provider's key is set"),
        (OPEN, team(), "openai", "openai", "there are keys for openai"),
        (
            {**GOOGLE, **ON_AZURE, **OPEN},
            team(),
            "openai, then azure, then gemini",
            "openai, then azure, then gemini",
            "there are keys for openai, azure, gemini",
        ),
        (VERTEX, team(), "gemini", "gemini", "there are keys for gemini"),
        (OPEN, team("local"), "local", "local", "the team says so"),
        (
            {**OPEN, **GOOGLE},
            team(["gemini", "openai"]),
            "gemini, then openai",
            "gemini, then openai",
            "the team says so",
        ),
        (OPEN, team(["auto", "local"]), "openai, then local", "openai, then local", "there are keys for openai"),
        ({}, team(["auto", "local"]), "local", "local", "no provider's key is set"),
        ({**OPEN, **GOOGLE}, team("openai", b=["gemini", "auto"]), "openai", "gemini, then openai", "the team says so"),
        ({**OPEN, **GOOGLE}, team("openai", a="gemini"), "gemini", "openai", "the team says so"),
        (
            {**OPEN, "model": " openai, local "},
            team("auto", b="gemini"),
            "openai, then local",
            "openai, then local",
            "BATON_MODEL says so",
        ),
    ],
)
def test_an_agent_has_the_providers_that_its_team_or_the_environment_names(
    given: dict[str, Any], spec: TeamSpec, first: str, second: str, why: str
) -> None:
    endpoints = choose_endpoints(settings(**given), spec)
    assert (endpoints.told("a"), endpoints.told("b"), endpoints.why) == (first, second, why)


@pytest.mark.parametrize(
    ("given", "spec", "words"),
    [
        ({}, team("openai"), "The model is `openai`, but OPENAI_API_KEY is not set. Set it, or BATON_MODEL=local."),
        ({}, team(["local", "azure"]), "`azure`, but AZURE_OPENAI_ENDPOINT is not set"),
        ({"azure_openai_endpoint": "https://x"}, team("azure"), "AZURE_OPENAI_DEPLOYMENT is not set"),
        ({}, team("gemini"), "GOOGLE_API_KEY is not set"),
        ({"google_genai_use_vertexai": True}, team(b="gemini"), "GOOGLE_CLOUD_PROJECT is not set"),
        (
            {"model": "openai,gtp"},
            team(),
            "BATON_MODEL: there is no model 'gtp'. Use `auto`, `local`, `openai`, `azure`",
        ),
    ],
)
def test_given_nothing_to_reach_a_provider_with_then_the_variable_is_named(
    given: dict[str, Any], spec: TeamSpec, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        choose_endpoints(settings(**given), spec)
    assert words in str(caught.value)


def one(given: dict[str, Any], name: str, **told: Any) -> Endpoint:
    [endpoint] = choose_endpoints(settings(**given), team(name, providers=told))["a"]
    return endpoint


def test_each_provider_is_reached_where_the_environment_says() -> None:
    openai = one(OPEN, "openai")
    assert (openai.base_url, openai.api_key, openai.profile) == ("https://api.openai.com/v1", "sk-1", OPENAI)
    assert "sk-1" not in repr(openai)
    assert one({**OPEN, "openai_base_url": "http://x/v1"}, "openai").base_url == "http://x/v1"
    azure = one(ON_AZURE, "azure")
    assert (azure.base_url, azure.api_key, azure.profile) == ("https://here.openai.azure.com/openai", "az-1", AZURE)
    assert azure.azure == Azure("voice")
    legacy = one({**ON_AZURE, "openai_api_version": "2025-04-01-preview"}, "azure")
    assert (legacy.azure, legacy.profile) == (Azure("voice", "2025-04-01-preview"), AZURE_LEGACY)
    gemini = one({**GOOGLE, "google_gemini_base_url": "https://g"}, "gemini")
    assert (gemini.base_url, gemini.api_key, gemini.vertex, gemini.profile) == ("https://g", "g-1", None, GEMINI)
    vertex = one({**VERTEX, "google_application_credentials": Path("account.json")}, "gemini")
    assert vertex.vertex == Vertex("p", "europe-west1", Path("account.json"))
    local = one({"local_model_port": 9}, "local")
    assert (local.base_url, local.profile) == ("http://127.0.0.1:9/v1", LOCAL)


@pytest.mark.parametrize("pasted", ["https://r", "https://r/", "https://r/openai", "https://r/openai/v1/"])
def test_an_azure_resource_is_taken_however_its_address_was_copied(pasted: str) -> None:
    assert one({**ON_AZURE, "azure_openai_endpoint": pasted}, "azure").base_url == "https://r/openai"


def test_what_the_team_tells_a_provider_is_in_its_profile() -> None:
    told = {"model": "gpt-realtime-2", "voices": {"calm": "sage"}, "turn_detection": {"silence_duration_ms": 800}}
    profile = one(OPEN, "openai", openai=told).profile
    assert (profile.model, profile.silence_ms) == ("gpt-realtime-2", 800)
    assert dict(profile.voices) == {**OPENAI.voices, "calm": "sage"}
    local = one({}, "local", local={"speed": 1.2, "voices": {"warm": "male"}})
    assert local.profile.voice("warm") == "male"
    assert local.settings.model_dump()["speed"] == 1.2


def test_a_server_that_takes_no_pictures_is_given_none() -> None:
    profile = one(OPEN, "openai", openai={"images": False}).profile
    assert (profile.images, profile.watches) == (False, False)
    assert one(OPEN, "openai").profile.images


@pytest.mark.system
def test_given_links_that_were_loaded_then_a_call_may_dial_on_a_thread_of_its_own() -> None:
    program = """
import threading
from tests.line.test_endpoint import GOOGLE, OPEN, settings, team
from worker.line.endpoint import choose_endpoints

choose_endpoints(settings(**OPEN, **GOOGLE), team()).load()

def dial():
    import worker.line.gemini, worker.line.openai
    print("dialled")

call = threading.Thread(target=dial)
call.start()
call.join()
"""
    ran = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=120)
    assert ran.stdout.strip() == "dialled", ran.stderr


def test_agents_share_an_endpoint_so_that_they_share_its_session() -> None:
    endpoints = choose_endpoints(settings(**OPEN, **GOOGLE), team("openai", b=["gemini", "openai"]))
    assert endpoints["a"][0] is endpoints["b"][1]
    assert [endpoint.profile.provider for endpoint in endpoints.each] == ["openai", "gemini"]


def test_given_azure_without_a_key_then_whoever_is_signed_in_is_asked_before_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = list[str]()

    def fetch() -> tuple[str, float]:
        asked.append("token")
        return "entra-1", 1e12

    token = EntraToken(fetch, lambda *_: None)
    monkeypatch.setattr(EntraToken, "of_this_machine", classmethod(lambda _: token))
    endpoints = choose_endpoints(settings(**{**ON_AZURE, "azure_openai_api_key": SecretStr("")}), team("azure"))
    assert not asked
    endpoints.sign_in()
    azure = endpoints["a"][0].azure
    assert azure
    assert azure.token
    assert azure.token.value == "entra-1"
    assert asked == ["token"], "once, however many agents"


def test_given_no_key_and_no_library_to_sign_in_by_then_both_ways_out_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(SettingsError, match=r"AZURE_OPENAI_API_KEY is not set, .* `pip install azure-identity`"):
        choose_endpoints(settings(**{**ON_AZURE, "azure_openai_api_key": SecretStr("")}), team("azure"))
