"""`baton`, with one guard for all agents, which takes as long as the words say (see `bench.gate_script`).

python -m bench.guarded worker
"""

import asyncio
from typing import Any
from unittest.mock import patch

from agents.guarding import Place
from bench.gate_script import FORBIDDEN, delay_s
from worker.call import Call
from worker.cli import main
from worker.gate.guard import Finding, Guard, Panel, Passage


class Words:
    name = "words"
    places = frozenset[Place](("output",))
    deadline_s = 2.0

    async def judge(self, passage: Passage) -> Finding | None:
        await asyncio.sleep(delay_s(passage.before + passage.text))
        return Finding(self.name, "block", "a word") if FORBIDDEN in passage.text else None


def guarded(**parts: Any) -> Call:
    guard: Guard = Words()
    return Call(**{**parts, "guards": Panel({name: [guard] for name in parts["team"].speakers})})


if __name__ == "__main__":
    with patch("worker.held_call.Call", guarded):
        main()
