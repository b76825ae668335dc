"""Who says what is on a picture for a model that takes none, and what comes of it when nobody can."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from livekit.agents import llm

from agents import context
from agents.spec import TeamSpec
from tests.simulators.chat import Answer, Pause, Refuse, Script, ScriptedLLM, Step, in_turn
from tests.test_sub_agents import Scripted
from tests.virtual_time import virtual_time
from tools.context import CallContext
from tools.database import Database
from worker.describing import LOOKS_S, Described, Describer
from worker.journal import events as journal
from worker.team.sub_agents import SubAgents
from worker.team.text_models import TextModel
from worker.team.tool_runs import Tell

AGENTS = {
    "desk": {"name": "desk", "instructions": "Be kind."},
    "looker": {"name": "looker", "instructions": "You know lamps.", "description": "Looks at pictures."},
}
TORN = "The shade is torn."


def team(described_by: str | None = "looker", **looker: Any) -> TeamSpec:
    agents = {"desk": AGENTS["desk"], **({"looker": {**AGENTS["looker"], **looker}} if described_by else {})}
    showing = {"described_by": described_by}
    return TeamSpec.model_validate({"team": "t", "start": "desk", "agents": agents, "showing": showing})


async def by_eyes(_: bytes) -> str:
    return 'the text "7"'


@dataclass
class Trial:
    """`script` is what the looker's model says; None: it is the embedded one, which sees nothing."""

    script: Script | None = None
    look: Callable[[bytes], Awaitable[str]] = by_eyes
    team: TeamSpec = field(default_factory=team)

    def __post_init__(self) -> None:
        self.model = ScriptedLLM(self.script or in_turn())
        self.events: list[Any] = []
        address: TextModel = Scripted("test", "", "sees", scripted=self.model)
        models = {"looker": address if self.script else TextModel("local", "", "baton-local")}
        sub_agents = SubAgents(self.team, models, "Monday", self.events.append)
        self.describer = Describer(self.team, models, sub_agents, self.look, _context)

    async def describe(self, *pictures: bytes) -> Described:
        return await self.describer.describe("photo-1", pictures or (b"jpeg",))


def _context(agent: str, called: llm.FunctionToolCall, tell: Tell) -> CallContext:
    database = Database("sqlite+aiosqlite://")
    return CallContext(call="call", agent=agent, decision=called.call_id, database=database, facts={}, tell=tell)


@virtual_time
async def test_whom_the_team_names_looks_at_all_pictures_at_once() -> None:
    trial = Trial(in_turn([Answer(f"A lamp.\n{TORN}")]))
    described = await trial.describe(b"one", b"two")
    assert described == Described("looker", f"A lamp. {TORN}")
    [asked] = trial.model.asked
    assert asked.told.startswith("You know lamps.")
    *pictures, words = next(one["content"] for one in asked.messages if one["role"] == "user")
    urls = [part["image_url"]["url"].partition(",")[2] for part in pictures]
    assert [base64.b64decode(url) for url in urls] == [b"one", b"two"]
    assert words["type"] == "text"
    [used] = [event for event in trial.events if isinstance(event, journal.ModelUsed)]
    assert (used.agent, used.call_id, used.input_tokens) == ("looker", "photo-1", 100)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([Pause(LOOKS_S + 1), Answer(TORN)], "it has taken longer than 20 seconds"),
        ([Refuse(400)], "its model fails (status 400)"),
        ([], "its model says nothing"),
    ],
)
def test_what_cannot_be_described_is_told_as_such(steps: Sequence[Step], why: str) -> None:
    @virtual_time
    async def run() -> None:
        described = await Trial(lambda _: steps).describe()
        assert described == Described("looker", "", why)
        assert described.event("photo-1") == journal.PictureDescribed(
            ref="photo-1", by="looker", description="", failed=why
        )
        assert "nobody could look at" in described.about

    run()


@virtual_time
async def test_a_client_that_breaks_ends_nothing() -> None:
    def broken(_: object) -> Sequence[Step]:
        raise RuntimeError("what was on it")

    assert await Trial(broken).describe() == Described("looker", "", "its model fails (RuntimeError)")


@virtual_time
async def test_a_sub_agent_may_have_less_time() -> None:
    trial = Trial(in_turn([Pause(3), Answer(TORN)]), team=team(timeout_s=2))
    assert (await trial.describe()).failed == "it has taken longer than 2 seconds"


@pytest.mark.parametrize("described_by", [None, "looker"])
def test_without_a_model_that_sees_our_eyes_read_and_say_what_they_have_not_seen(described_by: str | None) -> None:
    @virtual_time
    async def run() -> None:
        described = await Trial(team=team(described_by)).describe(b"one", b"two")
        assert described == Described("eyes", 'the text "7"; the text "7"')
        assert described.about == f"{described.text} (its text and codes were read; nobody has seen what else is on it)"

    run()


async def _hang(_: bytes) -> str:
    await asyncio.sleep(10 * LOOKS_S)
    return ""


async def _break(_: bytes) -> str:
    raise ImportError("what was on it")


@pytest.mark.parametrize(
    ("look", "why"),
    [(_hang, "it has taken longer than 20 seconds"), (_break, "the text on it cannot be read on this machine")],
)
def test_eyes_that_fail_end_nothing(look: Callable[[bytes], Awaitable[str]], why: str) -> None:
    @virtual_time
    async def run() -> None:
        assert await Trial(look=look).describe() == Described("eyes", "", why)

    run()


@virtual_time
async def test_what_a_model_says_without_end_is_cut() -> None:
    described = await Trial(in_turn([Answer("lamp " * 1000)])).describe()
    assert len(described.text) < 1300
    assert described.text.endswith(" …")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"showing": {"described_by": "nobody"}}, "there is no agent 'nobody'"),
        ({"showing": {"described_by": "desk"}}, "has no voice"),
        ({"agents": {**AGENTS, "looker": {**AGENTS["looker"], "voice": "warm"}}}, "agents.looker.voice"),
        (
            {
                "agents": {
                    **AGENTS,
                    "looker": {
                        **AGENTS["looker"],
                        "tools": [{"tool": "tests.sub_agent_tools.book", "effect": "write"}],
                    },
                }
            },
            "a tool of 'looker' writes",
        ),
        ({"showing": {}}, "nobody hands over to 'looker'"),
    ],
)
def test_who_describes_is_a_sub_agent_who_changes_nothing(changes: dict[str, Any], words: str) -> None:
    given = {"team": "t", "start": "desk", "agents": AGENTS, "showing": {"described_by": "looker"}, **changes}
    with pytest.raises(ValueError, match=words):
        TeamSpec.model_validate(given)


def test_words_of_somebody_who_has_looked_are_told_as_theirs() -> None:
    assert context.seen("photo_looker", TORN) == (
        "this, in the words of photo looker, who has looked at it: The shade is torn"
    )
