"""The tools that run while people talk."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livekit.agents import llm

from tools.context import CallContext
from worker.background import Start
from worker.toolbox import Outcome, Toolbox

FILLER_S = 1.5  # nobody likes to wait longer without a word


@dataclass(frozen=True, slots=True)
class ToolDone:
    """A tool is over, in whatever way."""

    agent: str
    call_id: str
    tool: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ToolSlow:
    """A tool still runs after a moment."""

    call_id: str


ToolEvent = ToolDone | ToolSlow


class ToolRuns:
    """Starts tools and stops them. `put` gets ToolSlow and ToolDone, the latter once for each start."""

    def __init__(
        self,
        toolboxes: Mapping[str, Toolbox],
        make_context: Callable[[str, llm.FunctionToolCall], CallContext],
        put: Callable[[ToolEvent], None],
    ) -> None:
        self._toolboxes, self._make_context, self._put = toolboxes, make_context, put
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._agents: dict[str, tuple[str, str]] = {}

    @property
    def running(self) -> bool:
        return bool(self._tasks)

    @property
    def awaited(self) -> bool:
        """Whether one runs that is not in the background."""
        return any(
            self._toolboxes[agent].spec(tool).while_running != "background" for agent, tool in self._agents.values()
        )

    def what(self, call_id: str) -> tuple[str, str]:
        """Agent and tool of a call that runs; empty when it is over."""
        return self._agents.get(call_id, ("", ""))

    def start(self, agent: str, call_id: str, tool: str, arguments: str, start: Start) -> None:
        call = llm.FunctionToolCall(name=tool, arguments=arguments, call_id=call_id)
        self._agents[call_id] = (agent, tool)
        task = self._tasks[call_id] = start(self._run(agent, call))
        slow = asyncio.get_running_loop().call_later(FILLER_S, self._put, ToolSlow(call_id))
        task.add_done_callback(lambda _: slow.cancel())

    def cancel(self, call_id: str) -> None:
        """Stops a tool; it counts as failed."""
        if task := self._tasks.pop(call_id, None):
            task.cancel()
            agent, tool = self._agents.pop(call_id)
            self._put(ToolDone(agent, call_id, tool, Outcome("It was stopped at the caller's wish.", failed=True)))

    async def _run(self, agent: str, call: llm.FunctionToolCall) -> None:
        outcome = await self._toolboxes[agent].run(call, self._make_context(agent, call))
        if self._tasks.pop(call.call_id, None):
            del self._agents[call.call_id]
            self._put(ToolDone(agent, call.call_id, call.name, outcome))
