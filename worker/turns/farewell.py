"""How a call ends by itself: with a goodbye that is heard, at a moment that suits. Pure."""

from dataclasses import dataclass

WAIT_S = 20.0  # the caller, and a reply that runs, have so long to come to an end
ANSWER_S = 8.0  # a goodbye that nobody hears by then will not come
GOODBYE_S = 30.0  # it is over by then, whatever becomes of it
LINGER_S = 0.5  # what left us last is still on its way to the caller
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    """Ask for a goodbye; `hint` is for this reply only. `cut`: whoever still speaks has had their time."""

    hint: str
    cut: bool


@dataclass(frozen=True, slots=True)
class End:
    """The call is over; `parted`, if its goodbye was heard."""

    reason: str
    parted: bool


class Farewell:
    """A pure state machine: `step` says what to do now, one thing after the other.

    It cuts nobody off: the reply that runs is heard to its end, and the caller may finish what they say, WAIT_S at most.
    After that the goodbye is said over them (`insists`). One that the caller breaks into, or that fails, is asked for
    again. Times are seconds, of whatever clock; it is wanted `since`.
    """

    def __init__(self, hint: str, reason: str, since: float) -> None:
        self._hint, self._reason, self._since = hint, reason, since
        self._attempts = 0
        self._asked_at: float | None = None
        self._said = False
        self._quiet_at: float | None = None
        self._over = False
        self.insists = False  # the goodbye is said, whoever speaks
        self.deadline: float | None = None  # when `step` has something to say again, if nothing happens before

    def said(self) -> None:
        """A message was heard to its end."""
        self._said = self._asked_at is not None

    def step(
        self, now: float, *, caller_speaking: bool, replying: bool, audible: bool, working: bool
    ) -> SayGoodbye | End | None:
        """What to do now; ask again until there is nothing. `replying`: a reply is due or runs. `working`: a tool is."""
        if self._over:
            return None
        if self._asked_at is None:
            return self._wait(now, busy=caller_speaking or replying or audible or working)
        return self._part(now, self._asked_at, caller_speaking, replying=replying, audible=audible)

    def _wait(self, now: float, *, busy: bool) -> SayGoodbye | None:
        """For a moment in which nobody speaks."""
        self.deadline = self._since + WAIT_S
        self.insists = now >= self.deadline
        if busy and not self.insists:
            return None
        self._attempts += 1
        self._asked_at, self._said, self._quiet_at = now, False, None
        self.deadline = now + ANSWER_S
        return SayGoodbye(self._hint, cut=busy)

    def _part(
        self, now: float, asked_at: float, caller_speaking: bool, *, replying: bool, audible: bool
    ) -> SayGoodbye | End | None:
        """The goodbye has been asked for."""
        mute = not audible and not self._said and now >= asked_at + ANSWER_S
        if mute or now >= asked_at + GOODBYE_S:
            return self._end()
        self.deadline = asked_at + (GOODBYE_S if audible or self._said else ANSWER_S)
        if replying or audible or (caller_speaking and not self.insists):
            self._quiet_at = None
        elif self._said:
            self._quiet_at = now if self._quiet_at is None else self._quiet_at
            if now >= self._quiet_at + LINGER_S:
                return self._end()
            self.deadline = self._quiet_at + LINGER_S
        elif self._attempts < ATTEMPTS:
            return self._wait(now, busy=False)
        else:
            return self._end()
        return None

    def _end(self) -> End:
        self._over = True
        self.deadline = None
        return End(self._reason, parted=self._said)
