"""A call's events become metrics, and spans where somebody wants these."""

import time
from collections.abc import Callable, Collection
from typing import Self

from opentelemetry.trace import Tracer

from agents import sub_agent
from agents.loader import tool_name
from agents.spec import TeamSpec
from worker.journal import events as journal
from worker.telemetry.metrics import CallMetrics
from worker.telemetry.spans import CallSpans
from worker.telemetry.timings import Timings


def tool_names(team: TeamSpec) -> frozenset[str]:
    """What models may call, in the names that they call it by."""
    agents = team.agents.values()
    tools = (tool_name(tool) for agent in agents for tool in agent.tools)
    return frozenset([*tools, *(sub_agent.tool_name(use.agent) for agent in agents for use in agent.agents)])


class Measuring:
    """One call's, as long as this worker holds it: a context manager. It is given each event once, from the call's thread.

    `tools` are the names of all tools that the team has. Without a `tracer`, there are no spans.
    """

    def __init__(
        self, call: str, tools: Collection[str], tracer: Tracer | None, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._timings, self._metrics = Timings(), CallMetrics(tools)
        self._spans = CallSpans(tracer, call, tools, now_ns) if tracer else None
        self._last_ms = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """One that ended has been closed; one that goes on in another worker is not held here any more."""
        self._metrics.close()
        if self._spans:
            self._spans.time(self._timings.close(self._last_ms))
            self._spans.close(self._last_ms)

    def take(self, event: journal.JournalEvent) -> None:
        self._last_ms = event.at
        ended = isinstance(event, journal.CallEnded)
        over = list(self._timings.close(event.at) if ended else self._timings.take(event))
        self._metrics.take(event)
        self._metrics.time(over)
        if self._spans:
            self._spans.take(event)
            self._spans.time(over)
            if ended:
                self._spans.close(event.at)
