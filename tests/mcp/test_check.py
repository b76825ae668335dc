import sys
from pathlib import Path

import pytest

from agents.loader import load_team
from tests.mcp.test_servers import ROOT
from worker.mcp.check import check

pytestmark = pytest.mark.system

TEAM = """team: t
start: a
mcp:
  shelf: {{command: [{python}, {root}/tests/mcp/server.py]}}
  away: {{url: "http://127.0.0.1:9/mcp", headers: {{Authorization: "${{SECRET}}"}}}}
agents:
  a:
    instructions: Be kind.
    tools:
      - {{mcp: shelf.add}}
      - {{mcp: shelf.serch}}
      - {{mcp: shelf.nameless}}
      - {{mcp: away.find}}
"""


def test_given_servers_then_what_is_wrong_with_them_is_told_by_line_agent_and_value(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM.format(python=sys.executable, root=ROOT))
    team = load_team(path)
    every = "add, covers, find_book, lend, nameless, wait, whoami"
    assert check(path, team, {}) == [
        f"{path}:5: mcp.away: this server cannot be used: the variable SECRET is not set.",
        f"{path}:11: agent 'a', tools.1.mcp: server 'shelf' has no tool 'serch'. It has: {every}.",
        f"{path}:12: agent 'a', tools.2.mcp: tool 'nameless' of server 'shelf' has no description; the model reads there "
        "when to call it.",
    ]
