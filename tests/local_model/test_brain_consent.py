"""The embedded brain in a call that is recorded: it says so first, or asks, and notes the answer."""

import json

import pytest

from agents.consent import with_consent
from agents.context import state
from agents.orchestrator import NOTE
from agents.recording import CONSENT, RecordingSpec, greeting_hint
from agents.spec import AgentSpec, TeamSpec
from agents.tasks import Task
from tests.local_model.test_brain_dialogue import INSTRUCTIONS, TOOLS, talk
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.brain.consent import THANKS, UNRECORDED
from worker.local_model.conversation import Conversation, Say, Tool, ToolCall, ToolResult
from worker.team.toolbox import Toolbox

TEAM = with_consent(
    TeamSpec.model_validate(
        {
            "team": "library",
            "start": "desk",
            "recording": {"when": "consent"},
            "agents": {"desk": AgentSpec(name="desk", instructions=INSTRUCTIONS)},
        }
    )
)
SCHEMA = next(one for one in Toolbox(TEAM.agents["desk"], TEAM.facts).schemas({NOTE}) if one["name"] == NOTE)
TOOLS_AND_NOTE = (*TOOLS, Tool(NOTE, SCHEMA["description"], SCHEMA["parameters"]))
ASKING = f"{INSTRUCTIONS}\n\n{state({}, [Task(CONSENT, collect=(CONSENT,))])}"


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


def greeting(brain: EmbeddingBrain, when: str) -> list[str]:
    spec = RecordingSpec.model_validate({"when": when, "announcement": "We tape this."})
    hint = f"The caller has just joined. Greet them, in one or two sentences.{greeting_hint(spec)}"
    thoughts = brain.think(Conversation(f"{INSTRUCTIONS}\n\n{hint}", TOOLS, ()))
    return [thought.text for thought in thoughts if isinstance(thought, Say)]


def test_given_a_call_that_is_recorded_then_that_comes_before_everything_else(brain: EmbeddingBrain) -> None:
    assert greeting(brain, "on") == ["We tape this.", "City library, good day."]
    assert greeting(brain, "off") == ["City library, good day."]


def test_given_a_call_that_may_be_recorded_then_it_is_asked_after_the_greeting(brain: EmbeddingBrain) -> None:
    assert greeting(brain, "consent") == ["City library, good day.", "We tape this."]


@pytest.mark.parametrize(
    ("said", "agrees"),
    [
        ("Yes, that is fine.", True),
        ("No.", False),
        ("No, I'd rather not be recorded.", False),
        ("Sure, go ahead", True),
    ],
)
def test_given_an_answer_then_it_is_noted(brain: EmbeddingBrain, said: str, agrees: bool) -> None:
    [call] = talk(brain, said, tools=TOOLS_AND_NOTE, instructions=ASKING)
    assert isinstance(call, ToolCall)
    assert (call.name, json.loads(call.arguments)) == (NOTE, {CONSENT: agrees})
    [thanks] = talk(brain, said, ToolResult("call", "That is all."), tools=TOOLS_AND_NOTE, instructions=ASKING)
    assert thanks == Say(THANKS if agrees else UNRECORDED)


def test_given_something_else_than_an_answer_then_nothing_is_noted(brain: EmbeddingBrain) -> None:
    for said in ("Okay so I would like to know when you close, right?", "When do you close?"):
        thoughts = talk(brain, said, tools=TOOLS_AND_NOTE, instructions=ASKING)
        assert not any(isinstance(one, ToolCall) and one.name == NOTE for one in thoughts)


def test_given_a_yes_long_after_then_it_is_no_consent_and_stop_recording_is_its_end(brain: EmbeddingBrain) -> None:
    thoughts = talk(brain, "Yes.", tools=TOOLS_AND_NOTE)
    assert not any(isinstance(one, ToolCall) for one in thoughts)
    [call] = talk(brain, "Please stop recording now.", tools=TOOLS_AND_NOTE)
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {CONSENT: False}
