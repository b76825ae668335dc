"""`redact` and `digits` of a team file."""

from pathlib import Path
from typing import Any

import pytest

from agents.redaction import DEFAULT, RedactedSpec
from agents.spec import SpecError
from agents.team_file import read_team

TEAM = """team: t
start: alfa
facts:
  order_pin: {description: what opens the parcel}
  is_member: {type: yes_no, description: whether they are one}
agents:
  alfa: {instructions: You are ALFA.}
"""


def team(tmp_path: Path, lines: str) -> Any:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM + lines)
    return read_team(path)


def test_given_nothing_then_the_default_holds(tmp_path: Path) -> None:
    assert team(tmp_path, "").redact.what == DEFAULT
    assert team(tmp_path, "").digits.terminator == "#"


def test_given_a_list_alone_then_it_is_what_is_taken_out(tmp_path: Path) -> None:
    redact = team(tmp_path, "redact: [emails, {pattern: 'M-[0-9]+'}, {fact: order_pin}]\n").redact
    assert redact.kinds == ("emails",)
    assert redact.own == (RedactedSpec(pattern="M-[0-9]+"), RedactedSpec(fact="order_pin"))
    assert [one.shown for one in redact.own] == ["[redacted]", "[order pin]"]
    assert not redact.captions


def test_given_a_mapping_then_captions_may_be_taken_in(tmp_path: Path) -> None:
    redact = team(tmp_path, "redact: {what: [phones], captions: true}\n").redact
    assert (redact.kinds, redact.captions) == (("phones",), True)
    assert team(tmp_path, "redact: {captions: true}\n").redact.what == DEFAULT


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("redact: [cards]\n", "redact.what.0: .*card_numbers"),
        ("redact: [{fact: order_pan}]\n", "no fact 'order_pan'. Facts: order_pin"),
        ("redact: [{fact: is_member}]\n", "stands everywhere"),
        ("redact: [{pattern: '('}]\n", "not a regular expression"),
        ("redact: [{pattern: 'x*'}]\n", "finds the empty text"),
        ("redact: [{instead: nothing}]\n", "`pattern` or `fact`"),
        ("digits: {terminator: '5'}\n", "digits.terminator"),
        ("digits: {timeout_ms: 3}\n", "digits.timeout_ms"),
    ],
)
def test_given_what_cannot_be_meant_then_the_error_says_so_with_its_line(tmp_path: Path, lines: str, told: str) -> None:
    with pytest.raises(SpecError, match=told) as error:
        team(tmp_path, lines)
    assert "team.yaml:8: " in str(error.value)
