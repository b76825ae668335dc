"""Agents without a voice: an agent who holds the call asks them like tools, and a text model works for the answer."""

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from livekit.agents import APIConnectOptions, APIError, APIStatusError, FunctionCall, ToolError, function_tool, llm
from livekit.agents.utils import shortuuid

from agents import context, sub_agent
from agents.spec import AgentSpec, TeamSpec
from agents.tool_spec import SubAgentSpec
from tools.context import CallContext
from worker.journal import events as journal
from worker.mcp.servers import McpServers
from worker.team.text_models import TextModel
from worker.team.toolbox import Asked, Check, Outcome, Toolbox

logger = logging.getLogger(__name__)

_SILENT_S = 30.0  # without a sign of life from a model
_ONE_TRY = APIConnectOptions(max_retry=0, timeout=_SILENT_S)  # the framework's own retries log what a provider says
_FOUND_LONGEST = 300  # characters of a result that are told when there is no answer
_NO_MORE = "Not done: no tool call is left. Answer with what you know."
_STOPPED = "It was stopped before it was done."

Record = Callable[[journal.JournalEvent], None]
_Decision = tuple[str, str, str]  # agent, tool and arguments: the same ones are the same wish
_Written = dict[_Decision, Outcome]


class SubAgents:
    """The sub-agents of one call. `models` names what each thinks with, `record` is the call's journal."""

    def __init__(
        self,
        team: TeamSpec,
        models: Mapping[str, TextModel],
        today: str,
        record: Record,
        mcp: McpServers | None = None,
        check: Check | None = None,
    ) -> None:
        self._check = check
        self._team, self._models, self._today, self._record, self._mcp = team, models, today, record, mcp
        self._open: dict[TextModel, llm.LLM[Any]] = {}
        self._written: _Written = {}

    def caller_spoke(self) -> None:
        """The caller took a turn: what is written from now on is another wish, even if it is the same."""
        self._written = {}

    def asked_by(self, agent: AgentSpec) -> list[Asked]:
        """An agent's sub-agents, as tools of its own."""
        return [self._asked(use) for use in agent.agents]

    async def aclose(self) -> None:
        """Closes the connections to models."""
        for model in self._open.values():
            await model.aclose()

    async def look(self, name: str, pictures: Sequence[bytes], asked: CallContext, within_s: float) -> str:
        """What is on JPEGs, in the words of a sub-agent whose model sees. Raises NoAnswer."""
        agent = self._team.agents[name]
        toolbox = Toolbox(agent, asked=self.asked_by(agent), mcp=self._mcp, check=self._check)
        timeout_s = min(agent.timeout_s, within_s)
        run = _Run(agent, toolbox, self._model(name), asked, timeout_s, {}, self._record)
        urls = [f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}" for picture in pictures]
        images = [llm.ImageContent(image=url) for url in urls]
        return await run.work(sub_agent.told_to_look(agent.instructions), [sub_agent.LOOK, *images])

    def _asked(self, use: SubAgentSpec) -> Asked:
        agent = self._team.agents[use.agent]
        toolbox = Toolbox(agent, asked=self.asked_by(agent), mcp=self._mcp, check=self._check)
        timeout_s = use.timeout_s or agent.timeout_s

        async def ask(raw_arguments: dict[str, object], context: CallContext) -> str:
            told = self._told(agent, context.facts)
            run = _Run(agent, toolbox, self._model(agent.name), context, timeout_s, self._written, self._record)
            return await run.answer(told, str(raw_arguments.get(sub_agent.REQUEST) or ""))

        schema = sub_agent.schema(agent.name, agent.description or "")
        return Asked(function_tool(ask, raw_schema=schema), use, self._team.writes(agent.name))

    def _told(self, agent: AgentSpec, facts: Mapping[str, Any]) -> str:
        known = context.state(facts, ())
        return "\n\n".join(filter(None, (context.told(sub_agent.told(agent.instructions), self._today), known)))

    def _model(self, agent: str) -> llm.LLM[Any]:
        wanted = self._models[agent]
        if wanted not in self._open:
            self._open[wanted] = wanted.open()
        return self._open[wanted]


class NoAnswer(Exception):
    """Why a request is given up, as the end of a sentence."""


class _InnerContext(CallContext):
    """What a sub-agent's tool may see. `deadline` ends all that is below, `done` is what has changed the world so far."""

    def __init__(
        self,
        asked: CallContext,
        agent: str,
        call: llm.FunctionToolCall,
        deadline: float,
        written: _Written,
        done: list[str],
    ) -> None:
        super().__init__(
            call=asked.call,
            agent=agent,
            decision=call.call_id,
            database=asked.database,
            facts=asked.facts,
            caller=asked.caller,
            tell=asked._tell,
        )
        self.deadline, self.written, self.done = deadline, written, done


class _Run:
    """One request to a sub-agent, from the question to the answer."""

    def __init__(
        self,
        agent: AgentSpec,
        toolbox: Toolbox,
        model: llm.LLM[Any],
        asked: CallContext,
        timeout_s: float,
        written: _Written,
        record: Record,
    ) -> None:
        self._agent, self._toolbox, self._model, self._asked, self._record = agent, toolbox, model, asked, record
        self._timeout_s, self._deadline = timeout_s, _now() + timeout_s
        self._written, self._done = written, list[str]()
        if isinstance(asked, _InnerContext):
            self._deadline = min(self._deadline, asked.deadline)
            self._written, self._done = asked.written, asked.done
        self._found: list[str] = []
        self._ids = set[str]()
        self._calls = self._replies = 0
        self._input = self._cached = self._output = 0
        self._failed = False

    async def answer(self, told: str, request: str) -> str:
        """Raises ToolError, for the calling agent's model, when there is no answer."""
        try:
            return await self.work(told, [request])
        except NoAnswer as why:
            raise ToolError(self._excuse(str(why))) from None

    async def work(self, told: str, request: list[llm.ChatContent]) -> str:
        """The same of a request that may have pictures in it. Raises NoAnswer."""
        chat = llm.ChatContext.empty()
        chat.add_message(role="system", content=told)
        chat.add_message(role="user", content=request)
        try:
            return await self._work(chat)
        finally:
            if self._input or self._output:
                self._record(
                    journal.ModelUsed(
                        agent=self._agent.name,
                        call_id=self._asked.decision,
                        model=self._model.model,
                        replies=self._replies,
                        input_tokens=self._input,
                        cached_tokens=self._cached,
                        output_tokens=self._output,
                    )
                )

    async def _work(self, chat: llm.ChatContext) -> str:
        budget = self._agent.budget
        for step in range(1, budget.steps + 1):
            may_call = step < budget.steps and self._calls < budget.tool_calls
            reply = await self._think(chat, "auto" if may_call else "none")
            if reply is None:
                continue
            if reply.text and not (reply.tool_calls and may_call):
                return reply.text
            if budget.tokens and self._input + self._output >= budget.tokens:
                raise NoAnswer("it has used up its tokens")
            if step < budget.steps:
                await self._use_tools(chat, reply)
        raise NoAnswer(f"it came to no end in {budget.steps} steps")

    async def _think(self, chat: llm.ChatContext, choice: Literal["auto", "none"]) -> llm.CollectedResponse | None:
        """The model's next reply; None for a fault that may pass. The second in a row ends the request."""
        too_late = f"it has taken longer than {self._timeout_s:.0f} seconds"
        if _now() >= self._deadline:
            raise NoAnswer(too_late)
        try:
            async with asyncio.timeout_at(self._deadline):
                stream = self._model.chat(
                    chat_ctx=chat, tools=self._toolbox.tools, tool_choice=choice, conn_options=_ONE_TRY
                )
                reply = await stream.collect()
        except TimeoutError:
            raise NoAnswer(too_late) from None
        except APIError as error:
            self._warn(_kind(error))
            if self._failed or not _may_pass(error):
                raise NoAnswer(f"its model fails ({_kind(error)})") from None
            self._failed = True
            return None
        self._replies += 1
        if usage := reply.usage:
            self._input += usage.prompt_tokens
            self._cached += usage.prompt_cached_tokens
            self._output += usage.completion_tokens
        empty = not (reply.text or reply.tool_calls)
        if empty and self._failed:
            raise NoAnswer("its model says nothing")
        self._failed = empty
        return None if empty else reply

    async def _use_tools(self, chat: llm.ChatContext, reply: llm.CollectedResponse) -> None:
        """Runs what a reply asks for, all at once, and tells the model what came of it."""
        calls = [self._tidy(call) for call in reply.tool_calls]
        outcomes = await self._run_all(calls)
        group = shortuuid("item_")
        if reply.text:
            chat.add_message(role="assistant", content=reply.text, id=group, extra=reply.extra)
        for call in calls:
            arguments = "{}" if _parsed(call.arguments) is None else call.arguments  # a history of less is refused
            called = FunctionCall(call_id=call.call_id, name=call.name, arguments=arguments, group_id=group)
            called.extra = call.extra or {}
            chat.items.append(called)
        for call, outcome in zip(calls, outcomes, strict=True):
            chat.items.append(
                llm.FunctionCallOutput(
                    call_id=call.call_id, name=call.name, output=outcome.output, is_error=outcome.failed
                )
            )

    async def _run_all(self, calls: Sequence[llm.FunctionToolCall]) -> list[Outcome]:
        """At the deadline reads are stopped; what writes is waited for, so that nobody has to guess what became of it."""
        running: dict[_Decision, asyncio.Task[Outcome]] = {}
        async with asyncio.TaskGroup() as group:
            for call in calls:
                spent = self._calls >= self._agent.budget.tool_calls
                if (decision := self._decision(call)) in running or decision in self._written or spent:
                    continue
                self._calls += 1
                running[decision] = group.create_task(self._run_one(call, self._calls))
            if running:
                await asyncio.wait(running.values(), timeout=max(0.0, self._deadline - _now()))
                for (_, tool, _), task in running.items():
                    if not self._writes(tool):
                        task.cancel()
        return [self._outcome(self._decision(call), running) for call in calls]

    def _outcome(self, decision: _Decision, ran: Mapping[_Decision, "asyncio.Task[Outcome]"]) -> Outcome:
        if task := ran.get(decision):
            return Outcome(_STOPPED, failed=True) if task.cancelled() else task.result()
        return self._written.get(decision) or Outcome(_NO_MORE, failed=True)

    async def _run_one(self, call: llm.FunctionToolCall, number: int) -> Outcome:
        parent = self._asked.decision
        decision = self._decision(call)
        # counted by us: endpoints exist that begin anew with each reply, and the key of a write is made of this
        call = call.model_copy(update={"call_id": f"{parent}/{number}"})
        inner = _InnerContext(self._asked, self._agent.name, call, self._deadline, self._written, self._done)
        at: dict[str, Any] = {"agent": self._agent.name, "call_id": call.call_id, "tool": call.name, "parent": parent}
        arguments = _parsed(call.arguments)
        readable = {"unreadable": call.arguments} if arguments is None else arguments
        self._record(journal.ToolCalled(**at, arguments=readable))
        outcome = Outcome(_STOPPED, failed=True)
        try:
            outcome = await self._toolbox.run(call, inner)
        finally:
            self._record(journal.ToolFinished(**at, output=outcome.output, failed=outcome.failed))
        if outcome.failed:
            return outcome
        if self._writes(call.name) and not self._toolbox.asks(call.name):  # a sub-agent has noted what it has done
            self._written[decision] = outcome
            self._done.append(outcome.output[:_FOUND_LONGEST])
        else:
            self._found.append(outcome.output[:_FOUND_LONGEST])
        return outcome

    def _decision(self, call: llm.FunctionToolCall) -> _Decision:
        return self._agent.name, call.name, call.arguments

    def _writes(self, tool: str) -> bool:
        rules = self._toolbox.role.tools.get(tool)
        return rules is not None and rules.writes

    def _tidy(self, call: llm.FunctionToolCall) -> llm.FunctionToolCall:
        """With arguments that are equal for equal values, and an id unlike the others: it ties the result to the call."""
        if (arguments := _parsed(call.arguments)) is not None:
            call = call.model_copy(update={"arguments": json.dumps(arguments, sort_keys=True)})
        if not call.call_id or call.call_id in self._ids:
            call = call.model_copy(update={"call_id": shortuuid("call_")})
        self._ids.add(call.call_id)
        return call

    def _excuse(self, why: str) -> str:
        told = [f"{self._agent.name.replace('_', ' ')} has no answer: {why}."]
        if self._done:
            told.append(f"But this has been done, and is not to be done again: {' '.join(self._done)}")
        if self._found:
            told.append(f"This has been found: {' '.join(self._found)}")
        if not (self._done or self._found):
            told.append("Apologise; it may be asked again.")
        return " ".join(told)

    def _warn(self, what: str) -> None:
        logger.warning("call %s: the model of sub-agent %s: %s", self._asked.call, self._agent.name, what)


def _kind(error: APIError) -> str:
    """What went wrong, without what was said: a provider's message may quote it."""
    return f"status {error.status_code}" if isinstance(error, APIStatusError) else type(error).__name__


def _may_pass(error: APIError) -> bool:
    """Whether another try at once may help: a connection that was kept too long, a server that stumbled; no quota."""
    return error.retryable and not (isinstance(error, APIStatusError) and error.status_code == 429)


def _parsed(arguments: str) -> dict[str, Any] | None:
    """None for what cannot be mended to a JSON object."""
    try:
        return llm.utils.parse_function_arguments(arguments or "{}")
    except ValueError:
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()
