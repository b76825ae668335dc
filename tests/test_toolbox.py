"""What an agent may call, as each call of a process has it."""

from agents.spec import AgentSpec
from agents.tool_spec import ToolSpec
from worker.team.toolbox import Toolbox

AGENT = AgentSpec(name="a", instructions="x", tools=(ToolSpec(tool="tests.test_tool_runs.count"),))


def test_given_two_calls_then_what_their_tools_take_is_found_out_once() -> None:
    [one], [another] = (Toolbox(AGENT).schemas({"count"}) for _ in range(2))
    assert list(one["parameters"]["properties"]) == ["seconds"]
    assert one["parameters"] is another["parameters"]
