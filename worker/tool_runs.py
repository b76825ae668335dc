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
    """A tool is over, in whatever way. `background`: nobody waited for it."""

    agent: str
    call_id: str
    tool: str
    outcome: Outcome
    background: bool


@dataclass(frozen=True, slots=True)
class ToolSlow:
    """A tool that is waited for still runs after a moment."""

    call_id: str


ToolEvent = ToolDone | ToolSlow


@dataclass(frozen=True, slots=True)
class _Run:
    agent: str
    tool: str
    background: bool
    task: asyncio.Task[None]


class ToolRuns:
    """Starts tools and stops them. `put` gets ToolSlow and ToolDone, the latter once for each start."""

    def __init__(
        self,
        toolboxes: Mapping[str, Toolbox],
        make_context: Callable[[str, llm.FunctionToolCall], CallContext],
        put: Callable[[ToolEvent], None],
    ) -> None:
        self._toolboxes, self._make_context, self._put = toolboxes, make_context, put
        self._runs: dict[str, _Run] = {}

    @property
    def running(self) -> bool:
        return bool(self._runs)

    @property
    def awaited(self) -> bool:
        """Whether one runs that is not in the background."""
        return any(not run.background for run in self._runs.values())

    def what(self, call_id: str) -> tuple[str, str]:
        """Agent and tool of a call that runs; empty when it is over."""
        return (run.agent, run.tool) if (run := self._runs.get(call_id)) else ("", "")

    def start(
        self, agent: str, call_id: str, tool: str, arguments: str, start: Start, *, background: bool = False
    ) -> None:
        """Runs a tool. `background`: nobody waits for it, whatever the tool's own settings say."""
        background = background or self._toolboxes[agent].spec(tool).while_running == "background"
        call = llm.FunctionToolCall(name=tool, arguments=arguments, call_id=call_id)
        task = start(self._run(agent, call))
        self._runs[call_id] = _Run(agent, tool, background, task)
        if not background:
            slow = asyncio.get_running_loop().call_later(FILLER_S, self._put, ToolSlow(call_id))
            task.add_done_callback(lambda _: slow.cancel())

    def cancel(self, call_id: str) -> None:
        """Stops a tool; it counts as failed."""
        if run := self._runs.get(call_id):
            run.task.cancel()
            self._end(call_id, Outcome("It was stopped at the caller's wish.", failed=True))

    async def _run(self, agent: str, call: llm.FunctionToolCall) -> None:
        outcome = await self._toolboxes[agent].run(call, self._make_context(agent, call))
        self._end(call.call_id, outcome)

    def _end(self, call_id: str, outcome: Outcome) -> None:
        if run := self._runs.pop(call_id, None):
            self._put(ToolDone(run.agent, call_id, run.tool, outcome, run.background))
