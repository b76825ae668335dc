import os
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.orchestrator import HANDOFF_LIMIT, Entered, Orchestrator, Refuse, Role, RollBack, Run, Switch

ROLES = {
    "a": Role(frozenset({"look"}), {"b": False, "c": True}),
    "b": Role(frozenset({"send"}), {"a": False}),
    "c": Role(frozenset(), {"a": False}),
}


def test_given_a_handoff_when_it_is_prepared_then_the_next_agent_has_the_call() -> None:
    team = Orchestrator(ROLES, "a")
    assert team.tool_requested(0, "c1", "transfer_to_b", "{}") == Switch("c1", "a", "b", 1, announce=False)
    assert team.switching
    assert team.prepared(1) == Entered("a", "b")
    assert (team.agent, team.epoch, team.switching) == ("b", 1, False)


def test_given_a_handoff_that_fails_then_the_former_agent_keeps_the_call() -> None:
    team = Orchestrator(ROLES, "a")
    team.tool_requested(0, "c1", "transfer_to_b", "{}")
    assert team.failed(1, "refused") == RollBack("a", "b", 2, "refused")
    assert (team.agent, team.switching) == ("a", False)
    assert team.prepared(1) is None, "what the failed attempt still brings is stale"


def test_given_a_tool_of_another_agent_or_none_then_it_is_refused_in_words() -> None:
    team = Orchestrator(ROLES, "a")
    assert team.tool_requested(0, "c1", "look", "{}") == Run("c1", "look", "{}")
    refused = team.tool_requested(0, "c2", "send", "{}")
    assert isinstance(refused, Refuse)
    assert "look" in refused.message


def test_given_agents_who_pass_the_caller_round_then_they_are_stopped_until_the_caller_speaks() -> None:
    team = Orchestrator(ROLES, "a")
    for _ in range(HANDOFF_LIMIT):
        target = "b" if team.agent == "a" else "a"
        team.tool_requested(team.epoch, "c", f"transfer_to_{target}", "{}")
        team.prepared(team.epoch)
    target = "b" if team.agent == "a" else "a"
    assert isinstance(team.tool_requested(team.epoch, "c", f"transfer_to_{target}", "{}"), Refuse)
    team.caller_spoke()
    assert isinstance(team.tool_requested(team.epoch, "c", f"transfer_to_{target}", "{}"), Switch)


@dataclass
class _Model:
    """The rules in other words: who has the call, and since which epoch."""

    holder: str = "a"
    leaving: str | None = None
    seen: list[str] = field(default_factory=list)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["look", "send", "transfer_to_a", "transfer_to_b", "transfer_to_c", "prepared", "failed", "turn"]
        ),
        st.integers(-2, 0),
    ),
    max_size=40,
)


@settings(max_examples=200_000 if os.environ.get("BATON_SOAK") else 2_000)
@given(STEPS)
def test_in_any_interleaving_one_agent_has_the_call_and_stale_events_change_nothing(
    steps: list[tuple[str, int]],
) -> None:
    team, model = Orchestrator(ROLES, "a"), _Model()
    for name, age in steps:
        epoch = team.epoch + age
        before = (team.agent, team.epoch, team.switching)
        match name:
            case "prepared":
                command = team.prepared(epoch)
                if command is not None:
                    assert isinstance(command, Entered)
                    assert model.leaving == command.source
                    model.leaving = None
            case "failed":
                command = team.failed(epoch, "why")
                if command is not None:
                    assert isinstance(command, RollBack)
                    assert command.source == model.leaving == team.agent
                    model.holder, model.leaving = command.source, None
            case "turn":
                team.caller_spoke()
                command = None
            case tool:
                command = team.tool_requested(epoch, "c", tool, "{}")
                if isinstance(command, Switch):
                    assert model.leaving is None
                    assert command.target in ROLES[model.holder].handoffs
                    model.leaving, model.holder = model.holder, command.target
                elif isinstance(command, Run):
                    assert tool in ROLES[model.holder].tools
        assert team.agent == model.holder
        assert team.switching == (model.leaving is not None)
        if age:
            assert (team.agent, team.epoch, team.switching) == before, "an event of an old epoch is stale"
