"""Guards in a team file: what may stand there, and what is said of what may not."""

from pathlib import Path

import pytest

from agents.loader import load_team
from agents.spec import SpecError, TeamSpec

GOOD = """team: t
start: a
when_person_needed: tools.callbacks.person_needed
guards:
  - card_numbers
  - {name: rude, words: [idiot], on: [output, input], action: warn}
agents:
  a:
    instructions: Be kind.
    guards:
      - {name: own, python: tests.gate.guards.functions.plain, on: tool}
    handoffs:
      - {to: b, when: The caller wants b.}
  b:
    instructions: Be brief.
    without_guards: [rude]
    guards:
      - {name: card_numbers, action: rewrite, deadline_ms: 100}
"""


def team(folder: Path, text: str) -> TeamSpec:
    path = folder / "team.yaml"
    path.write_text(text)
    return load_team(path)


def test_given_names_and_mappings_then_each_agent_has_its_guards(tmp_path: Path) -> None:
    spec = team(tmp_path, GOOD)
    assert [(one.name, one.on, one.action) for one in spec.guards_of("a")] == [
        ("card_numbers", ("output",), "block"),
        ("rude", ("output", "input"), "warn"),
        ("own", ("tool",), "block"),
    ]
    [numbers] = spec.guards_of("b")
    assert (numbers.finds, numbers.action, numbers.deadline_s) == (("card_number",), "rewrite", 0.1)


def test_given_other_keys_of_a_built_in_guard_then_the_rest_of_it_stays(tmp_path: Path) -> None:
    spec = team(tmp_path, GOOD.replace("  - card_numbers\n", "  - {name: off_topic, topics: {allowed: [orders]}}\n"))
    [guard] = [one for one in spec.guards if one.name == "off_topic"]
    assert guard.on == ("input",)
    assert guard.topics
    assert guard.topics.allowed == ("orders",)
    assert spec.needs_embedded_model
    assert not team(tmp_path, GOOD).needs_embedded_model


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  - card_numbers\n", "  - card_number\n", 5, "guards.0: 'card_number' says not what it looks for"),
        ("words: [idiot]", "words: [idiot], pattern: x", 6, "'rude' has `pattern` and `words`; make two guards of it"),
        ("words: [idiot]", "pattern: '('", 6, "guards.1.pattern: '(' is not a regular expression"),
        ("words: [idiot]", "pattern: 'a*'", 6, "matches where nothing is"),
        ("words: [idiot]", "word: [idiot]", 6, "guards.1.word: there is no such key"),
        ("words: [idiot]", "words: [idiot], colour: red", 6, "guards.1.colour: there is no such key"),
        ("words: [idiot]", "profanity: [klingon]", 6, "no list of swear words for 'klingon'. Languages: arabic"),
        ("words: [idiot]", "claims: {}", 6, "`on` can only be `output`"),
        ("words: [idiot]", "finds: [name]", 6, "guards.1.finds.0"),
        ("words: [idiot]", "judge: {url: 'http://x/v1', model: m}", 6, "give `question` or `moderation: true`"),
        ("words: [idiot]", "judge: {question: x, url: 'http://x/v1'}", 6, "name the model that is asked there"),
        ("words: [idiot]", "topics: {examples: {a: [b]}}", 6, "neither `allowed` nor `forbidden`"),
        ("on: [output, input]", "on: loudspeaker", 6, "guards.1.on.0"),
        ("action: warn", "action: shout", 6, "guards.1.action"),
        ("on: tool", "on: tool, action: hand_over", 11, None),
        ("when_person_needed: tools.callbacks.person_needed\n", "", 5, None),
        ("on: [output, input], action: warn", "on: tool, action: rewrite", 6, "only a `python` guard can"),
        ("words: [idiot]", "judge: x, action: rewrite", 6, None),
        ("functions.plain", "functions.nothing", 11, "agent 'a', guards: 'own': "),
        ("functions.plain", "functions.two", 11, "cannot be called with a Passage alone"),
        ("without_guards: [rude]", "without_guards: [polite]", 16, "without_guards: the team has no guard 'polite'"),
        ("{name: rude,", "{name: card_numbers,", 6, "guards.1: 'card_numbers' is there twice"),
        ("callbacks.person_needed", "callbacks.nobody", 3, "when_person_needed: 'tools.callbacks.nobody' cannot be found"),
    ],
)  # fmt: skip
def test_given_a_fault_then_the_message_names_line_agent_and_value(
    tmp_path: Path, old: str, new: str, line: int, words: str | None
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    if words is None:
        team(tmp_path, text.replace("action: warn}", "action: warn, say_instead: No.}"))
        return
    with pytest.raises(SpecError) as caught:
        team(tmp_path, text)
    assert f"team.yaml:{line}:" in str(caught.value)
    assert words in str(caught.value)


def test_given_a_handover_and_nobody_to_hand_over_to_then_the_key_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("when_person_needed: tools.callbacks.person_needed\n", "").replace("warn", "hand_over")
    with pytest.raises(SpecError, match=r"team.yaml:5: guards.1.action: 'rude' hands over to a person; say by"):
        team(tmp_path, text)
