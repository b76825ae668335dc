"""`baton model` with a chat endpoint for a brain, over a real client and real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.local_model.chat_endpoint import DONE, STALL, Endpoint, call, serving, words
from tests.system.conftest import BATON, environment
from tests.system.test_openai_client import WEATHER, Client, client_on
from worker.livekit_server import free_port
from worker.local_model.ears import Ears

pytestmark = pytest.mark.system


@asynccontextmanager
async def model(folder: Path, chat_url: str) -> AsyncIterator[str]:
    """The port of a running `baton model`."""
    settings = environment(folder, BATON_LOCAL_LLM_URL=chat_url)
    log = folder / "model.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *BATON, "model", cwd=folder, env=settings, stdout=asyncio.subprocess.PIPE, stderr=output
        )
    try:
        assert process.stdout
        async with asyncio.timeout(60):
            while b"ready" not in (line := await process.stdout.readline()):
                assert line, log.read_text()
        yield settings["BATON_LOCAL_MODEL_PORT"]
    finally:
        process.terminate()
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    assert "Traceback" not in log.read_text(), log.read_text()


async def test_given_a_dead_endpoint_then_it_apologises_and_the_session_lives_on(tmp_path: Path, ears: Ears) -> None:
    port = free_port()
    async with (
        model(tmp_path, f"http://127.0.0.1:{port}/v1") as local,
        client_on(local).realtime.connect(model="baton-local") as connection,
    ):
        talk = Client(connection)
        await talk.until("session.created")
        await connection.response.create()
        assert (await talk.response()).status == "completed"
        assert "sorry" in ears.recognise_now(talk.audio(), 24000).lower()
        assert "BATON_LOCAL_LLM_URL" in (tmp_path / "model.log").read_text()

        endpoint = Endpoint(answer=[*words("The library closes ", "at eight o'clock."), DONE])
        async with serving(endpoint, port):
            talk.seen.clear()
            await connection.response.create()
            assert (await talk.response()).status == "completed"
            assert "closes at" in ears.recognise_now(talk.audio(), 24000).lower()

            endpoint.answer = [*call({"name": "weather", "arguments": '{"ci'}, {"arguments": 'ty": "Paris"}'}), DONE]
            await connection.response.create(response={"tools": [WEATHER]})
            called = await talk.until("response.function_call_arguments.done")
            assert called["arguments"] == '{"city": "Paris"}'
            await talk.response()

            endpoint.closed.clear()
            endpoint.answer = [*words("One moment. I"), STALL]
            await connection.response.create()
            await talk.until("response.output_audio.delta")
            assert endpoint.open == 1
            await connection.response.cancel()
            async with asyncio.timeout(20):
                await endpoint.closed.wait()
            assert (await talk.response()).status == "cancelled"
