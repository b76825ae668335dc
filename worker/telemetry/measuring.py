"""A call's events become metrics."""

from collections.abc import Collection
from typing import Self

from agents import sub_agent
from agents.loader import tool_name
from agents.spec import TeamSpec
from worker.journal import events as journal
from worker.telemetry.metrics import CallMetrics
from worker.telemetry.timings import Timings


def tool_names(team: TeamSpec) -> frozenset[str]:
    """What models may call, in the names that they call it by."""
    agents = team.agents.values()
    tools = (tool_name(tool) for agent in agents for tool in agent.tools)
    return frozenset([*tools, *(sub_agent.tool_name(use.agent) for agent in agents for use in agent.agents)])


class Measuring:
    """One call's, as long as this worker holds it: a context manager. It is given each event once, from the call's thread.

    `tools` are the names of all tools that the team has.
    """

    def __init__(self, tools: Collection[str]) -> None:
        self._timings, self._metrics = Timings(), CallMetrics(tools)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """One that ended has been closed; one that goes on in another worker is not held here any more."""
        self._metrics.close()

    def take(self, event: journal.JournalEvent) -> None:
        ended = isinstance(event, journal.CallEnded)
        over = list(self._timings.close(event.at) if ended else self._timings.take(event))
        self._metrics.take(event)
        self._metrics.time(over)
