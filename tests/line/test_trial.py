"""What `baton check` says of a provider, against one that is there, refuses, is silent, or is not there at all."""

import re
import socket
from collections.abc import AsyncIterator, Sequence

import pytest

from agents.providers import AzureSpec
from tests.simulators.openai_realtime.script import Asked, Fault, Step
from tests.simulators.openai_realtime.server import Provider
from worker.line.endpoint import Azure, Endpoint
from worker.line.profile import AZURE, OPENAI
from worker.line.trial import Trial, try_out

TOOLS = [
    {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
]


def silent(_: Asked) -> Sequence[Step]:
    return []


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(silent, keys=["good"]).serve() as running:
        yield running


async def tried(endpoint: Endpoint) -> Trial:
    return await try_out(endpoint, "Be kind.", TOOLS, "warm", patience_s=5)


async def test_given_a_provider_that_works_then_its_session_was_told_who_the_agent_is_and_asked_for_nothing(
    provider: Provider,
) -> None:
    trial = await tried(Endpoint(OPENAI, provider.url, "good"))
    assert trial.works
    assert re.fullmatch(r"openai: model 'gpt-realtime-1\.5' works; a session was ready after \d+ ms\.", trial.told)
    [connection] = provider.connections
    assert connection.session
    assert connection.session.config["instructions"] == "Be kind."
    assert connection.session.config["tools"] == TOOLS
    assert {event["type"] for event in connection.received} == {"session.update"}


async def test_given_a_wrong_key_then_its_variable_is_named(provider: Provider) -> None:
    trial = await tried(Endpoint(OPENAI, provider.url, "bad"))
    assert trial == Trial(False, "openai: the key is wrong: Incorrect API key provided. Look at OPENAI_API_KEY.")
    azure = Endpoint(AZURE, f"{provider.azure}/openai", "bad", AzureSpec(), Azure("voice"))
    assert await tried(azure) == Trial(False, "azure: the key is wrong (401). Look at AZURE_OPENAI_API_KEY.")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "openai: the key may not use model 'gpt-realtime-1.5' (403). Look at OPENAI_API_KEY."),
        (429, "openai: its quota is used up, or too much is asked of it at once (429)."),
        (503, "refuses the connection (503)."),
    ],
)
async def test_given_a_provider_that_refuses_then_it_is_said_why(provider: Provider, status: int, words: str) -> None:
    provider.refusals.count, provider.refusals.status = 1, status
    trial = await tried(Endpoint(OPENAI, provider.url, "good"))
    assert not trial.works
    assert trial.told.endswith(words)
    assert len(provider.connections) == 0, "it is asked once"


async def test_given_a_deployment_that_is_not_there_then_it_is_named_with_its_variable(provider: Provider) -> None:
    there_is_none = f"{provider.azure}/openai/deployments"  # an address the simulator has not got
    azure = Endpoint(AZURE, there_is_none, "good", AzureSpec(), Azure("voice"))
    trial = await tried(azure)
    assert trial == Trial(
        False, f"azure: there is no deployment 'voice' at {there_is_none} (404). Look at AZURE_OPENAI_DEPLOYMENT."
    )


async def test_given_a_tool_that_the_provider_does_not_take_then_its_words_are_told(provider: Provider) -> None:
    provider.refusals.updates = {"Looks."}
    trial = await tried(Endpoint(OPENAI, provider.url, "good"))
    assert trial == Trial(False, "openai: it does not take what it is told: Invalid value in 'session': 'Looks.'.")


async def test_given_a_provider_that_says_nothing_then_the_wait_ends(provider: Provider) -> None:
    provider.faults = [Fault("session.updated", "stall")]
    trial = await try_out(Endpoint(OPENAI, provider.url, "good"), "Be kind.", TOOLS, "warm", patience_s=0.2)
    assert trial == Trial(False, f"openai: no answer from {provider.url} in 0.2 s. Is the address right?")


async def test_given_a_socket_that_is_lost_then_that_is_told(provider: Provider) -> None:
    provider.faults = [Fault("session.updated", "abort")]
    trial = await tried(Endpoint(OPENAI, provider.url, "good"))
    assert not trial.works
    assert "closed unexpectedly" in trial.told


async def test_given_nobody_at_the_address_then_it_is_out_of_reach() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    trial = await tried(Endpoint(OPENAI, url, "good"))
    assert not trial.works
    assert trial.told.startswith(f"openai: {url} is out of reach (")
