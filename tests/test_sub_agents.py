"""A sub-agent's loop, asked through its caller's toolbox; the model is scripted, time is virtual."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from livekit.agents import llm

from agents.spec import TeamSpec
from tests.simulators.chat import Answer, Asked, Pause, Refuse, Script, ScriptedLLM, Step, Use, in_turn
from tests.virtual_time import virtual_time
from tools.context import CallContext
from tools.database import Database
from worker.journal import events as journal
from worker.team.sub_agents import SubAgents
from worker.team.text_models import TextModel
from worker.team.toolbox import Outcome, Toolbox

TOOLS = "tests.sub_agent_tools"
READS = (f"{TOOLS}.double", f"{TOOLS}.search")
BOOK = {"tool": f"{TOOLS}.book", "effect": "write"}


@dataclass(frozen=True)
class Scripted(TextModel):
    """The address of a model that is in the test itself."""

    scripted: Any = None

    def open(self) -> llm.LLM[Any]:
        opened: ScriptedLLM = self.scripted
        return opened


@dataclass
class Desk:
    """A team whose `desk` asks `helper`, who may have a `helper` of its own, and so on."""

    script: Script
    deeper: Sequence[Script] = ()
    tools: Sequence[Any] = READS
    budget: dict[str, Any] = field(default_factory=dict)
    timeout_s: float = 60.0
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ["helper", *(f"helper_{number}" for number in range(2, len(self.deeper) + 2))]
        self.models = {name: ScriptedLLM(one) for name, one in zip(names, [self.script, *self.deeper], strict=True)}
        agents: dict[str, Any] = {"desk": {"name": "desk", "instructions": "You are the desk.", "agents": ["helper"]}}
        for name, below in zip(names, [*names[1:], None], strict=True):
            agents[name] = {
                "name": name,
                "instructions": f"You are {name}.",
                "description": "Helps.",
                "tools": list(self.tools),
                "agents": [below] if below else [],
                "budget": self.budget,
                "timeout_s": self.timeout_s if name == "helper" else 600,
            }
        self.team = TeamSpec.model_validate({"team": "t", "start": "desk", "agents": agents})
        self.events: list[Any] = []
        addresses = {name: Scripted("test", "", name, scripted=model) for name, model in self.models.items()}
        self.sub_agents = SubAgents(self.team, addresses, "Monday 23 November 2026", self.events.append)
        desk = self.team.agents["desk"]
        self.toolbox = Toolbox(desk, asked=self.sub_agents.asked_by(desk))

    async def ask(self, request: str = "Please help.", call_id: str = "call_1") -> Outcome:
        arguments = json.dumps({"request": request})
        database = Database("sqlite+aiosqlite://")
        context = CallContext(call="call-x", agent="desk", decision=call_id, database=database, facts=self.facts)
        call = llm.FunctionToolCall(name="ask_helper", arguments=arguments, call_id=call_id)
        return await self.toolbox.run(call, context)

    @property
    def asked(self) -> list[Asked]:
        return self.models["helper"].asked

    def tool_events(self) -> list[tuple[str, str, str]]:
        return [
            (event.type, event.call_id, event.tool)
            for event in self.events
            if isinstance(event, journal.ToolCalled | journal.ToolFinished)
        ]

    def finished(self) -> dict[str, journal.ToolFinished]:
        return {event.call_id: event for event in self.events if isinstance(event, journal.ToolFinished)}

    def used(self) -> list[journal.ModelUsed]:
        return [event for event in self.events if isinstance(event, journal.ModelUsed)]


@virtual_time
async def test_given_a_request_when_the_model_uses_a_tool_then_its_answer_is_the_outcome() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Answer(f"It is this: {asked.results[0]}")] if asked.results else [Use("double", '{"number": 4}')]

    desk = Desk(play, facts={"order_number": 1042})
    assert await desk.ask("Double four.") == Outcome("It is this: twice 4 is 8", failed=False)
    first, second = desk.asked
    assert first.request == "Double four."
    assert "You are helper." in first.told
    assert "order_number: 1042" in first.told
    assert "Monday 23 November 2026" in first.told
    assert first.tools == ("double", "search")
    assert [one["role"] for one in second.messages] == ["system", "user", "assistant", "tool"]
    assert desk.tool_events() == [("tool.called", "call_1/1", "double"), ("tool.finished", "call_1/1", "double")]
    [called] = [event for event in desk.events if isinstance(event, journal.ToolCalled)]
    assert (called.agent, called.parent, called.arguments) == ("helper", "call_1", {"number": 4})
    [used] = desk.used()
    assert (used.agent, used.call_id, used.model, used.replies) == ("helper", "call_1", "scripted", 2)
    assert (used.input_tokens, used.output_tokens) == (200, 20)


@virtual_time
async def test_given_several_tool_calls_in_a_reply_then_they_run_at_once_and_equal_ones_as_one() -> None:
    five = '{"seconds": 5}'
    desk = Desk(in_turn([Use("search", five), Use("search", '{"seconds": 4}'), Use("search", five)], [Answer("So.")]))
    before = asyncio.get_running_loop().time()
    await desk.ask()
    assert asyncio.get_running_loop().time() - before == pytest.approx(5)
    assert len(desk.finished()) == 2
    assert desk.asked[1].results == ["found after 5 s", "found after 4 s", "found after 5 s"]


@virtual_time
async def test_given_the_last_step_then_the_model_can_only_answer() -> None:
    desk = Desk(
        lambda asked: [Use("double", '{"number": 1}')] if asked.may_call else [Answer("Two.")], budget={"steps": 3}
    )
    assert (await desk.ask()).output == "Two."
    assert [asked.may_call for asked in desk.asked] == [True, True, False]


@virtual_time
async def test_given_a_model_that_calls_when_it_cannot_then_what_it_says_beside_is_the_answer() -> None:
    desk = Desk(lambda _: [Answer("Two."), Use("double", '{"number": 1}')], budget={"tool_calls": 0})
    assert (await desk.ask()).output == "Two."
    assert not desk.finished()


@virtual_time
async def test_given_a_model_that_never_answers_then_its_steps_end_it_and_what_it_found_is_told() -> None:
    desk = Desk(lambda asked: [Use("double", json.dumps({"number": asked.number}))], budget={"steps": 3})
    outcome = await desk.ask()
    assert outcome.failed
    assert outcome.output == (
        "helper has no answer: it came to no end in 3 steps. This has been found: twice 0 is 0 twice 1 is 2"
    )


@virtual_time
async def test_given_no_tool_call_left_then_no_more_run_and_the_model_is_asked_to_answer() -> None:
    calls = [Use("double", json.dumps({"number": number})) for number in range(3)]
    desk = Desk(in_turn(calls, [Answer("Enough.")]), budget={"tool_calls": 2})
    assert (await desk.ask()).output == "Enough."
    assert len(desk.finished()) == 2
    assert desk.asked[1].results[2].startswith("Not done")
    assert not desk.asked[1].may_call


@virtual_time
async def test_given_no_tokens_left_then_no_tool_runs_any_more() -> None:
    desk = Desk(lambda _: [Use("double", '{"number": 1}')], budget={"tokens": 220})
    outcome = await desk.ask()
    assert "used up its tokens" in outcome.output
    assert len(desk.asked) == 2
    assert len(desk.finished()) == 1


@pytest.mark.parametrize("slow", [[Pause(30), Answer("Late.")], [Use("search", '{"seconds": 30}')]])
@virtual_time
async def test_given_too_little_time_then_all_is_stopped_and_said_so(slow: list[Step]) -> None:
    desk = Desk(in_turn([Use("double", '{"number": 4}')], slow), timeout_s=10)
    before = asyncio.get_running_loop().time()
    outcome = await desk.ask()
    assert asyncio.get_running_loop().time() - before == pytest.approx(10)
    assert outcome.failed
    assert "longer than 10 seconds" in outcome.output
    assert "twice 4 is 8" in outcome.output
    assert all(event.failed for call, event in desk.finished().items() if call == "call_1/2")
    assert len(asyncio.all_tasks()) == 1, "nothing is left behind"


@virtual_time
async def test_given_a_write_at_the_deadline_then_it_is_waited_for_and_told_as_done() -> None:
    desk = Desk(in_turn([Use("book", '{"number": 7, "seconds": 12}')]), tools=[BOOK], timeout_s=10)
    outcome = await desk.ask()
    assert outcome.failed
    assert "this has been done, and is not to be done again: booked 7" in outcome.output
    assert not desk.finished()["call_1/1"].failed


@virtual_time
async def test_given_a_write_below_a_sub_agent_then_the_one_above_tells_of_it() -> None:
    above = in_turn([Use("ask_helper_2", '{"request": "Book."}')])
    desk = Desk(above, [in_turn([Use("book", '{"number": 7}')], [Pause(100)])], tools=[BOOK], timeout_s=10)
    before = asyncio.get_running_loop().time()
    outcome = await desk.ask()
    assert asyncio.get_running_loop().time() - before == pytest.approx(10), "one deadline holds for all below"
    assert "not to be done again: booked 7" in outcome.output
    assert "asked again" not in outcome.output


@virtual_time
async def test_given_the_same_write_again_then_it_is_done_once_and_one_that_failed_again() -> None:
    seven, thirteen = Use("book", '{"number": 7}'), Use("book", '{"number": 13}')
    desk = Desk(in_turn([seven, thirteen], [seven, thirteen], [Answer("Booked.")]), tools=[BOOK])
    await desk.ask()
    assert desk.asked[2].results == ["booked 7", "There is no thirteen."]
    assert desk.facts["booked"] == ["call-x:call_1/1", "call-x:call_1/2", "call-x:call_1/3"]


@virtual_time
async def test_given_a_request_in_other_words_then_the_same_write_is_not_done_again_in_one_turn() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Answer(asked.results[0])] if asked.results else [Use("book", '{"number": 7}')]

    desk = Desk(play, tools=[BOOK])
    for number, request in enumerate(["Book seven.", "Seven, please."]):
        assert (await desk.ask(request, f"call_{number}")).output == "booked 7"
    assert desk.facts["booked"] == ["call-x:call_0/1"]
    desk.sub_agents.caller_spoke()
    await desk.ask("One more seven.", "call_2")
    assert desk.facts["booked"] == ["call-x:call_0/1", "call-x:call_2/1"]


@virtual_time
async def test_given_a_sub_agent_that_writes_then_it_is_no_read() -> None:
    desk = Desk(in_turn([Answer("Yes.")]), [in_turn([Answer("Yes.")])], tools=[BOOK])
    reads = Desk(in_turn([Answer("Yes.")]))
    assert desk.toolbox.role.tools["ask_helper"].writes
    assert not desk.toolbox.role.tools["ask_helper"].stoppable
    assert not reads.toolbox.role.tools["ask_helper"].writes
    assert reads.toolbox.role.tools["ask_helper"].stoppable


@virtual_time
async def test_given_a_caller_who_gives_up_then_everything_below_is_stopped() -> None:
    above = in_turn([Use("ask_helper_2", '{"request": "Search."}'), Use("search", '{"seconds": 50}')])
    desk = Desk(above, [in_turn([Use("search", '{"seconds": 50}')])])
    task = asyncio.ensure_future(desk.ask())
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1
    assert {call: event.output for call, event in desk.finished().items()} == dict.fromkeys(
        ["call_1/1", "call_1/1/1", "call_1/2"], "It was stopped before it was done."
    )
    assert [used.call_id for used in desk.used()] == ["call_1/1", "call_1"], "what was used up is not forgotten"


@virtual_time
async def test_given_sub_agents_below_one_another_then_answers_go_up_and_the_journal_tells_who_asked() -> None:
    def pass_on(to: str) -> Script:
        return lambda asked: [Answer(asked.results[0])] if asked.results else [Use(to, '{"request": "Go on."}')]

    bottom = in_turn([Use("double", '{"number": 21}')], [Answer("Forty-two.")])
    desk = Desk(pass_on("ask_helper_2"), [pass_on("ask_helper_3"), bottom])
    assert (await desk.ask()).output == "Forty-two."
    called = [event for event in desk.events if isinstance(event, journal.ToolCalled)]
    assert [(event.agent, event.tool, event.call_id, event.parent) for event in called] == [
        ("helper", "ask_helper_2", "call_1/1", "call_1"),
        ("helper_2", "ask_helper_3", "call_1/1/1", "call_1/1"),
        ("helper_3", "double", "call_1/1/1/1", "call_1/1/1"),
    ]


@pytest.mark.parametrize(
    ("replies", "requests", "words"),
    [
        ([[Refuse(500)], [Answer("Here.")]], 2, "Here."),
        ([[Refuse(500)], [Refuse(503)]], 2, "its model fails (status 503)"),
        ([[Refuse(429)]], 1, "its model fails (status 429)"),
        ([[Refuse(401)]], 1, "its model fails (status 401)"),
        ([[], [Answer("Here.")]], 2, "Here."),
        ([[], []], 2, "its model says nothing"),
        ([[Refuse(500)], [Use("double", '{"number": 1}')], [Refuse(500)], [Answer("Here.")]], 4, "Here."),
    ],
)
@virtual_time
async def test_given_a_model_that_fails_then_it_is_asked_once_more_or_the_outcome_says_so(
    replies: list[list[Step]], requests: int, words: str
) -> None:
    desk = Desk(in_turn(*replies))
    outcome = await desk.ask()
    assert words in outcome.output
    assert outcome.failed == (words != "Here.")
    assert len(desk.asked) == requests


def test_given_a_model_that_fails_then_neither_log_nor_outcome_tells_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @virtual_time
    async def ask() -> None:
        outcome = await Desk(in_turn([Refuse(400, "bad prompt: my card is 4111")])).ask("My card is 4111.")
        assert "4111" not in outcome.output

    with caplog.at_level(logging.DEBUG):
        ask()
    assert "sub-agent helper: status 400" in caplog.text
    assert "4111" not in caplog.text


@virtual_time
async def test_given_a_model_of_ours_that_breaks_then_the_call_goes_on() -> None:
    def broken(asked: Asked) -> Sequence[Step]:
        raise RuntimeError("the wheels came off")

    outcome = await Desk(broken).ask()
    assert outcome.failed
    assert "wheels" not in outcome.output


@pytest.mark.parametrize(
    ("arguments", "told"), [('{"number": 4', "twice 4 is 8"), ("four!", "Error parsing arguments"), ("[1]", "Error")]
)
@virtual_time
async def test_given_arguments_that_are_no_json_then_they_are_mended_or_the_model_is_told(
    arguments: str, told: str
) -> None:
    desk = Desk(in_turn([Use("double", arguments)], [Answer("Well.")]))
    assert (await desk.ask()).output == "Well."
    assert told in desk.asked[1].results[0]
    [call] = next(one["tool_calls"] for one in desk.asked[1].messages if one.get("tool_calls"))
    assert isinstance(json.loads(call["function"]["arguments"]), dict), "some providers refuse a history of less"


@virtual_time
async def test_given_call_ids_that_begin_anew_with_each_reply_then_results_stay_with_their_calls() -> None:
    first, second = Use("double", '{"number": 1}', "call_0"), Use("double", '{"number": 2}', "call_0")
    desk = Desk(in_turn([first], [second], [Answer("So.")]))
    await desk.ask()
    history = desk.asked[2].messages
    called = {call["id"]: call["function"]["arguments"] for one in history for call in one.get("tool_calls") or []}
    told = [(called[one["tool_call_id"]], one["content"]) for one in history if one["role"] == "tool"]
    assert told == [('{"number": 1}', "twice 1 is 2"), ('{"number": 2}', "twice 2 is 4")]
    assert [call for _, call, _ in desk.tool_events()] == ["call_1/1", "call_1/1", "call_1/2", "call_1/2"]


@virtual_time
async def test_given_a_tool_that_it_has_not_got_then_the_model_is_told() -> None:
    desk = Desk(in_turn([Use("fly")], [Answer("I cannot fly.")]))
    assert (await desk.ask()).output == "I cannot fly."
    assert desk.asked[1].results == ["There is no tool 'fly'."]


@virtual_time
async def test_given_the_end_of_the_call_then_models_are_closed() -> None:
    desk = Desk(in_turn([Answer("Yes.")]))
    await desk.sub_agents.aclose()
    assert not desk.models["helper"].closed, "it was never opened"
    await desk.ask()
    await desk.sub_agents.aclose()
    assert desk.models["helper"].closed
