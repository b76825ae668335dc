"""A short call of a real caller with each real provider whose key is set: three turns, a tool, a handoff. It costs money.

make test-live            whoever has a key; BATON_LIVE=openai,local names them instead
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.loader import load_team
from tests.speech import say
from tests.system.conftest import ROOT, environment, start
from worker.line.cost import shipped
from worker.line.endpoint import AUTO, missing_variable, profile_of
from worker.line.hour import METERS, hour
from worker.settings import Settings, variables

MINUTES = 2  # a call, at most
TURNS = (
    "Hello. Where is my order number one zero four two?",
    "I would like to send that order back, please.",
    "It arrived broken. Thank you.",
)
KEYS = ("OPENAI_", "AZURE_", "GOOGLE_")


def providers() -> Sequence[str]:
    """Who is called; an empty name when nobody can be."""
    settings = Settings.read()
    named = [name for name in os.environ.get("BATON_LIVE", "").split(",") if name]
    return named or [name for name in AUTO if not missing_variable(name, settings)] or [""]


def estimate(provider: str) -> str:
    """What the call will cost, in words."""
    profile = profile_of(provider, Settings.read(), load_team(ROOT / "agents/shop/team.yaml"))
    price = shipped().of(profile.provider, profile.model)
    try:
        cost = hour(price, METERS[provider], cached=False) * MINUTES / 60 if price else None
    except ValueError:
        cost = None
    told = "a sum nobody here knows" if cost is None else f"at most {cost:.2f} US dollars"
    return f"{profile.provider}, {profile.model}: a call of up to {MINUTES} minutes, {told}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("provider", providers())
async def test_given_a_real_provider_then_a_call_with_a_tool_and_a_handoff_is_held(
    provider: str, tmp_path: Path
) -> None:
    if not provider:
        pytest.fail("No provider's key is set. Set OPENAI_API_KEY, Azure's variables or GOOGLE_API_KEY.", pytrace=False)
    print(f"\n  {estimate(provider)}", flush=True)
    keys = {name: value for name, value in variables().items() if name.startswith(KEYS)}
    house = start(tmp_path, environment(tmp_path, BATON_MODEL=provider, **keys))
    try:
        async with await house.caller() as caller:
            await caller.answered(0, within=30)
            for text in TURNS:
                ended = await caller.say(say(text))
                await caller.answered(ended, within=40)
    finally:
        house.process.terminate()
        house.process.wait(30)
    events = [json.loads(str(body)) for (body,) in house.read("SELECT body FROM journal_events ORDER BY number")]
    said = {kind: [event for event in events if event["type"] == kind] for kind in {event["type"] for event in events}}
    for event in events:
        if event["type"] in ("user.said", "agent.said"):
            latency = f"  ({event['latency_ms']} ms)" if event.get("latency_ms") else ""
            print(f"  {event['at'] / 1000:6.1f} s  {event.get('agent', 'caller'):10} {event['text']}{latency}")
    costs = said.get("cost.updated", [])
    print(f"  cost: {costs[-1]['total'] if costs else 'nothing was counted'}")
    assert len(said["user.said"]) >= len(TURNS)
    assert len(said["agent.said"]) > len(TURNS), "the greeting, and an answer to each turn"
    assert [event for event in said["tool.finished"] if not event["failed"]]
    assert said["handoff.done"]
