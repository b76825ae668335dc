"""How well an agent tells who wants the floor from who only listens: rates as tau-voice defines them, and our own.

tau-voice (https://github.com/sierra-research/tau2-bench, docs/interaction-metrics.md; https://arxiv.org/abs/2603.13686)
looks at ticks of 200 ms. Of those who interrupt: *yield rate*, how many the agent fell silent for, in one tick at least,
within 2.0 s; *yield latency*, how soon. Of those who do not: *selectivity*, how many the agent talked through, without a
silent tick within 1.0 s; by back-channels, vocal tics (coughs, "um"), and speech that is not for the agent. Its burst
noises are no event there; ours are told beside them, by the same rule.

By that rule an agent that falls silent for half a second, to find out what it hears, has failed. So it is told too
whether it then went on with all it had to say (*resumed*), or answered (*answered*), which is what is wanted of it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FRAME_MS = 20
_TICK = 10  # frames
_YIELD, _TALK_THROUGH = 100, 50  # frames


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a reply that was spoken over. `silent`: the agent, in each 20 ms from the caller's first sound on.

    `answered`: the reply was cut off, and the caller got another. `shift_ms`: of a reply that went on, what is missing of
    it, or came twice; None if it was cut off.
    """

    name: str
    kind: str
    silent: Sequence[bool]
    answered: bool
    shift_ms: float | None

    @property
    def is_turn(self) -> bool:
        return self.kind == "turn"

    @property
    def onset_ms(self) -> int | None:
        """From the caller's first sound to the silence of the agent, 100 ms of it at least, in the two seconds after."""
        for place in range(len(self.silent[:_YIELD])):
            if all(self.silent[place : place + 5]):
                return place * FRAME_MS
        return None

    @property
    def yielded(self) -> bool:
        return self._silent_tick(_YIELD) is not None

    @property
    def yield_s(self) -> float:
        """How long that took, in whole ticks."""
        return (self._silent_tick(_YIELD) or 0) * FRAME_MS / 1000

    @property
    def talked_through(self) -> bool:
        return self._silent_tick(_TALK_THROUGH) is None

    @property
    def right(self) -> bool:
        """It was answered if it was a turn, and else it was talked over, or the agent went on where it was."""
        return self.answered if self.is_turn else not self.answered and self.shift_ms is not None

    def _silent_tick(self, frames: int) -> int | None:
        ticks = range(0, min(frames, len(self.silent)) - _TICK + 1, _TICK)
        return next((tick for tick in ticks if all(self.silent[tick : tick + _TICK])), None)


def share(of: Sequence[bool]) -> float:
    """In percent."""
    return 100 * sum(of) / len(of) if of else 0.0
