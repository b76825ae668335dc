"""When a tool that takes its time is spoken of."""

import asyncio
from collections.abc import Mapping

from livekit.agents import function_tool, llm

from agents.spec import AgentSpec
from agents.tool_spec import ToolSpec
from tests.virtual_time import virtual_time
from tools.card import Card
from tools.context import CallContext, ProgressMade
from tools.database import Database
from worker.background import background
from worker.team.tool_runs import FILLER_S, PROGRESS_S, Tell, ToolDone, ToolEvent, ToolRuns, ToolSlow, ToolTold
from worker.team.toolbox import Toolbox


@function_tool
async def count(context: CallContext, seconds: int) -> str:
    """Count the seconds aloud."""
    for second in range(seconds):
        context.progress(f"{second} of {seconds}")
        await asyncio.sleep(1)
    context.show(Card(title="Counted"))
    return "counted"


@function_tool
async def elsewhere(context: CallContext) -> str:
    """Work in a thread."""
    await asyncio.to_thread(context.progress, "in a thread")
    await asyncio.sleep(0)
    return "done"


class Stage:
    """Tools that run, and what became of them, by the second."""

    def __init__(self, **options: str) -> None:
        tools = tuple(ToolSpec(tool=f"tests.test_tool_runs.{name}", **options) for name in ("count", "elsewhere"))  # type: ignore[arg-type]
        boxes: Mapping[str, Toolbox] = {"a": Toolbox(AgentSpec(name="a", instructions="x", tools=tools))}
        self.runs = ToolRuns(boxes, self._context, self._put)
        self.happened: list[tuple[float, ToolEvent]] = []
        self.heard: list[tuple[float, str]] = []
        self.done = asyncio.Event()

    def _context(self, agent: str, call: llm.FunctionToolCall, tell: Tell) -> CallContext:
        database = Database("sqlite+aiosqlite://")
        return CallContext(call="c", agent=agent, decision=call.call_id, database=database, facts={}, tell=tell)

    def _put(self, event: ToolEvent) -> None:
        now = asyncio.get_running_loop().time()
        self.happened.append((now, event))
        if isinstance(event, ToolSlow):
            self.heard.append((now, self.runs.sentence()))
        if isinstance(event, ToolDone):
            self.done.set()

    def only(self, kind: type[ToolEvent]) -> list[ToolEvent]:
        return [event for _, event in self.happened if isinstance(event, kind)]


@virtual_time
async def test_given_a_tool_that_tells_how_it_goes_then_the_latest_is_due_after_a_moment_and_now_and_then() -> None:
    stage = Stage()
    async with background() as start:
        stage.runs.start("a", "1", "count", '{"seconds": 8}', start)
        await asyncio.sleep(30)
    due = [FILLER_S, FILLER_S + PROGRESS_S]
    assert stage.heard == [(due[0], "1 of 8"), (due[1], "5 of 8")]
    assert len([event for event in stage.only(ToolTold) if isinstance(event.thing, ProgressMade)]) == 8  # type: ignore[union-attr]
    kinds = [type(event) for _, event in stage.happened][-2:]
    assert kinds == [ToolTold, ToolDone], "a card is there before the tool is over"


@virtual_time
async def test_given_a_tool_that_is_quick_or_in_the_background_then_nobody_hears_how_it_goes() -> None:
    quick, behind = Stage(), Stage(while_running="background")
    async with background() as start:
        quick.runs.start("a", "1", "count", '{"seconds": 1}', start)
        behind.runs.start("a", "2", "count", '{"seconds": 5}', start)
        await asyncio.sleep(30)
    assert quick.heard == behind.heard == []


@virtual_time
async def test_given_a_call_that_ends_then_nothing_comes_of_its_tools() -> None:
    stage = Stage()
    async with background() as start:
        stage.runs.start("a", "1", "count", '{"seconds": 60}', start)
        await asyncio.sleep(0.5)
    before = len(stage.happened)
    await asyncio.sleep(30)
    assert len(stage.happened) == before


async def test_given_a_tool_that_works_in_a_thread_then_what_it_tells_arrives_on_the_calls_loop() -> None:
    stage = Stage()
    async with background() as start:
        stage.runs.start("a", "1", "elsewhere", "{}", start)
        await stage.done.wait()
    assert [type(event) for _, event in stage.happened] == [ToolTold, ToolDone]
