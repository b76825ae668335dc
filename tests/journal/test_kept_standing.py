"""How a call stands is kept for another worker, and nothing that may not be kept: in the middle of the call."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from agents.plan import Step
from agents.redaction import RedactionSpec
from agents.snapshot import Decision, Running, Snapshot
from tests.journal.test_redaction import CARD, PIN, until
from worker.journal import events as journal
from worker.journal.journal import LARGE, Journal
from worker.journal.recorder import Recorder
from worker.redaction.kept import Redaction
from worker.redaction.policy import Policy
from worker.redaction.standing import KeptStanding

SPEC = RedactionSpec.model_validate(["card_numbers", {"fact": "pin"}])
STARTED = journal.CallStarted(call="c", room="r", team="core", agent="alfa", model="openai", caller="anna")
PAYS = f'{{"card": "{CARD}", "number": {CARD.replace(" ", "")}}}'
SNAPSHOT = Snapshot(
    agent="alfa",
    epoch=3,
    facts={"card": CARD, "pin": PIN, "order": "1042"},
    plan=(Step("alfa", f"pay with {CARD}"),),
    running=(
        Running(call_id="call_1", agent="alfa", tool="pay", arguments=PAYS),
        Running(call_id="call_2", agent="alfa", tool="look", arguments='{"order": 1042}'),
    ),
    written=(Decision(agent="alfa", tool="pay", arguments=PAYS, output=f"{CARD} was charged"),),
    done={"alfa": ({"card": CARD},)},
)
HEARD = {"item": "item_4111", "text": f"Your card is {CARD}, and the word {PIN}. It is", "heard_ms": 900}


class Held:
    """A call that is held and goes on, and all bytes of its database meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite+aiosqlite:///{folder}/baton.db"
        self.facts: dict[str, Any] = {}
        self.standing = Snapshot(agent="alfa", epoch=0)

    async def journal(self, recorder: Recorder, redaction: Redaction | None) -> Journal:
        lease = await recorder.take("c", "r", "a1")
        assert lease
        notes = Journal(
            "c", recorder, elapsed_ms=lambda: 1, publish=lambda _: None, redaction=redaction, lease=lease, count=0
        )
        notes.standing = lambda: self.standing.as_json()
        notes.follow(self.facts)
        notes.record(STARTED, 0)
        return notes

    async def row(self) -> tuple[str, str]:
        engine = create_async_engine(self.url)
        async with engine.connect() as connection:
            [found] = await connection.execute(text("SELECT standing, moment FROM journal_leases"))
        await engine.dispose()
        return str(found[0]), str(found[1])

    def bytes(self) -> str:
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        return b"\n".join(path.read_bytes() for path in files).decode(errors="replace")


async def noted(recorder: Recorder, notes: Journal, moment: dict[str, Any]) -> None:
    """The moment is written down, as with the worker's next sign of life."""
    notes.note(moment)
    lease = notes._lease
    assert lease
    recorder.rewrite("c", 0, STARTED, lease)
    await until(recorder)


@pytest.mark.parametrize("large", [False, True])
async def test_given_secrets_in_what_a_call_stands_for_then_no_byte_of_them_is_in_its_database(
    tmp_path: Path, *, large: bool
) -> None:
    held = Held(tmp_path)
    with Recorder(held.url) as recorder:
        notes = await held.journal(recorder, Redaction(Policy(SPEC)))
        held.facts |= {"pin": PIN}
        held.standing = SNAPSHOT
        output = "x " * LARGE if large else "done"
        notes.record(journal.ToolFinished(agent="alfa", call_id="t", tool="t", output=output), 0)
        await noted(recorder, notes, HEARD)
        there = held.bytes()
        standing, moment = await held.row()
    assert "1042" in standing
    assert "call_2" in standing, "the ids are what a model knows its calls by"
    assert "item_4111" in moment
    assert "Your card is" in moment
    for secret in (CARD, CARD.replace(" ", ""), PIN):
        assert secret not in there, secret


async def test_given_no_policy_then_all_of_it_is_there(tmp_path: Path) -> None:
    held = Held(tmp_path)
    with Recorder(held.url) as recorder:
        notes = await held.journal(recorder, None)
        held.standing = SNAPSHOT
        notes.record(journal.CallWarned(code="c", detail="d"), 0)
        await noted(recorder, notes, HEARD)
        standing, moment = await held.row()
    assert CARD in standing, "so the test above can fail"
    assert CARD in moment


async def test_given_a_secret_that_is_known_later_then_it_is_taken_out_of_the_moment_too(tmp_path: Path) -> None:
    held = Held(tmp_path)
    with Recorder(held.url) as recorder:
        notes = await held.journal(recorder, Redaction(Policy(SPEC)))
        await noted(recorder, notes, {"item": "i", "text": f"You said {PIN}, did you not tell me so before"})
        assert PIN in held.bytes(), "nobody knew what it is: so this test can fail"
        held.facts["pin"] = PIN
        notes.record(journal.CallWarned(code="c", detail="d"), 0)
        await until(recorder)
        assert PIN not in held.bytes()


def test_given_a_number_that_is_being_heard_then_no_piece_of_it_is_kept() -> None:
    kept = KeptStanding(Redaction(Policy(SPEC)))
    said = "I read it back to you: 4111 1111, and then, 1111"
    assert kept.moment({"text": said})["text"] == "I read it back to you:"
    assert kept.moment({"text": "It is 20 past 5 now and we close at nine"})["text"] == (
        "It is 20 past 5 now and we close at nine"
    )


def test_given_arguments_of_which_something_is_taken_out_then_nothing_is_run_with_them() -> None:
    standing = Snapshot.model_validate(KeptStanding(Redaction(Policy(SPEC))).standing(SNAPSHOT.as_json()))
    pays, looks = standing.running
    assert not pays.whole
    assert looks == SNAPSHOT.running[1]
    assert standing.facts == {"pin": PIN, "order": "1042"}, "what is not whole is not known: it is asked for again"
