"""What is done about an answer that does not come: no turn of a caller's ends in silence."""

import math
from dataclasses import dataclass
from enum import Enum, auto

BEGIN_S = 6.0  # a model that has not begun by then is taken to be mute
STALL_S = 9.0  # a reply that shows no sign of life for so long has a session that has none
CANCEL_S = 3.0  # a cancelled one that is not confirmed by then is taken to be over
RETRIES = 2
PATIENCE_S = 4.0  # of silence after the caller's turn; longer, and people ask whether anybody is there
CHANCE_S = 0.5  # to answer a turn that was noticed late, before the silence is filled
AGAIN_S = 9.0  # of silence after a word that answered nothing
ASK_S = 2.0  # before that, while a tool runs, the model is asked for a word: callers know its voice
ANSWER_S = 20.0  # whatever the model does meanwhile: an answer of which nothing is heard by then will not come
ANEW_S = 9.0  # of these, whoever is asked in a new session has so much at least
_UP_S = 0.5  # whether the line is up again


class Step(Enum):
    """What is done; the value is the journal's word for it."""

    ASK = "ask"  # a model that answers unasked has not
    AGAIN = "ask again"
    MOVE = "swap the line"  # it may be the session's fault, or its provider's
    WORD = "ask for a word"  # while a tool runs
    MOMENT = "say: one moment"  # in the voice that needs no model
    STILL = "say: still here"  # and so is this
    SAY = "say it without a model"  # a sentence of ours that it was to say
    APOLOGISE = "apologise"
    LEAVE = "leave it"  # nobody misses it
    PUT_RIGHT = "put it right"  # what was said is not so


class Wait(Enum):
    """What the caller waits for."""

    NOTHING = auto()
    ANSWER = auto()
    TOOL = auto()  # which has a deadline of its own
    QUIET_TOOL = auto()  # its team wants no word while it runs
    LINE = auto()  # nobody can be asked: whoever dials has a deadline


class _Stage(Enum):
    """How far a reply is."""

    NONE = auto()
    ASKED = auto()
    BUSY = auto()  # it was refused: the provider has another to end first
    BEGUN = auto()
    CUT = auto()  # nobody wants it any more, and the provider has to confirm that


@dataclass(frozen=True, slots=True)
class Due:
    """It is time for a step. `why` is for the journal."""

    step: Step
    why: str


class Watchdog:
    """A pure state machine: facts in by method, `step` and `listen` say what is to be done. Times are seconds on one clock.

    `step` watches the model, by its signs of life: a turn that nobody answers is asked for, a model that is mute or falls
    silent is left for another session, a reply that fails is asked for again, in the end in another; then there is an
    apology.
    `listen` watches the room, by what is heard: while the caller waits, it is silent for PATIENCE_S after their turn at
    most, and for AGAIN_S at any time; after ANSWER_S without a sound of an answer there is an apology.
    """

    def __init__(self) -> None:
        self._stage, self._life = _Stage.NONE, math.inf
        self._owed_by = math.inf
        self._retries, self._moved = 0, False
        self._worked_after = 0  # retries
        self._wait = Wait.NOTHING
        self._sounding = False
        self._silent_since = self._unanswered_since = 0.0
        self._chance_until = -math.inf
        self._worded = False  # what was heard last in this wait answered nothing
        self._asked_for_word = False  # in this silence
        self._listens_at = math.inf

    @property
    def deadline(self) -> float | None:
        """When `step` or `listen` has something to say, if nothing happens before."""
        due = min(self._life, self._owed_by, self._listens_at)
        return due if due < math.inf else None

    # ---- the model

    def caller_spoke(self, now: float, ended: float) -> None:
        """The caller's turn is complete; their last sound was at `ended`. Nothing has been tried yet."""
        self._owed_by = math.inf
        self._retries, self._worked_after, self._moved = 0, 0, False
        self._begin_waiting(ended)
        self._unanswered_since, self._chance_until = max(ended, now - PATIENCE_S + CHANCE_S), now + CHANCE_S
        self._wait = Wait.ANSWER

    def owed(self, now: float, ended: float) -> None:
        """The caller's turn is complete, and a model that keeps turns itself is to answer it, unasked."""
        self.caller_spoke(now, ended)
        self._owed_by = now + BEGIN_S

    @property
    def owes(self) -> bool:
        """A model is about to answer unasked."""
        return self._owed_by < math.inf

    def asked(self, now: float) -> None:
        self._owed_by = math.inf
        self._stage, self._life = _Stage.ASKED, now + BEGIN_S

    def alive(self, now: float) -> None:
        """The reply begins, or goes on."""
        self._owed_by = math.inf
        self._stage, self._life = _Stage.BEGUN, now + STALL_S

    def calls_tool(self, now: float) -> None:
        """The reply does, and may end soon."""
        self._life = max(self._life, now + CANCEL_S)

    def busy(self, now: float) -> None:
        self._stage, self._life = _Stage.BUSY, now + CANCEL_S

    def cut(self, now: float) -> None:
        self._stage, self._life = _Stage.CUT, now + CANCEL_S

    def over(self) -> None:
        """No reply runs."""
        self._life = math.inf

    def worked(self) -> None:
        """A reply came to a good end."""
        self._retries, self._worked_after = 0, self._retries

    def not_worked(self) -> None:
        """What seemed to be a good end was none: nothing of the reply may be heard."""
        self._retries = max(self._retries, self._worked_after)

    def failed(self) -> Step:
        """The reply that is over came to nothing: what to do now. A mute model is not asked twice in the same session."""
        mute = self._stage is _Stage.ASKED and self._moved
        if mute or self._retries >= RETRIES:
            return Step.APOLOGISE
        self._retries += 1
        if self._retries == RETRIES and not self._moved:
            self._moved = True
            return Step.MOVE
        return Step.AGAIN

    def step(self, now: float, *, up: bool) -> Due | None:
        """What to do about the model, if anything. `up`: it may be asked."""
        if now >= self._owed_by:
            self._owed_by = math.inf
            if self._life == math.inf:
                return Due(Step.ASK, "the caller's turn is not answered")
        if now < self._life:
            return None
        if not up:
            self._life = now + _UP_S
            return None
        if self.lifeless and not self._moved:
            self._moved = True
            return Due(Step.MOVE, self._last_sign)
        return Due(Step.LEAVE, self._last_sign)

    @property
    def lifeless(self) -> bool:
        """It is not only the reply that does not come: when it is over, its session is not to be asked again."""
        return self._stage in (_Stage.ASKED, _Stage.BEGUN)

    @property
    def _last_sign(self) -> str:
        if self._stage is _Stage.BUSY:
            return "the provider stays busy with another reply"
        if self._stage is _Stage.ASKED:
            return f"no reply begins in {BEGIN_S:.0f} s"
        return f"no sign of life for {STALL_S if self._stage is _Stage.BEGUN else CANCEL_S:.0f} s"

    # ---- the room

    def sounds(self, now: float, *, on: bool) -> None:
        """Something is heard from now on, or nothing is any more."""
        self._sounding, self._silent_since, self._asked_for_word = on, now, False
        if not self._worded:
            self._unanswered_since = now

    def speaks(self, now: float, *, model: bool) -> None:
        """The model is heard from now on, or else a word in its place. What it says while a tool runs is no answer."""
        self._worded = not model or self._wait is Wait.TOOL
        if model:
            self._unanswered_since = now

    def listen(self, now: float, wait: Wait, *, caller_speaking: bool, model_free: bool) -> Due | None:
        """What to do about a silence, if anything. `model_free`: it may be asked for a word."""
        if self._wait is Wait.NOTHING and wait is not Wait.NOTHING:
            self._begin_waiting(now)
        self._wait, self._listens_at = wait, math.inf
        if wait is Wait.LINE:
            self._unanswered_since = max(self._unanswered_since, now - ANSWER_S + ANEW_S)
        elif wait is not Wait.ANSWER:
            self._unanswered_since = now
        if wait is Wait.NOTHING or self._sounding or caller_speaking:
            return None
        patience_s = AGAIN_S if self._worded or wait is Wait.QUIET_TOOL else PATIENCE_S
        speaks_at = max(self._silent_since + patience_s, self._chance_until)
        gives_up_at = self._unanswered_since + ANSWER_S
        asks = wait is Wait.TOOL and model_free and not self._asked_for_word
        if now >= gives_up_at:
            self._unanswered_since = now
            return Due(Step.APOLOGISE, f"nothing of an answer is heard for {ANSWER_S:.0f} s")
        if now >= speaks_at:
            step = Step.STILL if self._worded else Step.MOMENT
            self._silent_since, self._worded, self._asked_for_word = now, True, False
            return Due(step, f"nothing is heard for {patience_s:.0f} s")
        if asks and now >= speaks_at - ASK_S:
            self._asked_for_word = True
            return Due(Step.WORD, f"nothing is heard for {patience_s - ASK_S:.0f} s while a tool runs")
        self._listens_at = min(gives_up_at, speaks_at - ASK_S if asks else speaks_at)
        return None

    def _begin_waiting(self, since: float) -> None:
        self._silent_since = self._unanswered_since = since
        self._worded = self._asked_for_word = False
