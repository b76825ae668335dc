"""A team that asks for consent to be recorded."""

from pathlib import Path

import pytest

from agents.commands import Answer, TaskDone
from agents.consent import with_consent
from agents.loader import load_team
from agents.orchestrator import NOTE, Orchestrator
from agents.recording import CONSENT
from agents.spec import SpecError
from worker.team.toolbox import Toolbox

TEAM = """
team: desk
start: front
recording: {when: consent}
facts:
  name: {description: their name}
agents:
  front:
    instructions: You are FRONT.
    tasks: [{id: greet, collect: [name]}]
    handoffs: [{to: back, when: always}]
  back: {instructions: You are BACK.}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "team.yaml"
    path.write_text(text)
    return path


def test_given_consent_then_who_answers_asks_first_and_every_agent_may_note_it(tmp_path: Path) -> None:
    team = load_team(written(tmp_path, TEAM))
    assert [task.id for task in team.agents["front"].tasks] == [CONSENT, "greet"]
    assert team.agents["back"].tasks == ()
    boxes = {name: Toolbox(agent, team.facts) for name, agent in team.agents.items()}
    for name, also in (("front", {"name"}), ("back", set[str]())):
        [note] = [schema for schema in boxes[name].schemas(boxes[name].role.tools.keys() | {NOTE}) if schema]
        assert note["parameters"]["properties"].keys() == {CONSENT} | also
    orchestrator = Orchestrator({name: box.role for name, box in boxes.items()}, "front", team.facts)
    assert NOTE in orchestrator.offerable("back")
    done, answer = orchestrator.tool_requested(0, "1", NOTE, f'{{"{CONSENT}": true}}')
    assert (done, orchestrator.facts) == (TaskDone("front", CONSENT), {CONSENT: True})
    assert isinstance(answer, Answer)
    orchestrator.tool_requested(0, "2", "transfer_to_back", "{}")
    orchestrator.prepared(1)
    assert NOTE in orchestrator.offered
    orchestrator.tool_requested(1, "3", NOTE, f'{{"{CONSENT}": false}}')
    assert orchestrator.facts == {CONSENT: False}


@pytest.mark.parametrize("when", ["off", "on"])
def test_given_no_question_then_the_team_is_as_it_is_written(tmp_path: Path, when: str) -> None:
    team = load_team(written(tmp_path, TEAM.replace("consent", when)))
    assert with_consent(team) is team
    assert CONSENT not in team.facts


def test_given_a_fact_of_that_name_that_is_no_yes_or_no_then_the_file_is_refused(tmp_path: Path) -> None:
    wrong = TEAM.replace("  name: {", "  recording_consent: {description: x}\n  name: {")
    with pytest.raises(SpecError, match=r"team.yaml:6: facts.recording_consent: .*type: yes_no"):
        load_team(written(tmp_path, wrong))
