"""What a team is about, as sentences: what its instructions, tools and handoffs say that callers say."""

import re
from collections.abc import Iterator

from agents.loader import load_tool
from agents.spec import AgentSpec, TeamSpec

_QUOTED = re.compile(r'"([^"\n]{4,200})"')
_SENTENCE = re.compile(r"[^.!?\n]{8,200}[.!?]")


def matter(team: TeamSpec) -> tuple[str, ...]:
    """Each sentence once. All agents together: who speaks to the wrong one is not off topic."""
    return tuple(dict.fromkeys(one.strip() for agent in team.agents.values() for one in _of_agent(agent)))


def _of_agent(agent: AgentSpec) -> Iterator[str]:
    for to in agent.handoffs:
        yield to.when
        yield from to.examples
    for tool in agent.tools:
        if tool.tool:
            told = load_tool(tool.tool).info.description or ""
            yield from _QUOTED.findall(told)
            yield from _SENTENCE.findall(told.partition("Examples:")[0])
    for line in agent.instructions.splitlines():
        yield from _QUOTED.findall(line) or _SENTENCE.findall(line)
