"""What `baton check` says of guards that ask others."""

import json
from typing import Any

import pytest

from tests.gate.guards.passages import settings, team
from tests.simulators.chat import Answer, ChatServer, Pause, Refuse, Step
from worker.gate.guards import trial


async def told(spec: dict[str, Any]) -> tuple[bool, str]:
    [one] = [one async for one in trial.tried(settings(), team(spec, "card_numbers"))]
    return one.works, one.told


def verdict(yes: bool) -> Answer:
    return Answer(json.dumps({"verdict": "yes" if yes else "no", "kind": "greeting"}))


@pytest.mark.parametrize(
    ("step", "deadline_ms", "works", "words"),
    [
        (verdict(False), 10_000, True, "judges a sentence in"),
        (
            verdict(True),
            10_000,
            False,
            "finds 'a judge found greeting' in a harmless sentence, so that hardly anything",
        ),
        (Answer("No."), 10_000, False, "gives an answer that is not of the form. If it knows no `json_schema`"),
        (Refuse(401), 10_000, False, "refuses the key"),
        (Refuse(400), 10_000, False, "HTTP 400. If it knows no `json_schema`, say `answer: json_object`"),
        (verdict(False), 1, False, "give it more `deadline_ms`"),
    ],
)
async def test_given_a_judge_then_it_is_tried_once(step: Step, deadline_ms: int, works: bool, words: str) -> None:
    async with ChatServer(lambda _: [Pause(0.01), step] if isinstance(step, Answer) else [step]).serve() as server:
        judge = {"question": "Is it rude?", "url": f"{server.url}/v1", "model": "small"}
        found = await told({"name": "rude", "judge": judge, "deadline_ms": deadline_ms})
        assert found[1].startswith("guard 'rude': small at ") or found[1].startswith("guard 'rude' finds")
        assert words in found[1]
        assert found[0] is works
        assert len(server.asked) == 1


async def test_given_nobody_there_then_it_is_said_where_a_judge_should_be() -> None:
    judge = {"question": "Is it rude?", "url": "http://127.0.0.1:1/v1", "model": "small"}
    assert await told({"name": "rude", "judge": judge}) == (
        False,
        "guard 'rude': small at http://127.0.0.1:1/v1 cannot be reached.",
    )


async def test_given_no_embedded_model_then_a_guard_by_topic_is_not_tried() -> None:
    works, words = await told({"name": "off_topic"})
    assert works
    assert "not tried, the embedded model on port 1 does not run now" in words


async def test_given_no_key_then_the_variable_is_named() -> None:
    assert await told({"name": "rude", "judge": "Is it rude?"}) == (
        False,
        "OPENAI_API_KEY is not set: guard 'rude' needs it for https://api.openai.com/v1.",
    )
