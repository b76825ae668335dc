"""What `baton check` sends to a team's providers, and says of them."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.loader import load_team
from tests.line.test_endpoint import settings
from tests.simulators.openai_realtime.script import Asked, Step
from tests.simulators.openai_realtime.server import Provider
from worker.check import tried

TEAM = """team: t
start: a
agents:
  a:
    instructions: Be kind.
    tools: [tools.orders.find_order]
    handoffs: [{to: b, when: The caller wants b.}]
    agents: [c]
  b: {instructions: Be brief., model: [gemini, local]}
  c: {instructions: Look things up., description: Looks things up.}
"""


def silent(_: Asked) -> Sequence[Step]:
    return []


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(silent, keys=["good"]).serve() as running:
        yield running


async def test_each_provider_in_use_is_tried_with_all_that_the_first_agent_is(
    provider: Provider, tmp_path: Path
) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM)
    given = settings(openai_api_key=SecretStr("good"), openai_base_url=provider.url)
    openai, gemini = [trial async for trial in tried(given, load_team(path))]
    assert openai.works
    assert gemini.told == "gemini: not tried, GOOGLE_API_KEY is not set."
    [connection] = provider.connections
    assert connection.session
    assert connection.session.config["instructions"].startswith("Be kind.\n\nToday is ")
    offered = {tool["name"] for tool in connection.session.config["tools"]}
    assert {"find_order", "transfer_to_b", "ask_c", "make_plan"} <= offered


async def test_given_the_embedded_model_alone_then_nobody_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM.replace(", model: [gemini, local]", ""))
    assert [trial async for trial in tried(settings(), load_team(path))] == []
