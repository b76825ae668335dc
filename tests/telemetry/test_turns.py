"""Which turns a call had, from its events."""

from hypothesis import given
from hypothesis import strategies as st

from worker.journal import events as journal
from worker.telemetry.turns import Turn, Turns


def heard(ended_ms: int, at: int) -> journal.UserSaid:
    return journal.UserSaid(participant="jo", text="?", at=at, ended_ms=ended_ms)


def said(
    started_ms: int, at: int, latency_ms: int | None = None, *, agent: str = "desk", interrupted: bool = False
) -> journal.AgentSaid:
    return journal.AgentSaid(
        agent=agent,
        text=".",
        heard_ms=at - started_ms,
        at=at,
        started_ms=started_ms,
        latency_ms=latency_ms,
        interrupted=interrupted,
    )


def called(at: int) -> journal.ToolCalled:
    return journal.ToolCalled(agent="desk", call_id=str(at), tool="look_up", arguments={}, at=at)


def of(*events: journal.JournalEvent, ended_ms: int = 60_000) -> list[tuple[int, int]]:
    return [(turn.started_ms, turn.ended_ms) for turn in turns(*events, ended_ms=ended_ms)]


def turns(*events: journal.JournalEvent, ended_ms: int = 60_000) -> list[Turn]:
    keeper = Turns()
    return [*(turn for event in events for turn in keeper.take(event)), *keeper.close(ended_ms)]


def test_given_a_greeting_and_an_answer_then_each_is_a_turn() -> None:
    assert turns(said(500, 2000), heard(3000, 3400), said(3600, 5000, 600)) == [
        Turn(500, 2000, "desk"),
        Turn(3000, 5000, "desk", latency_ms=600),
    ]


def test_given_words_of_the_caller_that_come_after_the_answer_then_they_open_no_other_turn() -> None:
    assert of(said(3600, 5000, 600), heard(3000, 5500), said(8000, 9000, 1000)) == [(3000, 5000), (7000, 9000)]


def test_given_a_word_while_a_tool_runs_then_the_result_is_told_in_the_same_turn() -> None:
    result = journal.ToolFinished(agent="desk", call_id="3100", tool="look_up", output="", at=9000)
    assert of(heard(3000, 3050), called(3100), said(3600, 4500, 600), result, said(10_000, 12_000)) == [(3000, 12_000)]


def test_given_an_interruption_then_the_turn_ends_where_it_was_cut() -> None:
    cut, answer = said(3600, 4200, 600, interrupted=True), said(5500, 7000, 700)
    assert turns(cut, heard(4800, 5000), answer) == [
        Turn(3000, 4200, "desk", latency_ms=600, interrupted=True),
        Turn(4800, 7000, "desk", latency_ms=700),
    ]


def test_given_a_hum_over_an_answer_then_it_is_no_turn() -> None:
    assert of(heard(3000, 3200), heard(4500, 4800), said(3600, 6000, 600)) == [(3000, 6000)]


def test_given_a_caller_who_gets_no_answer_when_the_call_ends_then_that_is_a_turn_without_an_agent() -> None:
    assert turns(said(500, 2000), heard(4000, 4200), ended_ms=9000) == [Turn(500, 2000, "desk"), Turn(4000, 9000)]


def test_given_a_caller_who_asks_again_while_a_tool_runs_then_the_tool_is_in_a_turn_of_its_own() -> None:
    asked = said(500, 2000), heard(4000, 4200), called(4300)
    assert of(*asked, heard(8000, 8100), said(8500, 9500, 500)) == [(500, 2000), (4000, 8000), (8000, 9500)]


def test_given_a_word_in_the_place_of_a_model_then_the_answer_that_follows_is_in_its_turn() -> None:
    instead = said(7000, 8000)  # "One moment, please."
    assert of(said(500, 2000), heard(3000, 3100), instead, said(9000, 11_000, 6000)) == [(500, 2000), (3000, 11_000)]
    assert of(said(500, 2000), instead, said(9000, 11_000, 6000)) == [(500, 2000), (3000, 11_000)]  # words come late


def test_given_a_long_silence_then_what_is_said_after_it_is_a_turn() -> None:
    assert of(said(3600, 5000, 600), said(25_000, 26_000)) == [(3000, 5000), (25_000, 26_000)]


def test_given_a_message_of_which_nobody_knows_when_it_began_then_it_is_left_out() -> None:
    unknown = journal.AgentSaid(agent="desk", text=".", heard_ms=1, at=100)
    assert of(unknown) == []


TIME = st.integers(0, 40_000)


@given(
    st.lists(
        st.one_of(
            st.builds(heard, TIME, TIME),
            st.builds(called, TIME),
            st.builds(
                lambda start, long, late: said(start, start + long, late),
                TIME,
                st.integers(0, 5000),
                st.none() | st.integers(0, 9000),
            ),
        )
    )
)
def test_whatever_comes_each_message_is_in_a_turn_and_no_turn_ends_before_it_begins(
    events: list[journal.JournalEvent],
) -> None:
    found = turns(*events, ended_ms=50_000)
    assert all(0 <= turn.started_ms <= turn.ended_ms for turn in found)
    for event in events:
        if isinstance(event, journal.AgentSaid):
            assert any(turn.started_ms <= (event.started_ms or 0) and event.at <= turn.ended_ms for turn in found)
