"""The floor: what the room alone costs. Hears a caller, and answers at once with the same tone for as long as a reply.

python -m bench.floor     LIVEKIT_* in the environment; registers as `baton`, prints `ready`
"""

import asyncio
import os
from collections.abc import Sequence

import numpy as np

os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")
from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobExecutorType

from bench.tones import ALFA, CHAT, loudest, tone
from worker.room.microphone import Microphone
from worker.room.speaker import Speaker
from worker.settings import AGENT_NAME

RATE = 24000
FRAME_MS = 40  # of what it says, and of what it looks for a pitch in
REPLY_MS = 4000
WAIT_MS = 550  # after the caller's end, as a provider waits


async def hold(job: JobContext) -> None:
    tracks = asyncio.Queue[rtc.Track]()
    job.room.on("track_subscribed", lambda track, *_: tracks.put_nowait(track))
    await job.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    speaker = Speaker(RATE)
    await speaker.publish(job.room)
    frame = tone(ALFA, FRAME_MS, RATE).tobytes()
    left, silent_ms = REPLY_MS // FRAME_MS, -1
    heard = bytearray()

    def gather(frames: Sequence[bytes]) -> None:
        heard.extend(b"".join(frames))
        while len(heard) >= len(frame):
            hear(bytes(heard[: len(frame)]))
            del heard[: len(frame)]

    def hear(pcm: bytes) -> None:
        nonlocal left, silent_ms
        if loudest(np.frombuffer(pcm, np.int16)[::2], RATE // 2) == CHAT:
            silent_ms = 0
        elif silent_ms >= 0:
            silent_ms += FRAME_MS
            if silent_ms >= WAIT_MS:
                left, silent_ms = REPLY_MS // FRAME_MS, -1
        if left:
            left -= 1
            speaker.put(frame)

    await Microphone(await tracks.get(), RATE, gather).run()
    job.shutdown("the caller has left")


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
