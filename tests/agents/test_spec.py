from pathlib import Path

import pytest

from agents.loader import load_team, tool_name
from agents.spec import SpecError

GOOD = """team: t
start: a
agents:
  a:
    instructions: Be kind.
    tools: [tools.orders.find_order]
    handoffs:
      - {to: b, when: The caller wants b.}
  b:
    instructions: Be brief.
"""


def team(folder: Path, text: str) -> Path:
    path = folder / "team.yaml"
    path.write_text(text)
    return path


def test_given_a_good_file_then_agents_know_their_names_and_tools(tmp_path: Path) -> None:
    spec = load_team(team(tmp_path, GOOD))
    assert spec.agents["a"].name == "a"
    assert spec.agents["a"].handoffs[0].to == "b"


def test_the_team_that_ships_is_good() -> None:
    assert load_team(Path("agents/shop/team.yaml")).start == "reception"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("start: a", "start: x", 2, "there is no agent 'x'"),
        ("to: b", "to: z", 8, "agent 'a', handoffs.0.to: there is no agent 'z'"),
        ("to: b", "to: a", 8, "cannot hand over to itself"),
        ("instructions: Be brief.", "instruction: Be brief.", 10, "agent 'b', instruction: there is no such key"),
        ("instructions: Be brief.", "instructions: ''", 10, "agent 'b', instructions"),
        ("instructions: Be brief.", "{instructions: Be brief., voice: loud}", 9, "voice"),
        (
            "tools.orders.find_order",
            "tools.orders.nothing",
            6,
            "agent 'a', tools: 'tools.orders.nothing' cannot be found",
        ),
        ("tools.orders.find_order", "tools.orders.order_or_error", 6, "is no tool"),
        ("      - {to: b, when: The caller wants b.}\n", "      []\n", 9, "nobody hands over to 'b'"),
        ("instructions: Be kind.", "instructions: missing.md", 0, "missing.md"),
    ],
)
def test_given_a_fault_then_the_message_names_line_agent_and_value(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    text = GOOD.replace(old, new)
    if new.startswith("{"):
        text = text.replace("  b:\n    {", "  b: {")
    path = team(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        load_team(path)
    assert words in str(caught.value)
    if line:
        assert f"{path}:{line}:" in str(caught.value)


STEPS = """team: t
start: a
facts:
  number: {type: integer, description: the number}
agents:
  a:
    instructions: Be kind.
    tools:
      - {tool: tools.orders.find_order, confirm: true}
    tasks:
      - {id: one, collect: [number], done_when: tests.agents.predicates.is_seven}
      - {id: two, after: [one], tool: tools.orders.find_order}
    handoffs:
      - {to: b, when: The caller wants b., share: {last: 3}, unless: tests.agents.predicates.is_seven}
  b: {instructions: Be brief.}
"""


def test_given_steps_then_they_are_read_with_all_they_name(tmp_path: Path) -> None:
    spec = load_team(team(tmp_path, STEPS)).agents["a"]
    assert spec.tools[0].confirm
    assert spec.tasks[1].after == ("one",)
    assert spec.handoffs[0].share == "last: 3"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("collect: [number]", "collect: [numbers]", 11, "there is no fact 'numbers'. Facts: number"),
        ("{id: one,", "{id: one, after: [two],", 10, "wait for one another"),
        ("after: [one]", "after: [three]", 12, "there is no task 'three'"),
        ("id: two", "id: one", 12, "'one' is there twice"),
        ("tool: tools.orders.find_order}\n    handoffs", "tool: tools.orders.nothing}\n    handoffs", 12, "not among"),
        ("id: two, after: [one], tool: tools.orders.find_order", "id: two, after: [one]", 12, "never done"),
        ("share: {last: 3}", "share: some", 14, "share"),
        ("unless: tests.agents.predicates.is_seven", "unless: tests.agents.predicates.gone", 14, "cannot be found"),
        ("done_when: tests.agents.predicates.is_seven", "done_when: tests.agents.predicates.SEVEN", 11, "no function"),
        ("type: integer", "type: whole", 4, "facts.number.type"),
        ("type: integer", "type: text, pattern: '('", 4, "not a regular expression"),
        ("confirm: true", "effect: destroy", 9, "effect"),
    ],
)
def test_given_a_fault_in_the_steps_then_the_message_names_line_and_value(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in STEPS
    path = team(tmp_path, STEPS.replace(old, new))
    with pytest.raises(SpecError) as caught:
        load_team(path)
    assert words in str(caught.value)
    assert f"{path}:{line}:" in str(caught.value), str(caught.value)


def test_given_no_file_then_the_message_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="BATON_TEAM"):
        load_team(tmp_path / "none.yaml")


def test_given_no_yaml_then_the_message_says_where(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="line 2"):
        load_team(team(tmp_path, "team: t\nstart: [a\n"))


HELPED = """team: t
start: a
agents:
  a:
    instructions: Be kind.
    agents: [b, {agent: c, timeout_s: 20, while_running: background, result: when_idle}]
  b:
    instructions: Look things up.
    description: Looks things up.
    tools: [tools.orders.find_order]
    agents: [c]
    model: {url: "http://127.0.0.1:1234/v1", name: small, key: SMALL_KEY}
    budget: {steps: 4, tool_calls: 3, tokens: 5000}
    timeout_s: 12
  c:
    instructions: Compare.
    description: Compares.
    model: local
    tools:
      - {tool: tools.returns.open_return, effect: write}
"""


def test_given_sub_agents_then_they_are_read_and_take_no_callers(tmp_path: Path) -> None:
    spec = load_team(team(tmp_path, HELPED))
    assert [use.agent for use in spec.agents["a"].agents] == ["b", "c"]
    assert spec.agents["a"].agents[1].while_running == "background"
    assert list(spec.speakers) == ["a"]
    assert list(spec.sub_agents) == ["b", "c"]
    assert spec.agents["c"].text_model.provider == "local"
    assert spec.agents["b"].budget.tokens == 5000
    assert spec.writes("b"), "what is below it writes"


_CHAIN = "".join(
    f"  {name}: {{instructions: i, description: d, agents: [{below}]}}\n" for name, below in [("d", "e"), ("e", "f")]
)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("agents: [b, ", "agents: [x, b, ", 6, "agent 'a', agents.0: there is no agent 'x'. Agents: a, b, c."),
        ("agents: [b, ", "agents: [b, b, ", 6, "agents.1: 'b' is there twice"),
        ("agents: [c]\n", "agents: [a]\n", 6, "a -> b -> a ask one another"),
        ("agents: [c]\n", "agents: [b]\n", 11, "b -> b ask one another"),
        ("start: a", "start: b", 2, "'b' is a sub-agent of 'a' and has no voice"),
        ("    description: Looks things up.\n", "", 8, "agent 'b', description: 'b' is a sub-agent of 'a'; say here"),
        ("    budget:", "    voice: warm\n    budget:", 13, "voice: 'b' is a sub-agent of 'a': nobody hears it"),
        ("    budget:", "    handoffs: [{to: a, when: w}]\n    budget:", 13, "no caller to hand over"),
        ("    budget:", "    tasks: [{id: t, tool: tools.orders.find_order}]\n    budget:", 13, "hold the steps there"),
        ("Be kind.\n", "Be kind.\n    handoffs: [{to: b, when: w}]\n", 6, "handoffs.0.to: 'b' is a sub-agent of 'a'"),
        ("Be kind.\n", "Be kind.\n    model: {provider: local}\n", 6, "agent 'a', model: only a sub-agent thinks"),
        ("Be kind.\n", "Be kind.\n    budget: {steps: 2}\n", 6, "agent 'a', budget: only a sub-agent has this"),
        (
            "effect: write}",
            "effect: write, confirm: true}",
            20,
            "tools.0.confirm: 'c' is a sub-agent of 'a' and cannot ask",
        ),
        (
            "    description: Compares.\n",
            "    description: Compares.\n    agents: [d]\n",
            6,
            "a -> b -> c -> d -> e -> f is",
        ),
        (
            "model: local",
            "model: gemini",
            18,
            "and thinks with one text model: auto, local, openai, google, or a mapping",
        ),
        ("model: local", "model: {provider: gemini}", 18, "agent 'c', model.provider: Input should be 'auto'"),
        ("model: local", "model: {name: small}", 18, "agent 'c', model: `name` is there without `url`"),
        ("model: local", "model: {provider: openai, key: KEY}", 18, "`key` is there without `url`"),
        ("model: local", 'model: {url: "http://x/v1"}', 18, "`url` is there without `name`"),
        ("model: local", 'model: {url: "http://x/v1", name: n, provider: local}', 18, "leave out one of them"),
        ("steps: 4", "steps: 0", 13, "agent 'b', budget.steps"),
        ("agents: [b, ", "agents: [", 7, "nobody hands over to 'b' or asks it"),
    ],
)
def test_given_a_fault_in_the_sub_agents_then_the_message_names_line_and_value(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in HELPED
    text = HELPED.replace(old, new, 1)
    if "[d]" in new:
        text += _CHAIN + "  f: {instructions: i, description: d}\n"
    if "asks it" in words:
        text = text.replace("    budget: {steps: 4, tool_calls: 3, tokens: 5000}\n    timeout_s: 12\n", "")
        text = text.replace('    model: {url: "http://127.0.0.1:1234/v1", name: small, key: SMALL_KEY}\n', "")
    path = team(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        load_team(path)
    assert words in str(caught.value), str(caught.value)
    assert f"{path}:{line}:" in str(caught.value), str(caught.value)


def test_given_a_tool_with_the_name_of_a_sub_agent_then_one_must_be_renamed(tmp_path: Path) -> None:
    text = HELPED.replace("Be kind.\n", "Be kind.\n    tools: [tests.sub_agent_tools.ask_b]\n")
    with pytest.raises(SpecError, match="two are called 'ask_b'"):
        load_team(team(tmp_path, text))


SERVERS = """team: t
start: a
mcp:
  files:
    command: [files-server]
    env: {TOKEN: "${TOKEN}"}
  crm:
    url: https://crm.example/mcp
    headers: {Authorization: "Bearer ${CRM}"}
agents:
  a:
    instructions: Be kind.
    tools:
      - {mcp: files.search_files, effect: write, timeout_s: 5}
      - {mcp: crm.find.person, name: find_person}
      - tools.orders.find_order
    tasks:
      - {id: one, tool: files.search_files, confirm: true}
"""


def test_given_mcp_tools_then_they_are_tools_like_others(tmp_path: Path) -> None:
    spec = load_team(team(tmp_path, SERVERS)).agents["a"]
    assert [tool_name(tool) for tool in spec.tools] == ["search_files", "find_person", "find_order"]
    assert spec.tools[0].timeout_s == 5


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("mcp: crm.find", "mcp: cms.find", 15, "tools.1.mcp: there is no MCP server 'cms'. Servers: files, crm"),
        ("mcp: files.search_files", "mcp: search_files", 14, "tools.0.mcp"),
        ("{mcp: files.search_files,", "{", 14, "give `tool` or `mcp`"),
        ("{mcp: files.search_files,", "{mcp: files.search_files, tool: a.b,", 14, "give `tool` or `mcp`"),
        (", name: find_person", "", 15, "'crm.find.person' is no name a model can call"),
        ("name: find_person", "name: search_files", 13, "two are called 'search_files'"),
        ("name: find_person", "name: find_order", 13, "two are called 'find_order'"),
        ("name: find_person", "name: transfer_to_b", 15, "that name is ours"),
        ("name: find_person", "name: find person", 15, "tools.1.name"),
        ("command: [files-server]", "cwd: x", 5, "mcp.files.cwd: there is no such key"),
        ("command: [files-server]", "url: http://x", 4, "mcp.files: `env` goes with `command`"),
        ("https://crm.example/mcp", "crm.example/mcp", 8, "mcp.crm.url"),
        ("    command: [files-server]\n", "", 4, "mcp.files: give `command` or `url`"),
        ("tool: files.search_files", "tool: files.search", 18, "not among the agent's tools"),
    ],
)
def test_given_a_fault_in_the_servers_then_the_message_names_line_and_value(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in SERVERS
    path = team(tmp_path, SERVERS.replace(old, new))
    with pytest.raises(SpecError) as caught:
        load_team(path)
    assert words in str(caught.value)
    assert f"{path}:{line}:" in str(caught.value), str(caught.value)


def test_given_a_header_of_the_wrong_kind_then_the_message_keeps_it_to_itself(tmp_path: Path) -> None:
    path = team(tmp_path, SERVERS.replace('"Bearer ${CRM}"', "271828"))
    with pytest.raises(SpecError, match="headers") as caught:
        load_team(path)
    assert "271828" not in str(caught.value)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("{cost_per_call: 0}", "cost_per_call"),
        ("{minutes_per_call: -1}", "minutes_per_call"),
        ("{cost_per_hour: 1}", "there is no such key"),
    ],
)
def test_given_a_wrong_limit_then_the_error_names_its_line(tmp_path: Path, limits: str, words: str) -> None:
    path = team(tmp_path, GOOD.replace("start: a\n", f"start: a\nlimits: {limits}\n"))
    with pytest.raises(SpecError, match=words) as error:
        load_team(path)
    assert f"{path}:3:" in str(error.value)
