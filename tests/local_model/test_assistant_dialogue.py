"""Typed calls to the digital assistant: the brain has never heard of it. Judged by who holds them and by the database."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.loader import load_team
from tests.local_model.typed_call import TypedCall, typed_call
from worker.local_model.brain import EmbeddingBrain

HERE = Path(__file__).parent
DIALOGUES = yaml.safe_load((HERE / "assistant.yaml").read_text())
TEAM = load_team(HERE.parents[1] / "agents/assistant/team.yaml")


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


@pytest.mark.parametrize("dialogue", [pytest.param(one, id=one["name"]) for one in DIALOGUES])
async def test_given_a_household_when_somebody_calls_then_it_is_done(
    dialogue: dict[str, Any], brain: EmbeddingBrain, tmp_path: Path
) -> None:
    async with typed_call(tmp_path, brain, TEAM) as call:
        answer = ""
        for line in dialogue["say"]:
            answer = (await call.say(line)).lower()
        assert call.holder == dialogue["holder"], call.transcript()
        assert changed(call) == dialogue.get("changed", []), call.transcript()
        assert notes(call, "taken_by") == dialogue.get("noted", []), call.transcript()
        assert notes(call, "deleted_by") == dialogue.get("deleted", []), call.transcript()
        assert all(words.lower() in answer for words in dialogue.get("heard", [])), call.transcript()
        assert not any(words.lower() in answer for words in dialogue.get("not_heard", [])), call.transcript()


def changed(call: TypedCall) -> list[list[object]]:
    rows = call.read("SELECT title, starts, status FROM appointments WHERE changed_by IS NOT NULL ORDER BY id")
    told = [(title, datetime.fromisoformat(starts), status) for title, starts, status in rows]
    return [
        [
            title,
            (starts.date() - date.today()) // timedelta(1),
            "cancelled" if status == "cancelled" else f"{starts:%H:%M}",
        ]
        for title, starts, status in told
    ]


def notes(call: TypedCall, by: str) -> list[str]:
    return [text for (text,) in call.read(f"SELECT text FROM notes WHERE {by} IS NOT NULL ORDER BY id")]
