"""People may talk among themselves: until they ask for the agent again, it neither hears nor speaks."""

from collections.abc import Callable

from agents import people as told
from worker.gate.audio_gate import AudioGate
from worker.journal import events as journal
from worker.line.line import Line
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies

_CLOSES_MS = 400  # more than the silence that ends a turn: what was said before it is a turn of its own


class SideTalk:
    """While it is `on`, nothing is asked of the model, and no sound goes to it, nor to the recording. What people write, and
    what tools return, waits for an answer; so does a turn that was not answered yet. What was being said is not taken up
    again. Limits and costs count on. Times are seconds on `clock`.

    `on`: a call that goes on here was left so.
    """

    def __init__(
        self,
        line: Line,
        replies: Replies,
        gate: AudioGate,
        *,
        on: bool,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._line, self._replies, self._gate = line, replies, gate
        self._clock, self._record = clock, record
        self.on = on
        self._since = clock()
        self._owes = False  # a turn of before

    def begin(self, participant: str) -> None:
        """Somebody wishes so."""
        if self.on:
            return
        self._record(journal.AgentMuted(participant=participant, muted=True))
        self._owes = self._replies.owed_to_caller and not self._gate.audible
        profile = self._line.profile
        self._line.hear(bytes(profile.sample_rate * (profile.silence_ms + _CLOSES_MS) // 1000 * 2))
        self._replies.cut()
        self.on, self._since = True, self._clock()

    def watch(self) -> None:
        """A sentence that another voice was about to say is not heard either."""
        if self.on and self._gate.audible:
            self._gate.cut()

    def end(self, participant: str = "") -> None:
        """Somebody wants the agent back; without a name, the call is about to end."""
        if not self.on:
            return
        self.on = False
        ms = round((self._clock() - self._since) * 1000)
        self._record(journal.AgentMuted(participant=participant, muted=False, for_ms=ms))
        self._line.note(told.talked_aside(ms // 1000))
        if self._owes:
            self._replies.want(Reason.TURN)
