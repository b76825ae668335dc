from pathlib import Path

import pytest

from agents.check import check

TEAM = """team: t
start: a
agents:
  a:
    instructions: {told}
    tools: [tools.orders.find_order]
    handoffs:
      - {{to: b, when: The caller wants b.}}
  b:
    instructions: Be brief.
    tools: [tools.returns.open_return]
"""


def test_the_team_that_ships_has_no_problems() -> None:
    assert check(Path("agents/shop/team.yaml")) == []


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        ("Use find_order then transfer_to_b.", None),
        ("Use open_return.", "open_return"),
        ("Use `refund`.", "refund"),
        ("Then transfer_to_c.", "transfer_to_c"),
    ],
)
def test_given_instructions_that_name_a_tool_then_the_agent_must_have_it(
    tmp_path: Path, told: str, missing: str | None
) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(TEAM.format(told=f"'{told}'"))
    problems = check(path)
    assert len(problems) == (missing is not None)
    assert all(f"agent 'a', instructions: they name '{missing}'" in problem for problem in problems)


def test_given_a_fault_then_it_is_the_problem(tmp_path: Path) -> None:
    [problem] = check(tmp_path / "none.yaml")
    assert "BATON_TEAM" in problem


SUB_AGENTS = """team: t
start: a
agents:
  a: {instructions: Use ask_b., agents: [b]}
  b: {instructions: Use find_order., description: Looks up., tools: [TOOL]}
"""


def test_given_sub_agents_then_instructions_may_name_them(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(SUB_AGENTS.replace("TOOL", "tools.orders.find_order"))
    assert check(path) == []
    path.write_text(path.read_text().replace("ask_b.,", "ask_c.,").replace("Use ask_c.", "Use `ask_c`."))
    [problem] = check(path)
    assert "'ask_c'" in problem


def test_given_a_sub_agent_whose_tool_wants_a_yes_then_that_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(SUB_AGENTS.replace("TOOL", "tests.sub_agent_tools.sign").replace("Use find_order.", "Sign."))
    [problem] = check(path)
    assert "agent 'b', tools: 'tests.sub_agent_tools.sign' says `Confirm first.`" in problem
