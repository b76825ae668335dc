from dataclasses import replace
from pathlib import Path

import pytest

from agents.check import check
from agents.loader import load_team
from worker.line.cost import shipped
from worker.line.endpoint import unpriced
from worker.line.profile import LOCAL, OPENAI

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


@pytest.mark.parametrize("path", sorted(Path("agents").glob("*/team.yaml")), ids=str)
def test_the_teams_that_ship_have_no_problems(path: Path) -> None:
    assert check(path) == []


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


FAULTS = """team: t
start: a
facts:
  size: {type: integer, description: the size}
agents:
  a:
    voice: warm
    instructions: Be kind.
    tools:
      - tests.agents.faulty_tools.good
    tasks:
      - {id: measure, collect: [size]}
      - {id: look, after: [measure], tool: tests.agents.faulty_tools.good}
    handoffs:
      - to: b
        when: The caller wants b.
        examples: [I want b., Give me b.]
      - to: c
        when: The caller wants c.
        examples: [I want c.]
  b:
    instructions: Be brief.
    handoffs:
      - {to: a, when: The caller wants a.}
  c:
    instructions: Be still.
"""


def test_given_nothing_wrong_then_there_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(FAULTS)
    assert check(path) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        pytest.param(
            "{to: a,",
            "{to: d,",
            24,
            ["agent 'b', handoffs.0.to", "no agent 'd'", "Agents: a, b, c"],
            id="unknown target",
        ),
        pytest.param(
            "      - to: c\n        when: The caller wants c.\n        examples: [I want c.]\n",
            "",
            22,
            ["agent 'c'", "nobody hands over to 'c'"],
            id="unreachable agent",
        ),
        pytest.param(
            "{id: measure,",
            "{id: measure, after: [look],",
            11,
            ["agent 'a', tasks", "look", "measure", "wait for one another", "drop one `after`"],
            id="circular tasks",
        ),
        pytest.param(
            "      - tests.agents.faulty_tools.good\n",
            "      - tests.agents.faulty_tools.good\n      - tests.agents.faulty_tools.untold\n",
            11,
            ["agent 'a', tools", "faulty_tools.untold' has no docstring", "when to call it"],
            id="tool without a docstring",
        ),
        pytest.param(
            "voice: warm", "voice: shrill", 7, ["agent 'a', voice", "'shrill'", "'warm', 'calm'"], id="unknown voice"
        ),
        pytest.param(
            "start: a", "start: z", 2, ["start: there is no agent 'z'", "Agents: a, b, c"], id="unknown start"
        ),
        pytest.param(
            "Be kind.",
            "Call transfer_to_d first.",
            8,
            ["agent 'a', instructions", "'transfer_to_d'", "Add it to the agent's tools or handoffs"],
            id="instructions that name a tool",
        ),
        pytest.param(
            "facts:\n",
            "facts:\n  colour: {description: the colour}\n",
            4,
            ["facts.colour", "no task collects 'colour'", "Name it in a task's `collect`"],
            id="fact that nobody uses",
        ),
        pytest.param(
            "collect: [size]}",
            "collect: [size], done_when: tests.agents.faulty_tools.without_facts}",
            12,
            ["agent 'a', tasks.0.done_when", "without_facts' cannot be called with the facts alone", "one parameter"],
            id="done_when without a parameter",
        ),
        pytest.param(
            "{to: a, when: The caller wants a.}",
            "{to: a, when: The caller wants a., unless: tests.agents.faulty_tools.of_two}",
            24,
            ["agent 'b', handoffs.0.unless", "of_two' cannot be called with the facts alone"],
            id="unless with two parameters",
        ),
        pytest.param(
            "{to: a, when: The caller wants a.}",
            "{to: a, when: The caller wants a., unless: tests.agents.faulty_tools.is_later}",
            24,
            ["agent 'b', handoffs.0.unless", "is_later' is async", "write `def`"],
            id="unless that is async",
        ),
        pytest.param(
            "[I want c.]",
            "[give me B., I want b.]",
            20,
            ["agent 'a', handoffs.1.examples", "'c' has the same examples as the one to 'b'", "Say what only"],
            id="the same examples twice",
        ),
        pytest.param(
            "      - tests.agents.faulty_tools.good\n",
            "      - tests.agents.faulty_tools.good\n      - tests.agents.faulty_tools.undescribed\n",
            11,
            ["agent 'a', tools.1", "'colour' of 'tests.agents.faulty_tools.undescribed'", "description="],
            id="parameter without a description",
        ),
        pytest.param(
            "start: a\n",
            "start: a\nprepare: tests.agents.faulty_tools.is_large\n",
            3,
            ["prepare: 'tests.agents.faulty_tools.is_large' is no async function"],
            id="prepare that is not async",
        ),
        pytest.param(
            "start: a\n",
            "start: a\nwhen_unreachable: tests.agents.faulty_tools.is_large\n",
            3,
            ["when_unreachable: 'tests.agents.faulty_tools.is_large' is no async function", "a sentence or None"],
            id="when_unreachable that is not async",
        ),
        pytest.param(
            "start: a\n",
            "start: a\nwhen_unreachable: tests.agents.faulty_tools.prepared\n",
            3,
            ["when_unreachable: 'tests.agents.faulty_tools.prepared' cannot be called", "Give it one parameter"],
            id="when_unreachable of two parameters",
        ),
        pytest.param(
            "start: a\n",
            "start: a\nannouncements:\n  lost: ' '\n",
            4,
            ["announcements.lost: String should have at least 1 character"],
            id="an announcement without words",
        ),
    ],
)
def test_given_one_fault_then_it_is_the_one_problem_with_line_agent_value_and_way_out(
    tmp_path: Path, old: str, new: str, line: int, words: list[str]
) -> None:
    path = tmp_path / "team.yaml"
    assert old in FAULTS
    path.write_text(FAULTS.replace(old, new, 1))
    [problem] = check(path)
    assert problem.startswith(f"{path}:{line}: "), problem
    assert [part for part in words if part not in problem] == [], problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("facts:\n", "facts:\n  found_size: {description: the size}\n", id="by a tool's code"),
        pytest.param(
            "facts:\n  size: {type: integer, description: the size}\n",
            "facts:\n  size: {type: integer, description: the size}\n  size_limit: {description: the most}\n",
            id="by a function of the facts",
        ),
        pytest.param(
            "      - {id: measure, collect: [size]}\n      - {id: look, after: [measure], tool",
            "      - {id: look, tool",
            id="by a tool's parameter",
        ),
        pytest.param(
            "      - tests.agents.faulty_tools.good\n",
            "      - tests.agents.faulty_tools.good\n      - tests.agents.faulty_tools.described_below\n",
            id="a parameter described in the docstring",
        ),
        pytest.param("start: a\n", "start: a\nprepare: tests.agents.faulty_tools.prepared\n", id="a good prepare"),
        pytest.param(
            "start: a\n",
            "start: a\nwhen_unreachable: tests.agents.faulty_tools.is_later\n",
            id="a good when_unreachable",
        ),
    ],
)
def test_given_what_is_used_or_described_elsewhere_then_there_is_no_problem(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "team.yaml"
    assert old in FAULTS
    text = FAULTS.replace(old, new, 1)
    if "size_limit" in text:
        text = text.replace("wants a.}", "wants a., unless: tests.agents.faulty_tools.is_large}")
    path.write_text(text)
    assert check(path) == []


def test_given_a_limit_on_cost_and_a_model_without_a_price_then_the_limit_is_told_and_not_one_on_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(
        "team: t\nstart: a\nlimits:\n  minutes_per_call: 5\n  cost_per_day: 9\nagents:\n  a: {instructions: Be kind.}\n"
    )
    team = load_team(path)
    [problem] = unpriced(path, team, replace(OPENAI, model="gpt-unheard-of"), shipped())
    assert problem.startswith(f"{path}:5: limits, cost_per_day: openai/gpt-unheard-of has no price")
    assert unpriced(path, team, OPENAI, shipped()) == []
    assert unpriced(path, team, LOCAL, shipped()) == []
