"""What a call remembers, by its journal alone."""

from typing import Literal

from tests.conformance.stage import TEAM
from worker.journal import events as journal
from worker.journal.leases import Taken
from worker.journal.replay import Past, replay
from worker.line.memory import Called, Entry, Frame, Returned, Said, Shown
from worker.resume import orphan

STARTED = journal.CallStarted(call="c1", room="r", team="t", agent="alfa", model="openai", caller="anna")


def said(at: int, text: str, item: str = "", ended_ms: int | None = None) -> journal.UserSaid:
    return journal.UserSaid(at=at, participant="anna", text=text, item=item, ended_ms=ended_ms)


def answered(at: int, text: str, heard_ms: int, item: str = "") -> journal.AgentSaid:
    return journal.AgentSaid(at=at, agent="alfa", text=text, heard_ms=heard_ms, item=item)


def replayed(*events: journal.JournalEvent, share: str = "all") -> Past:
    found = replay([STARTED, *events], lambda _, __: share)
    assert found
    return found


def told(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    def of(entry: Entry) -> tuple[str, str]:
        match entry:
            case Said(_, role, text):
                return role, text
            case Called(_, _, name, arguments):
                return name, arguments
            case Returned(_, _, name, output):
                return name, output
            case Shown(text=text) | Frame(text=text):
                return "shown", text

    return [of(entry) for entry in entries]


def test_given_a_journal_without_a_call_then_there_is_none() -> None:
    assert replay([], lambda _, __: "all") is None


def test_given_words_that_were_written_down_late_then_they_stand_where_they_were_said() -> None:
    past = replayed(
        answered(2000, "Hello.", 900),
        said(4300, "Where is it?", ended_ms=3000),
        journal.ToolCalled(at=3300, agent="alfa", call_id="1", tool="look", arguments={"number": 3}),
        journal.ToolFinished(at=3400, agent="alfa", call_id="1", tool="look", output="It is here."),
        answered(4000, "One moment.", 900),
    )
    assert told(past.memory.entries()) == [
        ("assistant", "Hello."),
        ("user", "Where is it?"),
        ("assistant", "One moment."),
        ("look", '{"number": 3}'),
        ("look", "It is here."),
    ]
    assert past.unanswered, "the result came after that"


def test_given_calls_that_were_answered_at_once_then_the_model_knows_what_it_asked() -> None:
    noted = journal.ToolFinished(
        at=100, agent="alfa", call_id="1", tool="note_facts", output="That is all.", arguments={"number": 3}
    )
    assert told(replayed(noted).memory.entries()) == [("note_facts", '{"number": 3}'), ("note_facts", "That is all.")]


def test_given_what_no_model_has_said_or_asked_then_it_is_a_note_or_nothing() -> None:
    past = replayed(
        answered(500, "One moment, please.", 400, item="announcement_1"),
        journal.ToolCalled(at=600, agent="alfa", tool="look", call_id="plan_1", arguments={}),
        journal.ToolFinished(at=700, agent="alfa", tool="look", call_id="plan_1", output="found"),
        journal.ToolCalled(at=800, agent="alfa", tool="look", call_id="9", arguments={}, parent="plan_1"),
        journal.ToolFinished(at=900, agent="alfa", tool="look", call_id="9", output="inside", parent="plan_1"),
    )
    assert told(past.memory.entries()) == [
        ("system", 'Meanwhile the caller has heard in your voice: "One moment, please."'),
        ("system", "look has ended: found"),
    ]


HANDOFF = (
    answered(1000, "Hello.", 900),
    said(2000, "One."),
    answered(3000, "First.", 900),
    said(4000, "Two."),
    journal.HandoffDecided(at=4100, source="alfa", target="bravo", call_id="1"),
)


def test_given_a_handoff_that_shares_nothing_then_the_next_agent_knows_what_is_to_be_answered() -> None:
    known = told(replayed(*HANDOFF, share="none").memory.entries())
    assert known == [
        ("user", "Two."),
        ("transfer_to_bravo", "{}"),
        ("transfer_to_bravo", "The caller is with bravo now."),
    ]


def test_given_a_handoff_that_shares_a_summary_then_it_comes_first() -> None:
    [(role, summary), *_] = told(replayed(*HANDOFF, share="summary").memory.entries())
    assert role == "system"
    assert "One." in summary


def test_given_a_handoff_that_failed_then_the_former_agent_knows_all_again() -> None:
    failed = journal.HandoffFailed(at=4500, source="alfa", target="bravo", reason="out of reach")
    known = told(replayed(*HANDOFF, failed, share="none").memory.entries())
    assert [text for _, text in known[:4]] == ["Hello.", "One.", "First.", "Two."]


def test_given_a_snapshot_of_another_version_then_what_was_said_is_known() -> None:
    found = orphan([STARTED, said(900, "One.")], TEAM, Taken(5.0, 2.0, {"agent": 7}, None))
    assert found
    assert found.snapshot is None
    assert told(found.past.memory.entries()) == [("user", "One.")]


def test_given_a_message_that_was_being_heard_then_it_is_known_once() -> None:
    moment = {"item": "i1", "text": "We have", "heard_ms": 700, "caller_speaks": False}
    cut = orphan([STARTED, said(900, "One.")], TEAM, Taken(5.0, 2.0, None, moment))
    over = orphan([STARTED, answered(900, "We have lamps.", 800, item="i1")], TEAM, Taken(5.0, 2.0, None, moment))
    assert cut
    assert over
    assert told(cut.past.memory.entries()) == [("user", "One."), ("assistant", "We have")]
    assert told(over.past.memory.entries()) == [("assistant", "We have lamps.")]


def blocked(at: int, item: str, action: Literal["block", "rewrite", "warn"] = "block") -> journal.GuardBlocked:
    return journal.GuardBlocked(at=at, agent="alfa", guard="g", place="input", action=action, why="w", item=item)


def test_given_what_guards_have_kept_from_the_model_then_the_next_one_does_not_learn_it() -> None:
    past = replayed(
        said(1000, "One.", item="i1"),
        said(2000, "Two.", item="i2"),
        blocked(2100, "i2"),
        said(3000, "Three.", item="i3"),
        blocked(3100, "i3", "warn"),
        journal.UserWrote(at=4000, participant="anna", text="Four."),
        blocked(4100, "typed_1"),
    )
    assert told(past.memory.entries()) == [("user", "One."), ("user", "Three.")]


def test_given_guards_and_a_worker_that_dies_before_they_have_spoken_then_no_model_learns_what_they_looked_at() -> None:
    events: list[journal.JournalEvent] = [
        STARTED,
        said(1000, "One."),
        answered(3000, "First.", 900),
        said(4000, "Two."),
    ]
    screened = replay(events, lambda _, __: "all", screens=True)
    assert screened
    assert told(screened.memory.entries()) == [("user", "One."), ("assistant", "First.")]
    assert screened.unscreened
    unguarded = replay(events, lambda _, __: "all")
    assert unguarded
    assert not unguarded.unscreened
    assert told(unguarded.memory.entries())[-1] == ("user", "Two.")


def test_given_what_was_dialled_then_it_is_remembered_as_a_turn() -> None:
    past = replayed(journal.UserDialled(at=900, participant="anna", digits="12", started_ms=500, ended_ms=900))
    assert [role for role, text in told(past.memory.entries()) if "12" in text] == ["user"]
    assert past.unanswered


def test_given_an_answer_that_was_read_then_it_stands_where_it_was_shown_however_long_it_would_have_sounded() -> None:
    shown = journal.AgentSaid(at=3000, agent="alfa", text="It is on its way.", heard_ms=9000, as_text=True)
    past = replayed(journal.UserWrote(at=2000, participant="anna", text="Where is it?"), shown)
    assert told(past.memory.entries()) == [("user", "Where is it?"), ("assistant", "It is on its way.")]
    assert not past.unanswered


def test_given_a_press_then_it_is_a_turn_as_it_was_told() -> None:
    pressed = journal.UserPressed(at=1, participant="anna", ref="card_1", title="Order 7", choice="Keep it")
    past = replayed(pressed)
    assert told(past.memory.entries()) == [("user", 'On my screen I have pressed, on the card "Order 7": Keep it')]
    assert past.unanswered
