"""A call as OpenTelemetry's spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from worker.journal import events as journal
from worker.telemetry.measuring import Measuring

BEGAN_NS = 1_700_000_000_000_000_000
SECRET = "swordfish"
STARTED = journal.CallStarted(at=200, call="c-1", room=SECRET, team="house", agent="desk", model="local", caller=SECRET)
ASKED = journal.UserSaid(participant=SECRET, text=SECRET, at=3300, ended_ms=3000)
ANSWER = journal.AgentSaid(
    agent="desk", text=SECRET, at=5000, epoch=1, heard_ms=1400, started_ms=3600, latency_ms=600, interrupted=True
)
CALLED = journal.ToolCalled(agent="desk", call_id="t", tool="look_up", arguments={"word": SECRET}, at=3100)
FAILED = journal.ToolFinished(agent="desk", call_id="t", tool="look_up", output=SECRET, failed=True, at=3400)
DECIDED = journal.HandoffDecided(at=3450, source="desk", target="stock")
ENDED = journal.CallEnded(at=9000, reason=SECRET)


def spans(*events: journal.JournalEvent, first_ms: int = 200) -> list[ReadableSpan]:
    """In order of their beginnings. `first_ms`: how old the call is at its first event."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with Measuring("c-1", {"look_up"}, tracer, lambda: BEGAN_NS + first_ms * 1_000_000) as measuring:
        for event in events:
            measuring.take(event)
    return sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)


def times(span: ReadableSpan) -> tuple[int, int]:
    """From and to, in ms since the call began."""
    assert span.start_time
    assert span.end_time
    return (span.start_time - BEGAN_NS) // 1_000_000, (span.end_time - BEGAN_NS) // 1_000_000


def parent(span: ReadableSpan, among: list[ReadableSpan]) -> str:
    found = [one.name for one in among if span.parent and one.context.span_id == span.parent.span_id]
    return found[0] if found else ""


def test_given_a_turn_with_a_tool_and_a_handoff_then_they_are_within_it() -> None:
    heard = journal.AgentSaid(agent="stock", text=SECRET, at=7000, heard_ms=1000, started_ms=6000)
    done = journal.HandoffDone(at=5500, source="desk", target="stock")
    found = spans(STARTED, CALLED, ASKED, FAILED, DECIDED, ANSWER, done, heard, ENDED)
    assert [(span.name, *times(span), parent(span, found)) for span in found] == [
        ("call", 200, 9000, ""),
        ("turn", 3000, 7000, "call"),
        ("tool look_up", 3100, 3400, "turn"),
        ("handoff", 3450, 6000, "turn"),
    ]
    call, turn, tool, handoff = found
    assert dict(call.attributes or {}) == {"baton.call": "c-1", "baton.team": "house", "baton.model": "local"}
    assert dict(turn.attributes or {}) == {
        "baton.agent": "desk",
        "baton.latency_ms": 600,
        "baton.interrupted": True,
        "baton.epoch": 1,
    }
    assert (tool.status.status_code, handoff.status.status_code) == (StatusCode.ERROR, StatusCode.UNSET)
    assert dict(handoff.attributes or {}) == {"baton.source": "desk", "baton.target": "stock"}


def test_given_all_of_a_call_then_no_span_has_words_arguments_or_identities() -> None:
    found = spans(STARTED, CALLED, ASKED, FAILED, DECIDED, ANSWER, ENDED)
    assert SECRET not in "".join(span.to_json() for span in found)


def test_given_a_tool_that_outlasts_its_turn_then_it_is_within_that_all_the_same() -> None:
    late = FAILED.model_copy(update={"at": 8000, "failed": False})
    following = journal.AgentSaid(agent="desk", text="", at=7000, heard_ms=1, started_ms=6500, latency_ms=500)
    found = spans(STARTED, CALLED, ANSWER, following, late, ENDED)
    turns = [span for span in found if span.name == "turn"]
    (tool,) = (span for span in found if span.name == "tool look_up")
    assert tool.parent
    assert tool.parent.span_id == turns[0].context.span_id
    assert times(tool) == (3100, 8000)


@pytest.mark.parametrize("events", [(STARTED, ASKED, CALLED, DECIDED, ENDED), (STARTED, ASKED, CALLED, DECIDED)])
def test_given_what_never_ends_when_the_call_does_then_it_is_an_error(events: list[journal.JournalEvent]) -> None:
    found = spans(*events)
    assert [(span.name, parent(span, found)) for span in found] == [
        ("call", ""),
        ("turn", "call"),
        ("tool look_up", "turn"),
        ("handoff", "turn"),
    ]
    assert [span.status.status_code for span in found[2:]] == [StatusCode.ERROR] * 2


def test_given_a_handoff_that_fails_then_it_is_an_error() -> None:
    refused = journal.HandoffFailed(at=4000, source="desk", target="stock", reason=SECRET)
    found = spans(STARTED, DECIDED, refused, ANSWER, ENDED)
    (handoff,) = (span for span in found if span.name == "handoff")
    assert times(handoff) == (3450, 4000)
    assert handoff.status.description == "failed"


def test_given_a_call_of_another_worker_then_its_clock_goes_on() -> None:
    resumed = journal.CallResumed(at=60_000, agent="desk", gap_ms=2000)
    sorry = journal.AgentSaid(agent="desk", text="", at=63_000, heard_ms=1, started_ms=61_000)
    found = spans(resumed, sorry, ENDED.model_copy(update={"at": 70_000}), first_ms=60_000)
    assert [(span.name, *times(span)) for span in found] == [("call", 60_000, 70_000), ("turn", 61_000, 63_000)]
    assert dict(found[0].attributes or {}) == {"baton.call": "c-1", "baton.resumed": True}


def test_given_a_call_to_which_nobody_comes_back_then_there_is_no_span() -> None:
    assert spans(ENDED) == []


EVENTS = [
    *(STARTED, ASKED, ANSWER, CALLED, FAILED, DECIDED),
    journal.HandoffDone(at=5500, source="desk", target="stock"),
    journal.HandoffFailed(at=5600, source="desk", target="stock", reason=""),
    journal.AgentSaid(agent="stock", text="", at=7000, heard_ms=1, started_ms=6000),
    journal.AgentSaid(agent="stock", text="", at=7500, heard_ms=1),
    journal.CallResumed(agent="desk", gap_ms=1),
]


@given(st.lists(st.sampled_from(EVENTS)))
def test_whatever_comes_all_spans_are_of_one_trace_and_within_another(events: list[journal.JournalEvent]) -> None:
    found = spans(STARTED, *events, ENDED)
    assert len({span.context.trace_id for span in found}) == 1
    assert [span.name for span in found if not parent(span, found)] == ["call"]
    began = sum(isinstance(event, journal.HandoffDecided) for event in events)
    assert sum(span.name == "handoff" for span in found) == began
