"""What `baton check` finds in a team file that a provider has not got."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from agents.team_file import read_team
from tests.line.test_endpoint import settings
from worker.line import profile, review
from worker.line.profile import LOCAL, OPENAI
from worker.local_model.voice import voice_exists

TEAM = """team: t
start: a
providers:
  openai:
    voices: {warm: sage}
    model: gpt-realtime
  gemini:
    voices: {deep: Charon}
    model: gemini-3.8-live
    thinking_config: {thinking_budget: 0}
  local: {voices: {calm: low}}
  azure: {model: gpt-realtime}
agents:
  a: {instructions: Be kind., voice: deep}
"""
LEGACY = {"openai_api_version": "2025-04-01-preview"}


def found(folder: Path, text: str = TEAM, **given: Any) -> list[str]:
    path = folder / "team.yaml"
    path.write_text(text)
    return review.review(path, read_team(path), settings(**given))


@pytest.mark.parametrize(
    ("old", "new", "given", "line", "words"),
    [
        (
            "warm: sage",
            "warm: Puck",
            {},
            5,
            "providers.openai.voices.warm: openai has no voice 'Puck'. Voices there: alloy,",
        ),
        ("deep: Charon", "deep: marin", {}, 8, "gemini has no voice 'marin'. Voices there: Achernar,"),
        (
            "calm: low",
            "calm: lower",
            {},
            11,
            "local has no voice 'lower'. Voices there: heart, low, deep, male, bright.",
        ),
        (
            "model: gpt-realtime\n  gemini",
            "model: gemini-3.8-live\n  gemini",
            {},
            6,
            "providers.openai.model: 'gemini-3.8-live' is a model of gemini, not of openai. Those there are called gpt-…",
        ),
        ("model: gemini-3.8-live", "model: gpt-realtime", {}, 9, "is a model of openai, not of gemini"),
        ("{model: gpt-realtime}", "{truncation: auto}", LEGACY, 12, "truncation: Azure's legacy API has none"),
        ("{model: gpt-realtime}", "{voices: {warm: cedar}}", LEGACY, 12, "azure has no voice 'cedar'"),
        (
            "thinking_budget: 0",
            "thinking_level: LOW",
            {},
            10,
            "'gemini-3.8-live' has no such setting at the Gemini API",
        ),
    ],
)
def test_given_what_a_provider_has_not_got_then_it_is_named_with_what_there_is(
    tmp_path: Path, old: str, new: str, given: dict[str, Any], line: int, words: str
) -> None:
    assert old in TEAM
    [problem] = found(tmp_path, TEAM.replace(old, new, 1), **given)
    assert problem.startswith(f"{tmp_path / 'team.yaml'}:{line}: ")
    assert words in problem


@pytest.mark.parametrize(
    ("old", "new", "given"),
    [
        ("", "", {}),
        ("warm: sage", "warm: theirs", {"openai_base_url": "http://theirs/v1"}),
        ("{model: gpt-realtime}", "{voices: {warm: cedar}}", {}),
        ("thinking_budget: 0", "thinking_level: LOW", {"google_genai_use_vertexai": True}),
        ("model: gemini-3.8-live", "model: models/gemini-9", {}),
    ],
)
def test_given_what_it_has_or_what_nobody_can_know_then_there_is_no_problem(
    tmp_path: Path, old: str, new: str, given: dict[str, Any]
) -> None:
    assert found(tmp_path, TEAM.replace(old, new, 1), **given) == []


def test_given_a_provider_without_a_voice_for_a_role_then_the_agents_who_want_it_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = MappingProxyType({**profile.PROFILES, "local": replace(LOCAL, voices={"warm": "heart", "calm": "low"})})
    monkeypatch.setattr("worker.line.endpoint.PROFILES", poor)
    [problem] = found(tmp_path)
    assert problem == (
        f"{tmp_path / 'team.yaml'}:14: agent 'a', voice: local has no voice for 'deep'. Voices there: warm, calm."
    )


def test_every_voice_of_a_role_is_one_of_the_provider_and_the_embedded_model_has_those_named() -> None:
    for one in (*profile.PROFILES.values(), profile.AZURE_LEGACY):
        assert set(one.voices.values()) <= set(one.every_voice), one.provider
    assert all(voice_exists(voice) for voice in LOCAL.every_voice)
    assert OPENAI.model.startswith(OPENAI.model_names)
