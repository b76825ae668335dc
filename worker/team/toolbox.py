"""What an agent may call, as the model sees it and as it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from livekit.agents import function_tool, llm

from agents import facts, handoff, plan
from agents.loader import load_predicate, load_tools, tool_name
from agents.orchestrator import NOTE, STOP
from agents.recording import CONSENT
from agents.roles import HandoffRules, Role, ToolRules
from agents.spec import AgentSpec, FactSpec
from agents.tasks import Task
from agents.tool_spec import SubAgentSpec, ToolSpec
from tools.context import CallContext
from worker.mcp.servers import McpServers

Schema = Mapping[str, Any]

_PLAN = (
    "When the caller wants several things at once: list them in the order they are to be done, each with the agent who "
    "does it; one that you ask yourself works on it while you talk. Call it again with all that is still to be done when "
    "the caller adds, drops or reorders a wish. Say in a few words that you deal with one after the other."
)
_SETTLE = (
    "The wish you deal with is settled, or the caller has dropped it. "
    "First say what came of it, then call this in the same reply."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model is told. `failed`: the tool did not do what it should."""

    output: str
    failed: bool


Check = Callable[[str, llm.FunctionToolCall], Awaitable[llm.FunctionToolCall | Outcome]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A sub-agent as a tool, which ends by itself in time. `writes`: it changes the world, or one below it does."""

    tool: llm.RawFunctionTool[..., Any]
    spec: SubAgentSpec
    writes: bool

    @property
    def rules(self) -> ToolRules:
        stoppable = not self.writes and self.spec.while_running != "wait"
        return ToolRules(writes=self.writes, stoppable=stoppable, asks=self.spec.agent)


class Toolbox:
    """One agent's tools and handoffs. `facts` are the team's: those that the agent collects, it may note.

    Consent to be recorded, any agent may: the caller may take it back at any time.

    `team` names all agents who take callers: whom a plan may give a wish to. `asked` are the agent's sub-agents. `mcp` is
    needed where a tool is one of an MCP server. `check` is asked before a call is made: which it shall be, or why none.
    """

    def __init__(
        self,
        agent: AgentSpec,
        facts: Mapping[str, FactSpec] | None = None,
        team: Sequence[str] = (),
        asked: Sequence[Asked] = (),
        mcp: McpServers | None = None,
        check: Check | None = None,
    ) -> None:
        self._agent, self._check = agent.name, check
        self._asked = {one.tool.info.name: one for one in asked}
        self._mcp = mcp
        self._specs = {tool_name(spec): spec for spec in agent.tools}
        self._remote = {name: spec.mcp for name, spec in self._specs.items() if spec.mcp}
        remote = [tool for name, ref in self._remote.items() if mcp and (tool := _remote(mcp, name, ref))]
        self._tools = llm.ToolContext([*load_tools(agent), *remote, *(one.tool for one in asked)])
        names = {spec.ref: name for name, spec in self._specs.items()}
        confirmed = {task.tool for task in agent.tasks if task.confirm}
        rules = {name: _rules(spec, confirmed) for name, spec in self._specs.items()}
        self.role = Role(
            tools=MappingProxyType({**rules, **{name: one.rules for name, one in self._asked.items()}}),
            handoffs=MappingProxyType(
                {
                    to.to: HandoffRules(to.announce, to.share, load_predicate(to.unless) if to.unless else None)
                    for to in agent.handoffs
                }
            ),
            tasks=tuple(
                Task(
                    task.id,
                    task.collect,
                    task.after,
                    load_predicate(task.done_when) if task.done_when else None,
                    names[task.tool] if task.tool else None,
                )
                for task in agent.tasks
            ),
            notes=(CONSENT,) if CONSENT in (facts or {}) else (),
        )
        collected = dict.fromkeys([*(name for task in agent.tasks for name in task.collect), *self.role.notes])
        self._schemas = {
            **{name: _schema(tool) for name, tool in self._tools.function_tools.items()},
            NOTE: _note({name: (facts or {})[name] for name in collected}),
            STOP: _function(STOP, "Stop what still runs, when the caller does not want it any more."),
            plan.MAKE: _function(
                plan.MAKE, _PLAN, plan.schema([*team, *(use.agent for use in agent.agents)], agent.name)
            ),
            plan.SETTLE: _function(plan.SETTLE, _SETTLE, {"outcome": {"type": "string", "enum": ["done", "dropped"]}}),
            **{
                handoff.tool_name(to.to): _function(
                    handoff.tool_name(to.to), handoff.description(to.when, to.examples, to.announce)
                )
                for to in agent.handoffs
            },
        }

    @property
    def tools(self) -> list[llm.Tool]:
        """The tools themselves, handoffs apart."""
        return self._tools.flatten()

    def asks(self, tool: str) -> bool:
        """Whether a tool is a sub-agent."""
        return tool in self._asked

    def spec(self, tool: str) -> ToolSpec | SubAgentSpec:
        """How a tool runs beside the conversation."""
        return self._asked[tool].spec if tool in self._asked else self._specs[tool]

    def schemas(self, offered: Set[str]) -> tuple[Schema, ...]:
        """The functions that are offered, in the form of OpenAI's Realtime API."""
        live = {name: self._mcp.schema(ref) for name, ref in self._remote.items() if self._mcp}  # it may have come
        return tuple(
            {**schema, **(live.get(name) or {})}
            for name, schema in self._schemas.items()
            if name in offered and live.get(name, schema)
        )

    async def run(self, call: llm.FunctionToolCall, context: CallContext) -> Outcome:
        """Runs a tool. Whatever goes wrong in it is an outcome that the model can speak of."""
        if call.name not in self.role.tools:
            return Outcome(f"There is no tool {call.name!r}.", failed=True)
        if self._check:
            checked = await self._check(self._agent, call)
            if isinstance(checked, Outcome):
                return checked
            call = checked
        timeout_s = None if call.name in self._asked else self._specs[call.name].timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                result = await llm.execute_function_call(call, self._tools, call_ctx=context)
        except TimeoutError:
            return Outcome(
                f"This takes longer than {timeout_s:.0f} seconds. Apologise; it may be tried again.", failed=True
            )
        if result.fnc_call_out is None:
            return Outcome("Done.", failed=False)
        return Outcome(result.fnc_call_out.output, failed=result.fnc_call_out.is_error)


def _remote(mcp: McpServers, name: str, ref: str) -> llm.RawFunctionTool[..., Any] | None:
    """A tool of an MCP server; None when the server has not got it."""

    async def ask(raw_arguments: dict[str, object], context: CallContext) -> str:
        return await mcp.call(ref, raw_arguments, context.progress)

    schema = mcp.schema(ref)
    return function_tool(ask, raw_schema={"name": name, **schema}) if schema else None


def _rules(spec: ToolSpec, confirmed: Set[str | None]) -> ToolRules:
    writes = spec.effect == "write"
    return ToolRules(
        confirm=spec.confirm or spec.ref in confirmed,
        writes=writes,
        stoppable=not writes and spec.while_running != "wait",
        claims=spec.claims,
        keyed=spec.keyed,
    )


def _schema(tool: llm.FunctionTool[..., Any] | llm.RawFunctionTool[..., Any]) -> Schema:
    return {**tool.info.raw_schema, "type": "function"} if isinstance(tool, llm.RawFunctionTool) else _described(tool)


@cache
def _described(tool: llm.FunctionTool[..., Any]) -> Schema:
    """Made once for all calls: a millisecond of pydantic's a tool, while a caller waits to be greeted."""
    schema = llm.utils.build_legacy_openai_schema(tool, internally_tagged=True)
    return {key: value for key, value in schema.items() if key != "strict"}


def _note(collected: Mapping[str, FactSpec]) -> Schema:
    described = "Note what the caller has told, as soon as it is known or corrected. Leave out what is not known."
    return _function(NOTE, described, {name: facts.schema(spec) for name, spec in collected.items()})


def _function(name: str, description: str, properties: Mapping[str, Any] = MappingProxyType({})) -> Schema:
    parameters = {"type": "object", "properties": dict(properties)}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}
