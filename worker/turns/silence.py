"""What is done for a caller who waits and hears nothing."""

from collections.abc import Callable

from worker.gate.audio_gate import AudioGate
from worker.journal import events as journal
from worker.line.line import Line
from worker.outage import Outage
from worker.team.tool_runs import ToolRuns
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies
from worker.turns.watchdog import Due, Step, Wait, Watchdog


class Silence:
    """Tells the watchdog what is waited for, and does what it says of the silence. Times are seconds on `clock`."""

    def __init__(
        self,
        watchdog: Watchdog,
        replies: Replies,
        outage: Outage,
        tools: ToolRuns,
        line: Line,
        gate: AudioGate,
        *,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._watchdog, self._replies, self._outage, self._tools = watchdog, replies, outage, tools
        self._line, self._gate, self._clock, self._record = line, gate, clock, record

    def listen(self, *, caller_speaking: bool, insists: bool) -> None:
        """Does what is due. `insists`: last words are said, and nothing but these."""
        free = self._line.up and not (self._replies.running or self._replies.due or self._tools.reminds)
        wait = Wait.NOTHING if insists else self._wait
        if wait is Wait.NOTHING or caller_speaking or self._gate.sounding:
            self._outage.filled()
        while due := self._watchdog.listen(self._clock(), wait, caller_speaking=caller_speaking, model_free=free):
            self._do(due)  # and then there is a next moment to look at

    def _do(self, due: Due) -> None:
        if due.step is Step.APOLOGISE:
            self._replies.abandon(due.why)
            return
        self._record(journal.WatchdogFired(reason=due.why, action=due.step.value))
        if due.step is Step.WORD:
            self._replies.want(Reason.FILLER)
        else:
            self._outage.fill(due.step)

    @property
    def state(self) -> str:
        """What clients are shown: who is `speaking` is heard at this moment; speech that waits to be is on its way."""
        if self._gate.sounding:
            return "speaking"
        held = self._gate.audible and not self._gate.paused
        return "thinking" if held or self._replies.owed_to_caller or self._tools.awaited else "listening"

    @property
    def _wait(self) -> Wait:
        """What the caller waits for."""
        if self._tools.awaited:
            return Wait.TOOL if self._tools.spoken_over else Wait.QUIET_TOOL
        if not (self._replies.owed_to_caller or self._gate.audible):
            return Wait.NOTHING
        return Wait.ANSWER if self._line.up else Wait.LINE
