"""What a team's own functions have to tell the caller when no agent can go on."""

import asyncio
import logging
from collections.abc import Callable

from livekit.agents import llm
from livekit.agents.utils import shortuuid

from agents.loader import load_promise
from agents.spec import TeamSpec
from tools.context import CallContext
from worker.gate.guard import Finding
from worker.journal import events as journal
from worker.team.tool_runs import Tell, ToolEvent, ToolTold

logger = logging.getLogger(__name__)

PROMISE_S = 8.0  # so long such a function may take


class Promises:
    """Asks them as tools are run, in the name of the present agent: the journal has what they did and said."""

    def __init__(
        self,
        team: TeamSpec,
        make_context: Callable[[str, llm.FunctionToolCall, Tell], CallContext],
        *,
        present: Callable[[], str],
        record: Callable[[journal.JournalEvent], None],
        put: Callable[[ToolEvent], None],
    ) -> None:
        self._team = team
        self._make_context, self._present, self._record, self._put = make_context, present, record, put

    async def unreachable(self) -> str | None:
        """No model can be reached: what the caller is told, if there is anything. It is asked once a call."""
        return await self._ask(self._team.when_unreachable, "when_unreachable")

    async def person_needed(self, _: Finding) -> str | None:
        """A person is called: what the caller is told of that, if there is anything."""
        return await self._ask(self._team.when_person_needed, shortuuid("person_"))

    async def _ask(self, path: str | None, call_id: str) -> str | None:
        """What the function at `path` has to tell the caller; None when there is none, or it has failed."""
        if not path:
            return None
        agent, tool = self._present(), path.rpartition(".")[2]
        call = llm.FunctionToolCall(name=tool, arguments="{}", call_id=call_id)
        context = self._make_context(agent, call, lambda thing: self._put(ToolTold(agent, call_id, tool, thing)))
        self._record(journal.ToolCalled(agent=agent, call_id=call_id, tool=tool, arguments={}))
        promised, failure = None, ""
        try:
            async with asyncio.timeout(PROMISE_S):
                promised = await load_promise(path)(context)
            if not isinstance(promised, str | None):
                raise TypeError(f"{path} returns no sentence")
        except Exception as error:  # whatever it is, the caller hears the sentence that always holds
            logger.warning("%s has failed: %s", path, type(error).__name__)
            promised, failure = None, f"It failed: {type(error).__name__}."
        output = failure or promised or ""
        self._record(journal.ToolFinished(agent=agent, call_id=call_id, tool=tool, output=output, failed=bool(failure)))
        return promised
