"""What Prometheus is told of calls: docs/metrics.md says what each answers."""

from collections.abc import Collection, Iterable

from prometheus_client import Counter, Gauge, Histogram

from worker.journal import events as journal
from worker.telemetry.timings import Handoff, Timing, ToolRun

OTHER = "other"  # a tool that no team has: models make names up, and may put a caller's words into them

_CALLS = Gauge("baton_calls", "Calls that are held now.")
_STARTED = Counter("baton_calls_started_total", "Calls that began here.")
_RESUMED = Counter("baton_calls_resumed_total", "Calls of other workers that went on here.")
_REPLY = Histogram(
    "baton_reply_latency_seconds",
    "From the end of the caller's turn to the first sound of the answer.",
    buckets=(0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 10),
)
_HANDOFF = Histogram(
    "baton_handoff_gap_seconds",
    "From the decision to hand over to the first sound of the next agent.",
    buckets=(0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 10),
)
_HANDOFFS = Counter("baton_handoffs_total", "Handoffs, by what came of them.", ["outcome"])
_LINE = Histogram(
    "baton_line_gap_seconds",
    "How long a call had no connection to its model.",
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 5, 10, 20),
)
_TOOL = Histogram(
    "baton_tool_seconds",
    "How long tools ran, until they were done or had failed.",
    ["tool"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
_BLOCKED = Counter("baton_guard_blocked_total", "What guards found, and what came of it.", ["guard", "action"])
_FIRED = Counter("baton_watchdog_total", "What was done about answers that did not come.", ["action"])


def label(run: ToolRun, tools: Collection[str]) -> str:
    """A tool's name, if it is one of `tools`, or the team's own agent has called it: that one may call no other."""
    return run.tool if not run.parent or run.tool in tools else OTHER


class CallMetrics:
    """One call's. `tools` are the names of all tools that the team has."""

    def __init__(self, tools: Collection[str]) -> None:
        self._tools = tools
        self._held = False

    def take(self, event: journal.JournalEvent) -> None:
        match event:
            case journal.AgentSaid(latency_ms=int(latency_ms)):
                _REPLY.observe(latency_ms / 1000)
            case journal.CallStarted():
                _STARTED.inc()
                self._hold()
            case journal.CallResumed():
                _RESUMED.inc()
                self._hold()
            case journal.CallEnded():
                self.close()
            case journal.HandoffDone():
                _HANDOFFS.labels("done").inc()
            case journal.HandoffFailed():
                _HANDOFFS.labels("failed").inc()
            case journal.LineRestored(gap_ms=gap_ms):
                _LINE.observe(gap_ms / 1000)
            case journal.GuardBlocked(guard=guard, action=action):
                _BLOCKED.labels(guard, action).inc()
            case journal.WatchdogFired(action=action):
                _FIRED.labels(action).inc()
            case _:
                pass

    def time(self, timings: Iterable[Timing]) -> None:
        """What is over."""
        for timing in timings:
            seconds = (timing.ended_ms - timing.started_ms) / 1000
            match timing:
                case ToolRun(outcome="done" | "failed"):
                    _TOOL.labels(label(timing, self._tools)).observe(seconds)
                case Handoff(heard=True):
                    _HANDOFF.observe(seconds)
                case Handoff(outcome="unfinished"):
                    _HANDOFFS.labels("unfinished").inc()
                case _:
                    pass

    def close(self) -> None:
        """The call is held here no more."""
        if self._held:
            self._held = False
            _CALLS.dec()

    def _hold(self) -> None:
        if not self._held:
            self._held = True
            _CALLS.inc()
