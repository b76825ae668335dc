"""Typed calls judged by who holds them, by what became of each wish, and by the database."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.local_model.typed_call import TypedCall, typed_call
from worker.local_model.brain import EmbeddingBrain

HERE = Path(__file__).parent
PLANS = yaml.safe_load((HERE / "plans.yaml").read_text())
SPOKEN = [
    one for file in ("shop", "plans") for one in yaml.safe_load((HERE.parent / f"dialogues/{file}.yaml").read_text())
]


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


@pytest.mark.parametrize("dialogue", [pytest.param(one, id=one["name"]) for one in PLANS])
async def test_given_a_caller_who_wants_several_things_then_each_is_dealt_with(
    dialogue: dict[str, Any], brain: EmbeddingBrain, tmp_path: Path
) -> None:
    await hold(dialogue, brain, tmp_path)


@pytest.mark.parametrize("dialogue", [pytest.param(one, id=one["name"]) for one in SPOKEN])
async def test_given_what_is_spoken_elsewhere_when_it_is_typed_then_it_leads_to_the_same_end(
    dialogue: dict[str, Any], brain: EmbeddingBrain, tmp_path: Path
) -> None:
    await hold(dialogue, brain, tmp_path)


async def hold(dialogue: dict[str, Any], brain: EmbeddingBrain, folder: Path) -> None:
    async with typed_call(folder, brain) as call:
        answer = ""
        for text, interrupted_by in lines(dialogue["say"]):
            answer = await call.say(text, interrupted_by)
        assert found(call, dialogue) == expected(dialogue), call.transcript()
        for words in dialogue.get("heard", []):
            assert words.lower() in answer.lower(), call.transcript()


def lines(say: list[Any]) -> list[tuple[str, str]]:
    """(text, what breaks into the answer to it)."""
    found = list[tuple[str, str]]()
    for line in say:
        match line:
            case str(text):
                found.append((text, ""))
            case {"text": text, "interrupted_by": other}:
                found.append((text, other))
            case {"text": other}:
                found[-1] = (found[-1][0], other)
    return found


def found(call: TypedCall, dialogue: dict[str, Any]) -> dict[str, Any]:
    holds = {"holder": call.holder, "plan": call.plan, "returned": call.returned, "moved": call.moved}
    return {key: value for key, value in holds.items() if key in ("holder", "plan") or key in dialogue}


def expected(dialogue: dict[str, Any]) -> dict[str, Any]:
    return {"plan": []} | {key: dialogue[key] for key in ("holder", "plan", "returned", "moved") if key in dialogue}
