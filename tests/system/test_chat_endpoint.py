"""The embedded model with a chat endpoint for a brain, over a real client and real HTTP."""

import asyncio
from dataclasses import replace

import pytest

from tests.free_ports import free_port
from tests.local_model.chat_endpoint import DONE, STALL, Endpoint, call, words
from tests.local_model.chat_endpoint import serving as serving_chat
from tests.system.embedded_model import serving
from tests.system.test_openai_client import WEATHER, Client, client_on
from worker.local_model.brain import make_brain
from worker.local_model.senses import Senses
from worker.settings import Settings

pytestmark = pytest.mark.system


async def test_given_a_dead_endpoint_then_it_apologises_and_the_session_lives_on(
    senses: Senses, caplog: pytest.LogCaptureFixture
) -> None:
    port, ears = free_port(), senses.ears
    brain = make_brain(Settings(local_llm_url=f"http://127.0.0.1:{port}/v1").local_llm_url)
    async with (
        serving(replace(senses, brain=brain)) as model,
        client_on(str(model.port)).realtime.connect(model="baton-local") as connection,
    ):
        talk = Client(connection)
        await talk.until("session.created")
        await connection.response.create()
        assert (await talk.response()).status == "completed"
        assert "sorry" in ears.recognise_now(talk.audio(), 24000).lower()
        assert "BATON_LOCAL_LLM_URL" in caplog.text

        endpoint = Endpoint(answer=[*words("The library closes ", "at eight o'clock."), DONE])
        async with serving_chat(endpoint, port):
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
    await brain.close()
