"""When a call has used up what it may, and how it then ends: with a goodbye that is heard, at a moment that suits."""

from collections.abc import Iterator
from dataclasses import dataclass

from agents.limits import LimitsSpec
from worker.turns.farewell import End, Farewell, SayGoodbye

NEAR = 0.8  # of a limit: the journal warns

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


Command = Near | Reached | SayGoodbye | End


class Limits:
    """A pure state machine: what is used up comes in by method, `step` says what to do now, one thing after the other.

    A limit that is reached cuts nobody off: see `Farewell`. Times are seconds, of whatever clock; `began` is when the call
    did.
    """

    def __init__(self, spec: LimitsSpec, began: float) -> None:
        self._spec, self._began = spec, began
        self._cost = 0.0  # of this call
        self._others = 0.0  # what the day's other calls have cost
        self._warned = set[str]()
        self._farewell: Farewell | None = None  # a limit is reached
        self._greeted = False
        self._due: float | None = None

    @property
    def leaving(self) -> bool:
        """A limit is reached."""
        return self._farewell is not None

    @property
    def insists(self) -> bool:
        """The goodbye is said, whoever speaks."""
        return self._farewell is not None and self._farewell.insists

    @property
    def deadline(self) -> float | None:
        """When `step` has something to say again, if nothing happens before."""
        return self._farewell.deadline if self._farewell else self._due

    def spent(self, total: float) -> None:
        """What this call has cost so far."""
        self._cost = total

    def spent_today(self, total: float) -> None:
        """What all calls of the day have cost so far, this one included."""
        self._others = max(0.0, total - self._cost)

    def said(self) -> None:
        """A message was heard to its end."""
        if self._farewell:
            self._farewell.said()

    def step(
        self, now: float, *, caller_speaking: bool, replying: bool, audible: bool, working: bool
    ) -> Command | None:
        """What to do now; ask again until there is nothing. `replying`: a reply is due or runs. `working`: a tool is."""
        if self._farewell is None:
            return self._watch(now)
        return self._farewell.step(
            now, caller_speaking=caller_speaking, replying=replying, audible=audible, working=working
        )

    def _watch(self, now: float) -> Command | None:
        for limit, used, most in self._used(now):
            if used >= most:
                hint = _hint(limit, greeted=self._greeted)
                self._farewell = Farewell(hint, f"a limit was reached: {limit}", since=now)
                return Reached(limit, used, most)
            if used >= most * NEAR and limit not in self._warned:
                self._warned.add(limit)
                return Near(limit, used, most)
        minutes = self._spec.minutes_per_call
        due = [self._began + minutes * 60 * share for share in (NEAR, 1)] if minutes else []
        self._due = next((at for at in due if at > now), None)
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


def _hint(limit: str, *, greeted: bool) -> str:
    why, after = _WHY[limit]
    joined = "" if greeted else "The caller has just joined. "
    return (
        f"{joined}The call ends now, because {why}: ask nothing, and promise nothing. In the caller's language, say only: "
        f'"I am sorry, {why}. {after} Goodbye."'
    )
