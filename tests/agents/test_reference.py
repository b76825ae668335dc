import json
from pathlib import Path

import yaml

from agents.reference import page, schema


def test_the_reference_page_is_that_of_the_models() -> None:
    assert Path("docs/team-file.md").read_text() == page() + "\n", "run: python -m agents.reference > docs/team-file.md"


def test_the_schema_knows_every_key_that_the_shipped_teams_use() -> None:
    told = json.loads(schema())
    agents = told["$defs"]["AgentSpec"]["properties"]
    for path in Path("agents").glob("*/team.yaml"):
        team = yaml.safe_load(path.read_text())
        assert set(team) <= set(told["properties"])
        assert all(set(agent) <= set(agents) for agent in team["agents"].values())
    assert "name" not in agents
