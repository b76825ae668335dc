"""What an agent may call, as the model sees it and as it runs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from livekit.agents import llm

from agents import handoff
from agents.loader import load_tools
from agents.orchestrator import Role
from agents.spec import AgentSpec
from tools.context import CallContext

TIMEOUT_S = 30.0  # a tool that takes longer has failed: the caller hears so


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model is told. `failed`: the tool did not do what it should."""

    output: str
    failed: bool


class Toolbox:
    """One agent's tools and handoffs."""

    def __init__(self, agent: AgentSpec) -> None:
        self._tools = llm.ToolContext(load_tools(agent))
        self._handoffs = agent.handoffs
        self.role = Role(
            tools=frozenset(self._tools.function_tools),
            handoffs=MappingProxyType({to.to: to.announce for to in agent.handoffs}),
        )

    @property
    def schemas(self) -> tuple[Mapping[str, Any], ...]:
        """Functions in the form of OpenAI's Realtime API."""
        handoffs = (
            {
                "type": "function",
                "name": handoff.tool_name(to.to),
                "description": handoff.description(to.when, to.examples, to.announce),
                "parameters": {"type": "object", "properties": {}},
            }
            for to in self._handoffs
        )
        tools = self._tools.function_tools.values()
        return (*(_schema(tool) for tool in tools), *handoffs)

    async def run(self, call: llm.FunctionToolCall, context: CallContext) -> Outcome:
        """Runs a tool. Whatever goes wrong in it is an outcome that the model can speak of."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                result = await llm.execute_function_call(call, self._tools, call_ctx=context)
        except TimeoutError:
            return Outcome(
                f"This takes longer than {TIMEOUT_S:.0f} seconds. Apologise; it may be tried again.", failed=True
            )
        if result.fnc_call_out is None:
            return Outcome("Done.", failed=False)
        return Outcome(result.fnc_call_out.output, failed=result.fnc_call_out.is_error)


def _schema(tool: llm.FunctionTool[..., Any] | llm.RawFunctionTool[..., Any]) -> Mapping[str, Any]:
    if isinstance(tool, llm.RawFunctionTool):
        return {**tool.info.raw_schema, "type": "function"}
    schema = llm.utils.build_legacy_openai_schema(tool, internally_tagged=True)
    return {key: value for key, value in schema.items() if key != "strict"}
