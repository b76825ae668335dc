"""The guards of a call: what they watch of what is said, heard and done, and what is done about what they find."""

from collections.abc import Awaitable, Callable, Sequence

from agents.spec import TeamSpec
from worker.background import Start
from worker.gate.audio_gate import AudioGate
from worker.gate.checking import Checked, Checking
from worker.gate.guard import Finding, Panel
from worker.gate.instead import Instead
from worker.gate.listening import Listening, Screened
from worker.journal import events as journal
from worker.line.line import Line
from worker.turns.replies import Replies

GuardEvent = Checked | Screened


class Guarding:
    """`checking` takes the model's messages, as a gate does; `listening`, what the caller says and writes.

    `put` gets what comes back by `handle`. Times are seconds on `clock`; call `watch` at `deadline`, and after whatever
    has happened. The other parameters are those of its parts.
    """

    def __init__(
        self,
        panel: Panel,
        team: TeamSpec,
        gate: AudioGate,
        line: Line,
        *,
        replies: Callable[[], Replies],
        clock: Callable[[], float],
        put: Callable[[GuardEvent], None],
        record: Callable[[journal.JournalEvent], None],
        write: Callable[[journal.UserWrote], None],
        present: Callable[[], tuple[str, int]],
        told: Callable[[], Sequence[str]],
        hand_over: Callable[[Finding], Awaitable[str | None]],
        speak: Callable[[str], None],
        release: Callable[[], None],
    ) -> None:
        self._instead = Instead(team.announcements, replies, present=present, hand_over=hand_over, speak=speak)
        self.checking = Checking(
            gate, line, panel, clock=clock, put=put, record=record, told=told, withheld=self._instead.withheld
        )
        self.listening = Listening(
            panel,
            line,
            replies,
            self._instead,
            clock=clock,
            put=put,
            record=record,
            write=write,
            present=lambda: present()[0],
            told=told,
            release=release,
        )

    def handle(self, event: GuardEvent) -> None:
        """A verdict is there."""
        match event:
            case Checked():
                self.checking.checked(event)
            case Screened():
                self.listening.screened(event)

    def caller_spoke(self) -> None:
        """Their turn is complete."""
        self._instead.caller_spoke()

    def watch(self, start: Start) -> None:
        self.checking.watch(start)
        self.listening.watch(start)
        self._instead.watch(start)

    @property
    def deadline(self) -> float | None:
        due = (self.checking.deadline, self.listening.deadline)
        return min((at for at in due if at is not None), default=None)
