"""A model's memory that outgrows its budget, in a real room."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from bench.tones import ALFA
from tests.core.conftest import ROOT, Stage, house_with, transcribe
from tests.core.test_core import only
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider

pytestmark = [pytest.mark.system, pytest.mark.soak]
KEPT = 2
ASIDE = "and so on " * 30  # what an agent adds to each reply, some 75 tokens


async def test_given_a_tiny_budget_then_the_oldest_turns_are_summarised_and_the_call_goes_on(tmp_path: Path) -> None:
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text())
    team["memory"] = {"budget_tokens": 500, "keep_turns": KEPT}
    (tmp_path / "team.yaml").write_text(yaml.safe_dump(team))
    given = []

    def play(asked: Asked) -> Sequence[Step]:
        given.append([item["id"] for item in asked.items])
        if asked.said == "tool" and not asked.result:
            return [CallTool("quick", '{"number": 42}')]
        return [Say(f"alfa answers {asked.result or asked.said} {ASIDE}", ms=900, hz=ALFA, words="ahead")]

    with house_with([1], tmp_path, BATON_TEAM=str(tmp_path / "team.yaml")) as house:
        provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
        async with provider.serve(house.provider_port):
            stage = Stage(house, provider)
            async with stage.caller() as caller:
                await stage.greeted(caller)
                for word in ["tool", *["chat", "second", "third"] * 3, "long"]:
                    await stage.turn(caller, word)
                last, remembered = provider.items(), provider.words()
                session = provider.connections[-1].session
                assert session
                told = session.config["instructions"]
            events = stage.journal(caller.room)
    assert [event["text"].split(" and")[0] for event in only(events, "agent.said")][-1] == "alfa answers long"
    assert len(only(events, "user.said")) == 11, "the journal keeps everything"
    compacted = only(events, "memory.compacted")
    assert len(compacted) >= 2
    assert all(event["tokens_after"] < 500 < event["tokens_before"] for event in compacted)
    assert max(map(len, given)) <= 12, "of 25"
    assert last[0]["role"] == "system"
    assert "caller: tool" in last[0]["content"][0]["text"], "the summary begins where the call did"
    assert "number: 42" in told, "a fact of the first turn"
    assert "- number 42 (quick, with alfa" in told
    assert remembered[-KEPT:] == ["third", "long"]
