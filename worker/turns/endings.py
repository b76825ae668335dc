"""How a call ends though its caller is there: a limit is reached, or a silence goes on for too long."""

from collections.abc import Callable

from worker.background import Start
from worker.gate.audio_gate import AudioGate
from worker.journal import events as journal
from worker.line.line import Line
from worker.team.tool_runs import ToolRuns
from worker.turns.arbiter import Reason
from worker.turns.farewell import End, SayGoodbye
from worker.turns.floor import Floor
from worker.turns.limits import Limits, Near, Reached
from worker.turns.long_silence import LongSilence, Nudge
from worker.turns.replies import Replies


class Endings:
    """Does what the limits and a long silence say. Times are seconds on `clock`.

    `end` ends the call, when its goodbye was heard; `part` does it with last words in the voice that needs no provider.
    """

    def __init__(
        self,
        limits: Limits,
        silence: LongSilence,
        replies: Replies,
        floor: Floor,
        gate: AudioGate,
        tools: ToolRuns,
        line: Line,
        *,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
        end: Callable[[str], None],
        part: Callable[[Start, str], object],
    ) -> None:
        self._limits, self._silence, self._replies, self._floor = limits, silence, replies, floor
        self._gate, self._tools, self._line, self._clock = gate, tools, line, clock
        self._record, self._end, self._part = record, end, part

    @property
    def leaving(self) -> bool:
        """A limit is reached: nothing more is asked of the model, but a goodbye."""
        return self._limits.leaving

    @property
    def insists(self) -> bool:
        """The goodbye is said, whoever speaks."""
        return self._limits.insists

    @property
    def deadlines(self) -> tuple[float | None, float | None]:
        return self._limits.deadline, self._silence.deadline

    def caller_is_there(self) -> None:
        """They have spoken, written or shown something."""
        if self._silence.broken():
            self._replies.drop(Reason.GOODBYE)

    def said(self) -> None:
        """A message of the model's was heard to its end."""
        self._limits.said()
        self._silence.said()

    def keep(self, start: Start, *, muted: bool = False) -> None:
        """Does what is due now; what is due next depends on it. `muted`: nobody speaks to the agent, who does not mind."""
        while command := self._next(muted=muted):
            match command:
                case Near():
                    self._warn("limit.near", command)
                case Reached():
                    self._warn("limit.reached", command)
                    self._replies.close()
                    self._silence.broken()  # this goodbye is the last, and no silence is due any more
                case SayGoodbye(hint, cut):
                    if cut:
                        self._replies.cut()
                    self._replies.want(Reason.GOODBYE, hint)
                case Nudge(hint):
                    self._replies.nudge(hint)
                case End(reason, True):
                    self._end(reason)
                case End(reason):  # the model has not said goodbye
                    self._replies.cut()
                    self._part(start, reason)

    def _next(self, *, muted: bool) -> Near | Reached | SayGoodbye | Nudge | End | None:
        now, replying = self._clock(), self._replies.running or self._replies.due
        audible, working = self._gate.audible, self._tools.awaited
        command = self._limits.step(
            now,
            caller_speaking=self._floor.caller_speaking,
            replying=replying,
            audible=audible,
            working=working,
        )
        if command or self._limits.leaving:
            return command
        return self._silence.step(
            now,
            caller_speaking=self._floor.undecided or self._floor.loud,
            replying=replying or not self._line.up,
            audible=audible,
            working=working or self._tools.running or muted,
        )

    def _warn(self, code: str, of: Near | Reached) -> None:
        detail = f"{of.limit}: {of.used:.2f} of {of.most:g} are used up."
        self._record(journal.CallWarned(code=code, detail=detail))
