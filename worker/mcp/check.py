"""What is wrong with a team's MCP servers, as sentences: found by asking them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from agents.spec import TeamSpec
from agents.team_file import line_of, read_with_lines
from worker.mcp.servers import McpServers


def check(path: Path, team: TeamSpec, variables: Mapping[str, str]) -> list[str]:
    """The problems, none when all is good. Starts the servers, or connects to them, and ends that again."""
    root = read_with_lines(path)[1]
    with McpServers(team.mcp, variables) as servers:
        away = [
            f"{path}:{line_of(root, ['mcp', name])}: mcp.{name}: this server cannot be used: {trouble}."
            for name in team.mcp
            if (trouble := servers.trouble(name))
        ]
        return [
            *away,
            *(
                f"{path}:{line_of(root, ['agents', agent.name, *key.split('.')])}: agent {agent.name!r}, {key}: {problem}"
                for agent in team.agents.values()
                for number, tool in enumerate(agent.tools)
                if tool.mcp
                for key in [f"tools.{number}.mcp"]
                for problem in _of_tool(servers, tool.mcp)
            ),
        ]


def _of_tool(servers: McpServers, ref: str) -> Iterator[str]:
    server, _, name = ref.partition(".")
    if servers.trouble(server):
        return
    tools = servers.tools(server)
    if name not in tools:
        yield f"server {server!r} has no tool {name!r}. It has: {', '.join(sorted(tools)) or 'none'}."
    elif not tools[name].description:
        yield f"tool {name!r} of server {server!r} has no description; the model reads there when to call it."
