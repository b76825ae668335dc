"""`baton`, with the guards of the leakage test and a speaker that writes down every sample it is handed.

python -m tests.core.guarded_worker worker     BATON_HEARD is the folder for that: a file for each room, PCM16 at 24 kHz;
                                               with BATON_UNGUARDED set there are no guards

A sentence with one of the words below does not pass: it is found out, its guard crashes, or it is never judged.
"""

import asyncio
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

from livekit import rtc

from agents.guarding import Place
from worker.call import Call
from worker.cli import main
from worker.gate.guard import Finding, Guard, Panel, Passage
from worker.room.speaker import Speaker
from worker.turns import watchdog

FOUND, CRASHES, HANGS = "cobalt", "granite", "marble"
DELAYS_MS = (0, 100, 300, 800)
DEADLINE_S = 1.5


class Words:
    """Takes up to 0.8 s for a verdict, by what it is asked about."""

    name = "words"
    places = frozenset[Place](("output",))
    deadline_s = DEADLINE_S

    async def judge(self, passage: Passage) -> Finding | None:
        await asyncio.sleep(DELAYS_MS[zlib.crc32(passage.text.encode()) % len(DELAYS_MS)] / 1000)
        words = passage.text.lower()
        if CRASHES in words:
            raise RuntimeError("scripted")
        if HANGS in words:
            await asyncio.Event().wait()
        return Finding(self.name, "block", "a word that nobody may hear") if FOUND in words else None


class Written(Speaker):
    """Nothing is played that is not written down first."""

    _file: BinaryIO | None = None

    def put(self, pcm: bytes) -> None:
        if self._file:
            self._file.write(pcm)
        super().put(pcm)

    async def publish(self, room: rtc.Room) -> rtc.LocalTrackPublication:
        self._file = (Path(os.environ["BATON_HEARD"]) / f"{room.name}.pcm").open("ab", buffering=0)
        return await super().publish(room)


def guarded(**parts: Any) -> Call:
    guard: Guard = Words()
    panel = Panel({name: [guard] for name in parts["team"].speakers})
    return Call(**{**parts, "guards": panel})


if __name__ == "__main__":
    watchdog.PATIENCE_S = watchdog.ANSWER_S = 60.0  # the ear knows the model's sentences only
    hold = Call if "BATON_UNGUARDED" in os.environ else guarded
    with patch("worker.held_call.Call", hold), patch("worker.held_call.Speaker", Written):
        main()
