"""A call as OpenTelemetry's spans: `call`, in it `turn`, in these `tool …` and `handoff`. None has words of anybody."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import assert_never

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import AttributeValue

from worker.journal import events as journal
from worker.telemetry.metrics import label
from worker.telemetry.timings import Handoff, Timing, ToolRun
from worker.telemetry.turns import Turn, Turns

_FORMER = 64  # turns in which something may still run
_NS = 1_000_000  # in a ms


class CallSpans:
    """One call's. `tools` are the names of all tools that the team has; `now_ns` is the wall clock."""

    def __init__(self, tracer: Tracer, call: str, tools: Collection[str], now_ns: Callable[[], int]) -> None:
        self._tracer, self._call, self._tools, self._now_ns = tracer, call, tools, now_ns
        self._turns = Turns()
        self._former = deque[tuple[int, Context]](maxlen=_FORMER)  # turns, by their beginnings
        self._waiting: list[Timing] = []  # it is not known yet in which turn
        self._began_ns = 0
        self._root: Span | None = None

    def take(self, event: journal.JournalEvent) -> None:
        if not self._root:
            if isinstance(event, journal.CallEnded):  # nobody was there
                return
            self._begin(event.at)
        assert self._root, "it has begun"
        match event:
            case journal.CallStarted(team=team, model=model):
                self._root.set_attributes({"baton.team": team, "baton.model": model})
            case journal.CallResumed():
                self._root.set_attribute("baton.resumed", True)
            case _:
                self._tell(self._turns.take(event))

    def time(self, timings: Iterable[Timing]) -> None:
        """What is over."""
        self._waiting += timings
        self._place(self._turns.settled_ms)

    def close(self, at_ms: int) -> None:
        """Nothing more happens here."""
        if self._root:
            self._tell(self._turns.close(at_ms))
            self._place(at_ms + 1)
            self._root.end(self._ns(at_ms))
            self._root = None

    def _begin(self, at_ms: int) -> None:
        self._began_ns = self._now_ns() - at_ms * _NS
        self._root = self._span("call", at_ms, Context(), {"baton.call": self._call})

    def _tell(self, turns: Iterable[Turn]) -> None:
        """Turns that are over, and what is known to be of them."""
        for turn in turns:
            attributes: dict[str, AttributeValue] = {"baton.interrupted": turn.interrupted, "baton.epoch": turn.epoch}
            if turn.agent:
                attributes["baton.agent"] = turn.agent
            if turn.latency_ms is not None:
                attributes["baton.latency_ms"] = turn.latency_ms
            span = self._span("turn", turn.started_ms, self._within_call, attributes)
            self._former.append((turn.started_ms, set_span_in_context(span, Context())))
            span.end(self._ns(turn.ended_ms))
        self._place(self._turns.settled_ms)

    def _place(self, before_ms: int) -> None:
        """What began before then goes into its turn, if it is over."""
        placed = [timing for timing in self._waiting if timing.started_ms < before_ms]
        self._waiting = [timing for timing in self._waiting if timing.started_ms >= before_ms]
        for timing in placed:
            turns = (turn for began, turn in reversed(self._former) if began <= timing.started_ms)
            self._tell_timing(timing, next(turns, self._within_call))

    def _tell_timing(self, timing: Timing, turn: Context) -> None:
        match timing:
            case ToolRun(agent):
                name, attributes = f"tool {label(timing, self._tools)}", {"baton.agent": agent}
            case Handoff(source, target):
                name, attributes = "handoff", {"baton.source": source, "baton.target": target}
            case _:
                assert_never(timing)
        span = self._span(name, timing.started_ms, turn, attributes)
        if timing.outcome != "done":
            span.set_status(Status(StatusCode.ERROR, timing.outcome))
        span.end(self._ns(timing.ended_ms))

    @property
    def _within_call(self) -> Context:
        assert self._root, "nothing is told before it has begun, or after it has ended"
        return set_span_in_context(self._root, Context())

    def _span(self, name: str, at_ms: int, within: Context, attributes: Mapping[str, AttributeValue]) -> Span:
        return self._tracer.start_span(name, within, attributes=attributes, start_time=self._ns(at_ms))

    def _ns(self, at_ms: int) -> int:
        """On the wall clock."""
        return self._began_ns + at_ms * _NS
