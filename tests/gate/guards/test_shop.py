"""The shop's own guards in whole calls of its own: what its agents say is right, and nothing of it is found."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gate.guards.passages import settings
from tests.local_model.test_brain_plans import lines
from tests.local_model.typed_call import SHOP, TypedCall, typed_call
from worker.gate.guard import Finding, Passage
from worker.gate.guards import build
from worker.journal import events as journal
from worker.local_model.brain import EmbeddingBrain

pytestmark = pytest.mark.parts

DIALOGUES = Path(__file__).parents[2] / "dialogues"
CALLS = [one for file in ("shop", "plans") for one in yaml.safe_load((DIALOGUES / f"{file}.yaml").read_text())]


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


@pytest.mark.parametrize("dialogue", [pytest.param(one, id=one["name"]) for one in CALLS])
async def test_given_a_call_to_the_shop_then_its_guards_find_nothing(
    dialogue: dict[str, Any], brain: EmbeddingBrain, tmp_path: Path
) -> None:
    async with typed_call(tmp_path, brain) as call:
        for text, interrupted_by in lines(dialogue["say"]):
            await call.say(text, interrupted_by)
        found = await judged(call)
    assert found == [], call.transcript()


async def judged(call: TypedCall) -> list[tuple[str, Finding]]:
    """What the shop's guards find in what was said, each sentence with what was known before it."""
    panel, told, found = build(SHOP, settings()), list[str](), list[tuple[str, Finding]]()
    sentences = 0
    for event in call.room.events:
        match event:
            case journal.UserWrote(text=text) | journal.ToolFinished(output=text):
                told.append(text)
            case journal.AgentSaid(agent=agent, text=text):
                before = ""
                for sentence in re.split(r"(?<=[.!?])\s+", text):
                    passage = Passage("output", agent, sentence, before, told)
                    found += [(sentence, one) for one in await panel.judge(passage)]
                    before += f"{sentence} "
                    sentences += 1
            case _:
                pass
    assert sentences
    return found
