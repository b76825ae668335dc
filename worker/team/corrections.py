"""What an agent has told as done, and has not done, it takes back at once."""

from agents.orchestrator import Orchestrator
from worker.team.tool_runs import ToolRuns
from worker.turns.replies import Replies


class Corrections:
    """Holds what the caller has heard against what was done, when no tool and no reply runs that may still do it."""

    def __init__(self, orchestrator: Orchestrator, replies: Replies, tools: ToolRuns) -> None:
        self._orchestrator, self._replies, self._tools = orchestrator, replies, tools
        self._said: list[tuple[str, str]] = []  # by whom, and what, as it was heard; not held against anything yet

    def heard(self, agent: str, text: str) -> None:
        """The caller has heard so much of a message."""
        self._said.append((agent, text))

    def watch(self) -> None:
        if self._replies.running or self._tools.running:
            return  # it may be on the way
        said, self._said = self._said, []
        if not self._orchestrator.switching:
            agent = self._orchestrator.agent
            tools = [tool for who, text in said if who == agent for tool in self._orchestrator.unfounded(who, text)]
            if tools:
                self._replies.correct(tools)
