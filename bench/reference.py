"""The reference: the same two agents on LiveKit's own AgentSession, as its documentation has them: each with a model of
its own where the team has several voices.

python -m bench.reference     LIVEKIT_* and OPENAI_* in the environment; registers as `baton`, prints `ready`
"""

import asyncio
import os
from pathlib import Path

os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")  # as our worker has it
from livekit.agents import (
    NOT_GIVEN,
    Agent,
    AgentServer,
    AgentSession,
    JobContext,
    JobExecutorType,
    NotGivenOr,
    RunContext,
    function_tool,
)
from livekit.plugins.openai import realtime
from openai.types.realtime.realtime_audio_input_turn_detection import ServerVad

from worker.line.profile import OPENAI
from worker.settings import AGENT_NAME

RECORD = False
OWN_MODELS = Path(os.environ["BATON_TEAM"]).stem == "voices"


def model(role: str) -> realtime.RealtimeModel:
    return realtime.RealtimeModel(
        model=OPENAI.model,
        voice=OPENAI.voice(role),
        turn_detection=ServerVad(type="server_vad", silence_duration_ms=OPENAI.silence_ms, prefix_padding_ms=300),
    )


def own_model(role: str) -> NotGivenOr[realtime.RealtimeModel]:
    return model(role) if OWN_MODELS else NOT_GIVEN


class Alfa(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You are ALFA.", llm=own_model("warm"))

    async def on_enter(self) -> None:
        await self.session.generate_reply()

    @function_tool
    async def look_up(self, context: RunContext[None], word: str) -> str:
        """Look a word up."""
        return f"{word} is fine"

    @function_tool
    async def transfer_to_bravo(self, context: RunContext[None]) -> Agent:
        """Hand the caller over. The caller asks for bravo."""
        return Bravo()


class Bravo(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You are BRAVO.", llm=own_model("calm"))

    async def on_enter(self) -> None:
        await self.session.generate_reply()

    @function_tool
    async def look_up(self, context: RunContext[None], word: str) -> str:
        """Look a word up."""
        return f"{word} is fine"

    @function_tool
    async def transfer_to_alfa(self, context: RunContext[None]) -> Agent:
        """Hand the caller over. The caller asks for alfa."""
        return Alfa()


async def hold(job: JobContext) -> None:
    session = AgentSession[None](llm=model("warm"))
    await session.start(Alfa(), room=job.room, record=RECORD)


async def main() -> None:
    server = AgentServer(
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=1,
        load_fnc=lambda _: 0.0,
        host="127.0.0.1",
        port=int(os.environ["BATON_WORKER_HTTP_PORT"]),
        http_proxy=None,
    )
    server.rtc_session(hold, agent_name=AGENT_NAME)
    server.once("worker_registered", lambda *_: print("ready", flush=True))
    await server.run()


if __name__ == "__main__":
    asyncio.run(main())
