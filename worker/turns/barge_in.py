"""What a sound of the caller over a reply means: silence at once, then going on, or a turn of theirs."""

import re
from enum import Enum, auto

DECIDE_S = 0.6  # from the onset; shorter, and "uh-huh" cuts a reply off; longer, and the agent seems deaf
TRANSCRIPT_S = 3.0  # a transcript that has not come by then will not come

_BACK_CHANNELS = frozenset(
    [
        "uh-huh",
        "uhhuh",
        "uh",
        "huh",
        "mm-hmm",
        "mmhmm",
        "mhm",
        "mm",
        "hmm",
        "hm",
        "aha",
        "ah",
        "oh",
        "okay",
        "ok",
        "right",
        "yeah",
        "yep",
        "yes",
        "sure",
        "alright",
        "good",
        "great",
        "fine",
        "i",
        "see",
        "got",
        "it",
        "uh",
        "um",
        "er",
    ]
)


class Verdict(Enum):
    NONE = auto()
    PAUSE = auto()  # be silent, forget nothing
    RESUME = auto()  # it was nothing: go on at the sample
    CUT = auto()  # the caller takes the turn: forget the rest
    TURN = auto()  # the caller's turn is complete: answer it


class _Phase(Enum):
    QUIET = auto()  # nobody disputes who speaks
    SUSPECT = auto()  # paused: something was heard
    RESUMED = auto()  # it sounded like a back-channel; its words have the last say
    TURN = auto()  # the caller has the floor


class BargeIn:
    """A pure state machine. Times are seconds on one clock; verdicts are for the caller of the method to carry out.

    `sound` comes from the microphone's own loudness (first, and often wrong), `speech_*` from the provider's voice
    detection, `transcript` from its recogniser. Call `decide` at `deadline`.
    """

    def __init__(self) -> None:
        self._phase = _Phase.QUIET
        self._speech = False
        self._complete = False  # the speech in dispute has ended
        self.deadline: float | None = None

    @property
    def speaking(self) -> bool:
        """The caller is in the middle of something: nobody else may begin."""
        return self._speech or self._phase is _Phase.SUSPECT

    @property
    def undecided(self) -> bool:
        """Whether what the caller said, or says, is a turn of theirs is not settled."""
        return self.speaking or self._phase is not _Phase.QUIET

    def sound(self, now: float, *, audible: bool) -> Verdict:
        """The microphone became loud. While the reply goes on and they still speak, it was a pause for breath."""
        goes_on = self._phase is _Phase.RESUMED and self._speech
        return self._suspect(now) if audible and (goes_on or self._phase is _Phase.QUIET) else Verdict.NONE

    def speech_started(self, now: float, *, audible: bool) -> Verdict:
        self._speech = True
        if self._phase is _Phase.QUIET and audible:
            return self._suspect(now)
        if self._phase in (_Phase.QUIET, _Phase.TURN):
            self._phase = _Phase.TURN
        elif self._phase is _Phase.RESUMED:
            if audible:
                return self._suspect(now)
            self._phase, self.deadline = _Phase.TURN, None
        return Verdict.NONE

    def speech_stopped(self, now: float) -> Verdict:
        self._speech = False
        if self._phase is _Phase.TURN:
            return self._settle(Verdict.TURN)
        if self._phase is _Phase.QUIET:
            return Verdict.TURN
        self._complete = True
        if self._phase is _Phase.SUSPECT:
            self._phase, self.deadline = _Phase.RESUMED, now + TRANSCRIPT_S
            return Verdict.RESUME
        self.deadline = now + TRANSCRIPT_S
        return Verdict.NONE

    def transcript(self, text: str, *, audible: bool) -> Verdict:
        """The recogniser's last word on the speech. It overrules what the sound suggested."""
        if self._phase not in (_Phase.SUSPECT, _Phase.RESUMED):
            return Verdict.NONE
        if not text.strip() or (audible and is_back_channel(text)):
            paused = self._phase is _Phase.SUSPECT
            return self._settle(Verdict.RESUME if paused else Verdict.NONE)
        return self._take_turn()

    def decide(self, now: float, *, loud: bool) -> Verdict:
        """The deadline has come."""
        if self.deadline is None or now < self.deadline:
            return Verdict.NONE
        self.deadline = None
        if self._phase is _Phase.SUSPECT:
            if self._speech and loud:
                return self._take_turn()
            self._phase = _Phase.RESUMED if self._speech else _Phase.QUIET
            return Verdict.RESUME
        if self._phase is _Phase.RESUMED and self._complete:
            return self._take_turn()  # nothing the caller said is lost for want of a transcript
        return Verdict.NONE

    def typed(self) -> None:
        """The caller wrote, and so has the floor, whatever was in dispute."""
        self._settle(Verdict.NONE)
        if self._speech:
            self._phase = _Phase.TURN

    def _suspect(self, now: float) -> Verdict:
        self._phase, self._complete, self.deadline = _Phase.SUSPECT, False, now + DECIDE_S
        return Verdict.PAUSE

    def _take_turn(self) -> Verdict:
        """CUT while the caller still speaks; TURN, which cuts too, when they have finished."""
        if self._complete and not self._speech:
            return self._settle(Verdict.TURN)
        self._phase, self.deadline = _Phase.TURN, None
        return Verdict.CUT

    def _settle(self, verdict: Verdict) -> Verdict:
        self._phase, self._complete, self.deadline = _Phase.QUIET, False, None
        return verdict


def is_back_channel(text: str) -> bool:
    """Whether a listener says this while somebody else speaks, without wanting the floor."""
    words = re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())
    return 0 < len(words) <= 4 and all(word in _BACK_CHANNELS for word in words)
