"""What a tool may see of the call it runs in."""

from typing import Any

from livekit.agents import FunctionCall, RunContext

from tools.database import Database


class CallContext(RunContext[None]):
    """Annotate a tool's first parameter with this to get it; the model never sees that parameter.

    `facts` is what the call has established, by any agent; what a tool adds there, others see.
    `idempotency_key` names this decision of the model: a write that is stored with it happens once.
    """

    def __init__(
        self, *, call: str, agent: str, function_call: FunctionCall, database: Database, facts: dict[str, Any]
    ) -> None:
        # RunContext's own initialiser wants the framework's session, which a call has not; what
        # `execute_function_call` reads of a context is these two.
        self._function_call = function_call
        self._updates = []
        self.call, self.agent, self.database, self.facts = call, agent, database, facts
        self.idempotency_key = f"{call}:{function_call.call_id}"
