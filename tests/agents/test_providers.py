"""What a team file says to its providers: each word checked, each fault told by line, key, value and way out."""

from pathlib import Path

import pytest

from agents.spec import SpecError, TeamSpec
from agents.team_file import read_team

TEAM = """team: t
start: a
model: [openai, gemini]
providers:
  openai:
    model: gpt-realtime-mini
    voices: {warm: sage}
    turn_detection: {silence_duration_ms: 700, threshold: 0.6}
    transcription: {model: gpt-4o-transcribe, language: de, prompt: Orders and returns.}
    noise_reduction: far_field
    speed: 1.1
    max_output_tokens: 900
    truncation: {retention_ratio: 0.8, token_limits: {post_instructions: 9000}}
    reasoning: {effort: low}
  azure:
  gemini:
    temperature: 0.4
    context_window_compression: {trigger_tokens: 20000, sliding_window: {target_tokens: 8000}}
    realtime_input_config: {automatic_activity_detection: {silence_duration_ms: 800}}
    thinking_config: {thinking_budget: 0}
agents:
  a: {instructions: Be kind., model: gemini, handoffs: [{to: b, when: They want b.}]}
  b: {instructions: Be brief., model: [azure, local]}
"""


def read(folder: Path, text: str) -> TeamSpec:
    path = folder / "team.yaml"
    path.write_text(text)
    return read_team(path)


def test_given_a_word_or_a_list_then_both_are_an_order(tmp_path: Path) -> None:
    team = read(tmp_path, TEAM)
    assert team.model == ("openai", "gemini")
    assert team.agents["a"].model == ("gemini",)
    assert team.agents["b"].model == ("azure", "local")


def test_given_the_providers_own_words_then_they_are_taken(tmp_path: Path) -> None:
    told = read(tmp_path, TEAM).providers
    assert told.openai.turn_detection.silence_duration_ms == 700
    assert told.openai.truncation
    assert told.openai.truncation.type == "retention_ratio"
    assert told.azure == read(tmp_path, TEAM.replace("  azure:\n", "")).providers.azure, "said without a word"
    assert told.gemini.silence_ms == 800
    assert told.gemini.context_window_compression
    assert told.gemini.context_window_compression.sliding_window.target_tokens == 8000


@pytest.mark.parametrize("text", ["truncation: disabled", "truncation: {type: disabled}"])
def test_given_a_type_of_truncation_alone_then_it_stands_for_a_mapping(tmp_path: Path, text: str) -> None:
    old = "truncation: {retention_ratio: 0.8, token_limits: {post_instructions: 9000}}"
    truncation = read(tmp_path, TEAM.replace(old, text)).providers.openai.truncation
    assert truncation
    assert truncation.type == "disabled"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "[openai, gemini]",
            "[openai, google]",
            3,
            "model.1: Input should be 'auto', 'local', 'openai', 'azure' or 'gemini'",
        ),
        ("[openai, gemini]", "[]", 3, "model: the list is empty; name a provider, or leave this out."),
        ("model: gemini", "model: whatever", 22, "agent 'a', model.0: Input should be 'auto'"),
        (
            "model: gemini",
            "model: {provider: openai}",
            22,
            "agent 'a', model: only a sub-agent thinks with a text model",
        ),
        ("speed: 1.1", "speed: 3", 11, "providers.openai.speed: Input should be less than or equal to 1.5 (it is 3)."),
        ("speed: 1.1", "sped: 1.1", 11, "providers.openai.sped: there is no such key"),
        ("speed: 1.1", "temperature: 0.7", 11, "temperature: the Realtime API takes none any more; leave it out."),
        ("far_field", "near", 10, "noise_reduction: Input should be 'near_field' or 'far_field' (it is 'near')."),
        ("max_output_tokens: 900", "max_output_tokens: 9000", 12, "max_output_tokens: Input should be less than or"),
        ("effort: low", "effort: utmost", 14, "reasoning.effort: Input should be 'minimal'"),
        ("threshold: 0.6", "eagerness: low", 8, "turn_detection: `server_vad` has no `eagerness`; leave it out"),
        ("silence_duration_ms: 700", "type: semantic_vad", 8, "turn_detection: `semantic_vad` has no `threshold`"),
        ("retention_ratio: 0.8, ", "", 13, "truncation: `retention_ratio` and the type of that name go together"),
        ("language: de", "language: German", 9, "transcription.language: String should match"),
        (
            "temperature: 0.4",
            "temperature: 4",
            17,
            "gemini.temperature: Input should be less than or equal to 2 (it is 4).",
        ),
        ("target_tokens: 8000", "target_tokens: 30000", 18, "sliding_window.target_tokens: 30000 is no less than"),
        (
            "thinking_budget: 0",
            "thinking_budget: 0, thinking_level: LOW",
            20,
            "give `thinking_budget` or `thinking_level`",
        ),
    ],
)
def test_given_a_wrong_word_then_the_message_names_line_key_and_way_out(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in TEAM
    with pytest.raises(SpecError) as caught:
        read(tmp_path, TEAM.replace(old, new, 1))
    [fault] = str(caught.value).splitlines()
    assert fault.startswith(f"{tmp_path / 'team.yaml'}:{line}: "), fault
    assert words in fault
