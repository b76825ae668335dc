"""When a call has used up what it may, and how it then ends: with a goodbye that is heard, at a moment that suits."""

from collections.abc import Iterator
from dataclasses import dataclass

from agents.spec import LimitsSpec

NEAR = 0.8  # of a limit: the journal warns
WAIT_S = 20.0  # the caller, and a reply that runs, have so long to come to an end
ANSWER_S = 8.0  # a goodbye that nobody hears by then will not come
GOODBYE_S = 30.0  # it is over by then, whatever becomes of it
LINGER_S = 0.5  # what left us last is still on its way to the caller
ATTEMPTS = 3

_WHY = {
    "minutes_per_call": ("our time for this call is up", "Please call again if there is more I can do."),
    "cost_per_call": ("this call has reached its limit", "Please call again if there is more I can do."),
    "cost_per_day": ("we cannot take any more calls today", "Please call again tomorrow."),
}


@dataclass(frozen=True, slots=True)
class Near:
    """Somebody may want to know."""

    limit: str
    used: float
    most: float


@dataclass(frozen=True, slots=True)
class Reached:
    """Nothing more is asked of the model, but a goodbye."""

    limit: str
    used: float
    most: float


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


Command = Near | Reached | SayGoodbye | End


class Limits:
    """A pure state machine: what is used up comes in by method, `step` says what to do now, one thing after the other.

    A limit that is reached cuts nobody off: the reply that runs is heard to its end, and the caller may finish what they
    say, WAIT_S at most. After that the goodbye is said over them (`insists`). One that the caller breaks into, or that
    fails, is asked for again. Times are seconds, of whatever clock; `began` is when the call did.
    """

    def __init__(self, spec: LimitsSpec, began: float) -> None:
        self._spec, self._began = spec, began
        self._cost = 0.0  # of this call
        self._others = 0.0  # what the day's other calls have cost
        self._warned = set[str]()
        self._reached: Reached | None = None
        self._reached_at = 0.0
        self._greeted = False
        self._attempts = 0
        self._asked_at: float | None = None
        self._said = False
        self._quiet_at: float | None = None
        self._over = False
        self.insists = False  # the goodbye is said, whoever speaks
        self.deadline: float | None = None  # when `step` has something to say again, if nothing happens before

    @property
    def leaving(self) -> bool:
        """A limit is reached."""
        return self._reached is not None

    def spent(self, total: float) -> None:
        """What this call has cost so far."""
        self._cost = total

    def spent_today(self, total: float) -> None:
        """What all calls of the day have cost so far, this one included."""
        self._others = max(0.0, total - self._cost)

    def said(self) -> None:
        """A message was heard to its end."""
        self._said = self._asked_at is not None

    def step(
        self, now: float, *, caller_speaking: bool, replying: bool, audible: bool, working: bool
    ) -> Command | None:
        """What to do now; ask again until there is nothing. `replying`: a reply is due or runs. `working`: a tool is."""
        if self._over:
            return None
        if self._reached is None:
            return self._watch(now)
        if self._asked_at is None:
            return self._wait(now, self._reached, busy=caller_speaking or replying or audible or working)
        return self._part(now, self._asked_at, self._reached, caller_speaking, replying=replying, audible=audible)

    def _watch(self, now: float) -> Command | None:
        for limit, used, most in self._used(now):
            if used >= most:
                self._reached, self._reached_at = Reached(limit, used, most), now
                return self._reached
            if used >= most * NEAR and limit not in self._warned:
                self._warned.add(limit)
                return Near(limit, used, most)
        minutes = self._spec.minutes_per_call
        due = [self._began + minutes * 60 * share for share in (NEAR, 1)] if minutes else []
        self.deadline = next((at for at in due if at > now), None)
        self._greeted = True
        return None

    def _used(self, now: float) -> Iterator[tuple[str, float, float]]:
        used = {
            "cost_per_day": self._others + self._cost,
            "cost_per_call": self._cost,
            "minutes_per_call": (now - self._began) / 60,
        }
        for limit, amount in used.items():
            if (most := getattr(self._spec, limit)) is not None:
                yield limit, amount, most

    def _wait(self, now: float, reached: Reached, *, busy: bool) -> Command | None:
        """For a moment in which nobody speaks."""
        self.deadline = self._reached_at + WAIT_S
        self.insists = now >= self.deadline
        if busy and not self.insists:
            return None
        self._attempts += 1
        self._asked_at, self._said, self._quiet_at = now, False, None
        self.deadline = now + ANSWER_S
        return SayGoodbye(_hint(reached.limit, greeted=self._greeted), cut=busy)

    def _part(
        self, now: float, asked_at: float, reached: Reached, caller_speaking: bool, *, replying: bool, audible: bool
    ) -> Command | None:
        """The goodbye has been asked for."""
        mute = not audible and not self._said and now >= asked_at + ANSWER_S
        if mute or now >= asked_at + GOODBYE_S:
            return self._end(reached)
        self.deadline = asked_at + (GOODBYE_S if audible or self._said else ANSWER_S)
        if replying or audible or (caller_speaking and not self.insists):
            self._quiet_at = None
        elif self._said:
            self._quiet_at = now if self._quiet_at is None else self._quiet_at
            if now >= self._quiet_at + LINGER_S:
                return self._end(reached)
            self.deadline = self._quiet_at + LINGER_S
        elif self._attempts < ATTEMPTS:
            return self._wait(now, reached, busy=False)
        else:
            return self._end(reached)
        return None

    def _end(self, reached: Reached) -> End:
        self._over = True
        self.deadline = None
        return End(f"a limit was reached: {reached.limit}", parted=self._said)


def _hint(limit: str, *, greeted: bool) -> str:
    why, after = _WHY[limit]
    joined = "" if greeted else "The caller has just joined. "
    return (
        f"{joined}The call ends now, because {why}: ask nothing, and promise nothing. In the caller's language, say only: "
        f'"I am sorry, {why}. {after} Goodbye."'
    )
