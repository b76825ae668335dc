"""What a sound of the caller over a reply means: silence at once, then going on, or a turn of theirs."""

from enum import Enum, auto

from worker.turns.back_channel import is_back_channel, says_nothing

NOISE_S = 0.25  # a sound in which nobody has been heard to speak by then is a thing
DECIDE_S = 0.6  # from the onset; shorter, and "uh-huh" cuts a reply off; longer, and the agent seems deaf
LONGEST_S = 1.8  # who still speaks by then does more than listen; the agent is silent, so waiting loses nobody's words
WORDS_S = 1.5  # after a longer sound the agent waits for its words: it was a turn if they do not come
TRANSCRIPT_S = 3.0  # a transcript that has not come by then will not come
DISTRUST_S = 30.0  # after a thing was heard, sound alone silences nobody for so long: who types, types on


class Verdict(Enum):
    NONE = auto()
    PAUSE = auto()  # be silent, forget nothing
    RESUME = auto()  # it was nothing: go on at the sample
    CUT = auto()  # the caller takes the turn: forget the rest
    TURN = auto()  # the caller's turn is complete: answer it
    TAKE_UP = auto()  # what was cut off, and is being answered, was none: go on with what was being said


class _Phase(Enum):
    QUIET = auto()  # nobody disputes who speaks
    SUSPECT = auto()  # paused: something was heard
    WAITS = auto()  # paused: too long for "uh-huh"; its words decide, or that it goes on
    RESUMED = auto()  # it sounded like a back-channel; its words have the last say
    TURN = auto()  # the caller has the floor
    DOUBT = auto()  # they had it for the length of what they said: its words may show that it was nothing


_PAUSED = (_Phase.SUSPECT, _Phase.WAITS)


class BargeIn:
    """A pure state machine. Times are seconds on one clock; verdicts are for the caller of the method to carry out.

    `sound` and `voice` come from our own ear (first, and often wrong), `speech_*` from the provider's voice detection,
    `transcript` from its recogniser: `item` is its name for what is said. Call `decide` at `deadline`.
    """

    def __init__(self) -> None:
        self._phase = _Phase.QUIET
        self._speech = False
        self._item = ""  # of the speech in dispute, once the provider has named it
        self._unwritten = set[str]()  # what was said over the reply, and may have been a turn: its words have not come
        self._voice = False  # our ear heard somebody speak in it
        self._far = False  # it is somebody behind the caller
        self._complete = False  # it has ended
        self._cut = False  # it has cut a reply off
        self._onset = 0.0
        self._distrusts_until = 0.0
        self.deadline: float | None = None

    @property
    def speaking(self) -> bool:
        """The caller is in the middle of something: nobody else may begin."""
        return (self._speech and not self._far) or self._phase in _PAUSED

    @property
    def undecided(self) -> bool:
        """Whether what the caller said, or says, is a turn of theirs is not settled."""
        return self.speaking or self._phase not in (_Phase.QUIET, _Phase.DOUBT)

    def sound(self, now: float, *, audible: bool, voice: bool = False) -> Verdict:
        """The microphone became loud. While the reply goes on and they still speak, it was a pause for breath."""
        goes_on = self._phase is _Phase.RESUMED and self._speech
        trusted = voice or goes_on or now >= self._distrusts_until
        if not audible or not trusted or not (goes_on or self._phase is _Phase.QUIET):
            return Verdict.NONE
        return self._suspect(now, voice=voice)

    def voice(self, now: float, *, audible: bool) -> Verdict:
        """There is a voice in what is loud."""
        if self._phase is _Phase.SUSPECT:
            self._voice = True
            return Verdict.NONE
        return self.sound(now, audible=audible, voice=True) if self._phase is _Phase.QUIET else Verdict.NONE

    def speech_started(self, now: float, item: str = "", *, audible: bool, far: bool = False) -> Verdict:
        """`far`: our ear heard nobody at the microphone."""
        another = bool(self._item) and item != self._item
        self._speech, self._item = True, item
        if audible or self._phase in _PAUSED:
            self._unwritten.add(item)
        if self._phase is _Phase.QUIET and audible:
            if far:
                self._phase, self._far, self._complete, self.deadline = _Phase.RESUMED, True, False, None
                return Verdict.NONE
            return self._suspect(now)
        if self._phase in (_Phase.QUIET, _Phase.TURN, _Phase.DOUBT) or (self._phase is _Phase.RESUMED and not audible):
            self._phase, self._far, self.deadline = _Phase.TURN, False, None
        elif self._phase is _Phase.RESUMED and another:
            self._onset = now
            return self._suspect(now)
        elif self._phase is _Phase.RESUMED:
            self.deadline = None  # what our ear had heard
        return Verdict.NONE

    def speech_stopped(self, now: float) -> Verdict:
        self._speech = False
        match self._phase:
            case _Phase.TURN if self._cut:
                self._unwritten.clear()
                self._phase, self._cut, self.deadline = _Phase.DOUBT, False, now + TRANSCRIPT_S
                return Verdict.TURN
            case _Phase.TURN:
                return self._settle(Verdict.TURN)
            case _Phase.QUIET:
                return Verdict.TURN
            case _Phase.SUSPECT:
                self._phase, self._complete, self.deadline = _Phase.RESUMED, True, now + TRANSCRIPT_S
                return Verdict.RESUME
            case _Phase.WAITS:
                self._complete, self.deadline = True, now + WORDS_S
            case _Phase.RESUMED:
                self._complete, self.deadline = True, now + TRANSCRIPT_S
            case _Phase.DOUBT:
                pass
        return Verdict.NONE

    def transcript(self, text: str, item: str = "", *, audible: bool, asked: bool = False) -> Verdict:
        """The recogniser's last word on the speech. It overrules what the sound suggested.

        `asked`: the agent has asked something, and a "yes" is more than a sign of listening.
        """
        nothing = says_nothing(text) or (is_back_channel(text) and not asked)
        if self._phase is _Phase.DOUBT and item == self._item:
            return self._settle(Verdict.TAKE_UP if nothing else Verdict.NONE)
        if item not in self._unwritten:
            return Verdict.NONE  # it belongs to what is settled
        self._unwritten.discard(item)
        if says_nothing(text) or (audible and (nothing or self._far)):
            if item != self._item or self._phase not in (*_PAUSED, _Phase.RESUMED):
                return Verdict.NONE
            return self._settle(Verdict.RESUME if self._phase in _PAUSED else Verdict.NONE)
        if self._phase in (_Phase.TURN, _Phase.DOUBT):
            return Verdict.NONE
        return self._take_turn()

    def decide(self, now: float, *, loud: bool) -> Verdict:
        """The deadline has come."""
        if self.deadline is None or now < self.deadline:
            return Verdict.NONE
        self.deadline = None
        match self._phase:
            case _Phase.SUSPECT:
                return self._decide_early(now, loud=loud)
            case _Phase.WAITS if self._complete or (self._speech and loud):
                return self._take_turn()
            case _Phase.WAITS if self._speech and now < self._onset + LONGEST_S + TRANSCRIPT_S:
                self.deadline = now + TRANSCRIPT_S  # the provider waits whether they go on
            case _Phase.WAITS if self._speech:
                self._phase = _Phase.RESUMED
                return Verdict.RESUME
            case _Phase.WAITS:
                return self._was_a_thing(now)
            case _Phase.RESUMED if self._complete and not self._far:
                return self._take_turn()  # nothing the caller said is lost for want of a transcript
            case _Phase.RESUMED if not self._speech:
                self._settle(Verdict.NONE)
            case _Phase.DOUBT:
                self._settle(Verdict.NONE)
            case _:
                pass
        return Verdict.NONE

    def _decide_early(self, now: float, *, loud: bool) -> Verdict:
        if not (self._speech or self._voice):
            return self._was_a_thing(now)
        if now < self._onset + DECIDE_S:
            self.deadline = self._onset + DECIDE_S
            return Verdict.NONE
        if loud:
            self._phase, self.deadline = _Phase.WAITS, max(now, self._onset + LONGEST_S)
            return self.decide(now, loud=loud)  # a pause for breath may have come between
        self._phase = _Phase.RESUMED
        self.deadline = None if self._speech else now + TRANSCRIPT_S  # the provider may be slow to hear it
        return Verdict.RESUME

    def typed(self) -> None:
        """The caller wrote, and so has the floor, whatever was in dispute: it is answered with that."""
        self._unwritten.clear()
        self._settle(Verdict.NONE)
        if self._speech:
            self._phase = _Phase.TURN

    def _suspect(self, now: float, *, voice: bool = False) -> Verdict:
        if self._phase is _Phase.QUIET:
            self._onset, self._item = now, self._item if self._speech else ""
        self._phase, self._voice, self._far, self._complete = _Phase.SUSPECT, voice, False, False
        self.deadline = now + (DECIDE_S if self._speech or voice else NOISE_S)
        return Verdict.PAUSE

    def _was_a_thing(self, now: float) -> Verdict:
        self._distrusts_until = now + DISTRUST_S
        return self._settle(Verdict.RESUME)

    def _take_turn(self) -> Verdict:
        """CUT while the caller still speaks; TURN, which cuts too, when they have finished."""
        self._unwritten.clear()
        if not self._speech:
            return self._settle(Verdict.TURN)
        self._phase, self._cut, self.deadline = _Phase.TURN, self._phase in _PAUSED, None
        return Verdict.CUT

    def _settle(self, verdict: Verdict) -> Verdict:
        self._phase, self.deadline = _Phase.QUIET, None
        self._voice = self._far = self._complete = self._cut = False
        return verdict
