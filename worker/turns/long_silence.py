"""A caller who says nothing for long: they are asked whether they are there, and in the end the call is over. Pure."""

from dataclasses import dataclass

from agents.turn_taking import SilenceSpec
from worker.turns.farewell import End, Farewell, SayGoodbye

REASON = "the caller has not been heard for long"


@dataclass(frozen=True, slots=True)
class Nudge:
    """Ask for a reply that asks whether they are there; `hint` is for this reply only."""

    hint: str


class LongSilence:
    """A pure state machine: `step` says what to do now, one thing after the other. Times are seconds, of whatever clock.

    Silence is counted from the moment in which nobody speaks, works, or is about to. A word of the caller takes all of
    it back, the goodbye too.
    """

    def __init__(self, spec: SilenceSpec) -> None:
        self._spec = spec
        self._since: float | None = None
        self._nudged = 0
        self._told_all = False  # nothing more is said before the caller is heard again
        self._farewell: Farewell | None = None

    @property
    def leaving(self) -> bool:
        return self._farewell is not None

    @property
    def deadline(self) -> float | None:
        """When `step` has something to say, if nothing happens before."""
        if self._farewell:
            return self._farewell.deadline
        return self._since + self._spec.nudge_s if self._since is not None and self._spec.nudge_s else None

    def broken(self) -> bool:
        """The caller is there. Returns whether a goodbye is taken back."""
        leaving, self._farewell = self.leaving, None
        self._since, self._nudged, self._told_all = None, 0, False
        return leaving

    def said(self) -> None:
        """A message was heard to its end."""
        if self._farewell:
            self._farewell.said()

    def step(
        self, now: float, *, caller_speaking: bool, replying: bool, audible: bool, working: bool
    ) -> Nudge | SayGoodbye | End | None:
        """What to do now; ask again until there is nothing. `replying`: a reply is due or runs. `working`: a tool is."""
        if self._farewell:
            return self._farewell.step(
                now, caller_speaking=caller_speaking, replying=replying, audible=audible, working=working
            )
        if self._spec.nudge_s is None or self._told_all or caller_speaking or replying or audible or working:
            self._since = None
            return None
        self._since = now if self._since is None else self._since
        if now < self._since + self._spec.nudge_s:
            return None
        self._since = None
        if self._nudged < self._spec.nudges:
            self._nudged += 1
            return Nudge(_hint(self._spec.nudge))
        if self._spec.goodbye:
            self._farewell = Farewell(_hint(self._spec.goodbye), REASON, since=now)
            return self._farewell.step(now, caller_speaking=False, replying=False, audible=False, working=False)
        self._told_all = True
        return None


def _hint(words: str) -> str:
    return (
        "The caller has said nothing for a while. Ask and tell nothing else; "
        f'in the caller\'s language, say only: "{words}"'
    )
