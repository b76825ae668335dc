"""A turn of the caller's is complete: all who count by turns hear of it, and it is to be answered."""

from worker.gate.guarding import Guarding
from worker.looking.looking import Looking
from worker.recording.recording import Recording
from worker.showing import Showing
from worker.team.staff import Staff
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies


class TurnTaken:
    """However they took it: they spoke, wrote, pressed, dialled or showed something."""

    def __init__(
        self,
        staff: Staff,
        showing: Showing,
        looking: Looking,
        guarding: Guarding | None,
        recording: Recording,
        replies: Replies,
    ) -> None:
        self._staff, self._showing, self._looking = staff, showing, looking
        self._guarding, self._recording, self._replies = guarding, recording, replies

    def take(self, ended: float) -> None:
        """`ended` is when the caller's last sound in it was: loop time."""
        self._showing.turn()
        self._looking.turn()
        self._staff.caller_spoke()
        if self._guarding:
            self._guarding.caller_spoke()
        if missed := self._recording.caller_spoke():
            self._replies.want(Reason.TURN, missed)
        self._replies.caller_spoke(ended=ended)
