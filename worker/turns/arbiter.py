"""Who may ask the model for a reply, and when: one at a time, the caller first."""

from enum import Enum


class Reason(Enum):
    """Why a reply is asked for, in the order of their rights."""

    TURN = "turn"  # the caller said, wrote or showed something
    RESULT = "result"  # a tool has finished
    ENTRY = "entry"  # an agent has taken the call
    CORRECTION = "correction"  # an agent has said what is not so
    RETRY = "retry"  # a reply broke off: what there is of it may still sound when the rest of it comes
    INSTEAD = "instead"  # a sentence of ours, in the place of one that nobody may hear
    NEWS = "news"  # something that ran in the background has ended
    FILLER = "filler"  # a tool takes its time
    GOODBYE = "goodbye"  # the call ends
    NUDGE = "nudge"  # the caller has said nothing for long


_GOES_ON = {Reason.RETRY, Reason.INSTEAD}  # with what sounds
_ELSE = {Reason.RESULT, Reason.CORRECTION, Reason.NEWS, Reason.GOODBYE}  # than what an answer to the caller settles


class Arbiter:
    """A pure state machine: facts in by method, `next` says which reply may be asked for now, if any.

    Providers refuse a second reply while one runs, and answer what is in their memory when asked; so an asked
    reply covers every reason that was pending.
    """

    def __init__(self) -> None:
        self._pending = set[Reason]()
        self._running = False
        self._closed = False

    def want(self, reason: Reason) -> None:
        if not self._closed or reason is Reason.GOODBYE:
            self._pending.add(reason)

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def drop(self, reason: Reason) -> None:
        """There is no need any more."""
        self._pending.discard(reason)

    def asked(self, reason: Reason) -> None:
        """A reply has been asked for. News is told in a reply of its own, whatever was asked for before."""
        assert not self._running, "one reply at a time"
        self._pending &= set() if reason is Reason.NEWS else {Reason.NEWS}
        self._running = True

    def answered(self) -> None:
        """A model that keeps turns itself replies to the caller. It may not know yet what else there was to tell."""
        assert not self._running, "one reply at a time"
        self._pending &= _ELSE
        self._running = True

    def wants(self, reason: Reason) -> bool:
        return reason in self._pending

    def ended(self) -> None:
        """The reply that was asked for is over, in whatever way."""
        self._running = False

    @property
    def running(self) -> bool:
        return self._running

    def close(self) -> None:
        """From now on nothing is asked for but a goodbye."""
        self._closed = True
        self._pending.clear()

    def next(self, *, caller_speaking: bool, audible: bool) -> Reason | None:
        """The reply to ask for now. While something sounds, it is to a caller's turn, or to the rest of what sounds."""
        if self._running or caller_speaking:
            return None
        if Reason.TURN in self._pending:
            return Reason.TURN
        if audible and not self._pending & _GOES_ON:
            return None
        return next((reason for reason in Reason if reason in self._pending), None)
