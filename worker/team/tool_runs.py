"""The tools that run while people talk."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from livekit.agents import llm

from tools.context import CallContext, ProgressMade, Told
from worker.background import Start
from worker.team.toolbox import Outcome, Toolbox

FILLER_S = 1.5  # nobody likes to wait longer without a word
PROGRESS_S = 4.0  # between two sentences of how it goes: a tool may count, the caller shall not have to listen to it


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
    """A tool that is waited for still runs, and it is time for a word."""

    call_id: str


@dataclass(frozen=True, slots=True)
class ToolTold:
    """A tool has told something while it runs."""

    agent: str
    call_id: str
    tool: str
    thing: Told


ToolEvent = ToolDone | ToolSlow | ToolTold
Tell = Callable[[Told], None]


@dataclass(slots=True)
class _Run:
    agent: str
    tool: str
    background: bool
    task: asyncio.Task[None] | None = None
    reminder: asyncio.TimerHandle | None = None  # when it is time for a word
    quiet_until: float = 0.0  # loop time
    sentence: str = ""  # how it goes, as long as nobody has been told

    def forget(self) -> None:
        if self.reminder:
            self.reminder.cancel()


class ToolRuns:
    """Starts tools and stops them. `put` gets ToolSlow, ToolTold, and ToolDone: the latter once for each start."""

    def __init__(
        self,
        toolboxes: Mapping[str, Toolbox],
        make_context: Callable[[str, llm.FunctionToolCall, Tell], CallContext],
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

    @property
    def reminds(self) -> bool:
        """Whether ToolSlow is still to come."""
        return any(run.reminder for run in self._runs.values())

    @property
    def spoken_over(self) -> bool:
        """Whether the caller may hear a word while they wait."""
        waits = (run for run in self._runs.values() if not run.background)
        return all(self._toolboxes[run.agent].spec(run.tool).while_running == "filler" for run in waits)

    def what(self, call_id: str) -> tuple[str, str]:
        """Agent and tool of a call that runs; empty when it is over."""
        return (run.agent, run.tool) if (run := self._runs.get(call_id)) else ("", "")

    @property
    def untold(self) -> bool:
        """Whether a tool that the caller waits for has told how it goes, and they have not heard it."""
        return self._telling is not None

    def sentence(self) -> str:
        """How it goes, each sentence once; empty if no tool has told."""
        if run := self._telling:
            told, run.sentence = run.sentence, ""
            return told
        return ""

    @property
    def _telling(self) -> _Run | None:
        told = (run for run in self._runs.values() if run.sentence)
        return next((run for run in told if self._toolboxes[run.agent].spec(run.tool).while_running == "filler"), None)

    def start(
        self, agent: str, call_id: str, tool: str, arguments: str, start: Start, *, background: bool = False
    ) -> None:
        """Runs a tool. `background`: nobody waits for it, whatever the tool's own settings say."""
        background = background or self._toolboxes[agent].spec(tool).while_running == "background"
        call = llm.FunctionToolCall(name=tool, arguments=arguments, call_id=call_id)
        run = self._runs[call_id] = _Run(agent, tool, background)
        loop, thread = asyncio.get_running_loop(), threading.get_ident()

        def tell(thing: Told) -> None:
            if threading.get_ident() == thread:
                self._told(call_id, run, thing)
            else:  # of a tool that works in a thread, or of a server's connection
                loop.call_soon_threadsafe(self._told, call_id, run, thing)

        run.task = start(self._run(agent, call, tell))
        if not background:
            self._remind(call_id, run, FILLER_S)
            run.task.add_done_callback(lambda _: run.forget())

    def cancel(self, call_id: str) -> None:
        """Stops a tool; it counts as failed."""
        if (run := self._runs.get(call_id)) and run.task:
            run.task.cancel()
            self._end(call_id, Outcome("It was stopped at the caller's wish.", failed=True))

    async def _run(self, agent: str, call: llm.FunctionToolCall, tell: Tell) -> None:
        outcome = await self._toolboxes[agent].run(call, self._make_context(agent, call, tell))
        self._end(call.call_id, outcome)

    def _end(self, call_id: str, outcome: Outcome) -> None:
        if run := self._runs.pop(call_id, None):
            self._put(ToolDone(run.agent, call_id, run.tool, outcome, run.background))

    def _told(self, call_id: str, run: _Run, thing: Told) -> None:
        self._put(ToolTold(run.agent, call_id, run.tool, thing))
        if isinstance(thing, ProgressMade) and call_id in self._runs and not run.background:
            run.sentence = thing.sentence
            if run.reminder is None:
                self._remind(call_id, run, max(0.0, run.quiet_until - asyncio.get_running_loop().time()))

    def _remind(self, call_id: str, run: _Run, after_s: float) -> None:
        loop = asyncio.get_running_loop()

        def now() -> None:
            run.reminder, run.quiet_until = None, loop.time() + PROGRESS_S
            self._put(ToolSlow(call_id))

        run.reminder = loop.call_later(after_s, now)
