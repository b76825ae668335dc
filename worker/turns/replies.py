"""The model's replies: each is asked for, begins and is spoken; or it is refused, cut off or given up for another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from agents import claims
from worker.journal import events as journal
from worker.line.events import Audio, MessageEnded, MessageStarted, ReplyEnded, ReplyStarted, Text
from worker.turns import reply_hints
from worker.turns.arbiter import Arbiter, Reason
from worker.turns.latency import Latency
from worker.turns.watchdog import Due, Step, Watchdog

CORRECTIONS = 2  # without a word of the caller in between: a model that insists is not argued with for ever
BUSY = "conversation_already_has_active_response"

_BY_ITSELF = (Reason.FILLER, Reason.GOODBYE, Reason.NUDGE)  # who wants them asks again if need be
_WORDS_ALONE = (*_BY_ITSELF, Reason.INSTEAD)  # nothing is done in these replies

ReplyEvent = ReplyStarted | MessageStarted | Text | Audio | MessageEnded | ReplyEnded


class Model(Protocol):
    """What is asked for replies: a `Line` does all of this."""

    @property
    def up(self) -> bool:
        """Whether it may be asked."""

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """Asks for a reply; returns the request's id."""

    def cancel(self, reply: str | None = None) -> None:
        """No more of this reply, or of whatever runs."""

    def give_up(self, why: str) -> None:
        """It does not answer, or fails: another session is needed."""

    def words(self, item: str) -> str:
        """What has been said in a message so far."""


class Voice(Protocol):
    """What makes messages heard: an `AudioGate` does all of this, or `Checking` before it."""

    @property
    def audible(self) -> bool:
        """Something speaks, or waits to speak."""

    def open(self, item: str, agent: str, epoch: int) -> None: ...

    def feed(self, item: str, pcm: bytes) -> None: ...

    def write(self, item: str, text: str) -> None: ...

    def end(self, item: str) -> None: ...

    def break_off(self, item: str) -> bool:
        """No more of it comes. Returns whether anything of it is heard."""

    def cut(self) -> None:
        """Silence, and every message is over."""


@dataclass(slots=True)
class _Reply:
    """The reply that was asked for last."""

    ask: str
    epoch: int
    agent: str
    reason: Reason
    id: str = ""
    hint: str = ""
    cut: bool = False  # nobody shall hear more of it
    refused: bool = False  # another runs at the provider, which nobody here asked for
    fruitful: bool = False  # it brought sound or a tool call
    message: str = ""  # the item that is being spoken
    messages: set[str] = field(default_factory=set)  # and all that were


class Replies:
    """Knows the reply that was asked for last, what else there is to reply to, and what the next shall be told.

    `want` says why a reply is due, `ask` asks when it is its turn, `handle` takes what becomes of it. One that comes to
    nothing is asked for again, as `watchdog` says, but not if the caller had it `cut`. Call `watch` at its deadline.

    Times are seconds on `clock`. `begun` hears of the epoch whose reply begins, `not_begun` why one never will:
    it returns whether that undoes a handoff, and has then wanted a reply that says so. `gave_up` hears of a reply that is
    not asked for again: with the sentence that was to be said, if it was one of ours. `how_it_goes` is what a tool that is
    waited for has told.
    """

    def __init__(
        self,
        model: Model,
        gate: Voice,
        watchdog: Watchdog,
        *,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
        begun: Callable[[int], None],
        not_begun: Callable[[int, str], bool],
        gave_up: Callable[[str], None],
        how_it_goes: Callable[[], str],
    ) -> None:
        self._model, self._gate, self._watchdog, self._clock, self._record = model, gate, watchdog, clock, record
        self._begun, self._not_begun, self._gave_up, self._how_it_goes = begun, not_begun, gave_up, how_it_goes
        self._arbiter = Arbiter()
        self._reply: _Reply | None = None
        self._over: _Reply | None = None  # the one before it, of which something may still wait to be heard
        self._hint = ""  # for the next reply only
        self._nudge = ""  # for one that asks whether the caller is there
        self._sentence = ""  # to be said instead of the model's own
        self._news: list[str] = []  # results to tell when nobody speaks
        self._telling: list[str] = []  # those that the reply for news was asked for
        self._corrections = 0
        self._latency = Latency()

    # ---- what a reply is due to

    def want(self, reason: Reason, hint: str = "") -> None:
        """A reply is due. `hint` is told to the next one, in place of what else it would be told."""
        self._hint = hint or self._hint
        self._arbiter.want(reason)

    def nudge(self, hint: str) -> None:
        """The caller is to be asked whether they are there, if nothing else is to be said."""
        self._nudge = hint
        self._arbiter.want(Reason.NUDGE)

    def say(self, sentence: str) -> None:
        """The agent is to say this sentence, and nothing else."""
        self._sentence = sentence
        self._arbiter.want(Reason.INSTEAD)

    def drop(self, reason: Reason) -> None:
        """There is no need any more."""
        if reason is Reason.GOODBYE and self._arbiter.wants(reason):
            self._hint = ""
        self._arbiter.drop(reason)

    def close(self) -> None:
        """From now on no reply is due but a goodbye; the one that runs is heard to its end."""
        self._arbiter.close()

    def caller_spoke(self, *, ended: float) -> None:
        """The caller's turn is complete; its last sound was at `ended`."""
        self._latency.turn_ended(ended)
        self._watchdog.caller_spoke(self._clock(), ended)
        self._corrections = 0
        self._arbiter.drop(Reason.INSTEAD)
        self._arbiter.want(Reason.TURN)
        self._want_news()

    def owed(self, *, ended: float) -> None:
        """The caller's turn is complete, and a model that keeps turns itself is to answer it, unasked."""
        self._watchdog.owed(self._clock(), ended)

    def withdraw(self) -> bool:
        """The caller's turn was not complete: it is not answered yet, if nothing has come of the answer so far."""
        if self._gate.audible or (self._reply and self._reply.fruitful):
            return False
        self.cut()
        self._arbiter.drop(Reason.TURN)
        return True

    def take_up(self, heard: str) -> None:
        """What seemed a turn of the caller was none: what it has cut off, `heard` so far, goes on in place of an answer."""
        if self.withdraw():
            self.want(Reason.RETRY, reply_hints.taken_up(heard))

    def tell(self, result: str) -> None:
        """Something has ended that nobody waited for: the caller hears of it when nobody speaks."""
        self._news.append(result)
        self._arbiter.want(Reason.NEWS)

    def _want_news(self) -> None:
        if self._news:
            self._arbiter.want(Reason.NEWS)

    def correct(self, tools: Sequence[str]) -> None:
        """What an agent has told as done, and has not done, it takes back."""
        if self._corrections < CORRECTIONS:
            self._corrections += 1
            self._fired(f"said, but not done: {', '.join(tools)}", Step.PUT_RIGHT)
            self._hint = f"{self._hint} {claims.correction(tools)}".strip()
            self._arbiter.want(Reason.CORRECTION)

    # ---- when it is asked for

    @property
    def running(self) -> bool:
        """A reply was asked for, and is not over."""
        return self._arbiter.running

    @property
    def due(self) -> bool:
        """There is something to ask a reply for."""
        return self._arbiter.pending

    def ask(self, agent: str, epoch: int, *, caller_speaking: bool) -> None:
        """Asks for the next reply, if it is time for one; `agent`, who has the call since `epoch`, will speak.

        What a model is about to say unasked comes first: it would break off for a request.
        """
        if not self._model.up or self._watchdog.owes:
            return
        if reason := self._arbiter.next(caller_speaking=caller_speaking, audible=self._gate.audible):
            hint = self._hint_for(reason)
            ask = self._model.ask(hint, tools=reason not in _WORDS_ALONE)
            self._reply = _Reply(ask, epoch, agent, reason, hint=hint)
            self._arbiter.asked(reason)
            self._watchdog.asked(self._clock())

    def answers(self, reply: str, agent: str, epoch: int) -> None:
        """A model that keeps turns itself answers the caller's, unasked."""
        if self._arbiter.running:
            self._arbiter.ended()
        self._reply = _Reply("", epoch, agent, Reason.TURN, id=reply)
        self._watchdog.alive(self._clock())
        self._arbiter.answered()
        if not (self._arbiter.wants(Reason.CORRECTION) or self._arbiter.wants(Reason.GOODBYE)):
            late = self._arbiter.wants(Reason.RESULT)
            self._hint = reply_hints.LATE_RESULT if late else ""  # what was left to it is out of date

    def _hint_for(self, reason: Reason) -> str:
        """What is added to the instructions for the next reply only."""
        match reason:
            case Reason.FILLER:
                return reply_hints.filler(self._how_it_goes())
            case Reason.NUDGE:
                return self._nudge
            case Reason.NEWS:
                self._telling, self._news = self._news, []
                return reply_hints.news(self._telling)
            case Reason.INSTEAD:
                return reply_hints.say_only(self._sentence)
            case _:
                hint, self._hint = self._hint, ""
                return hint

    @property
    def turn_due(self) -> bool:
        """The caller took a turn, and the model has not been asked to answer it yet."""
        return self._arbiter.wants(Reason.TURN)

    def agent_of(self, reply: str) -> str | None:
        """Who speaks in a reply; None for one of another time."""
        return self._reply.agent if self._reply and self._reply.id == reply else None

    # ---- what becomes of it

    def handle(self, event: ReplyEvent) -> None:
        """Something came of a reply; only the one that was asked for last may be heard."""
        match event:
            case ReplyStarted(reply, ask):
                self._on_started(reply, ask)
            case MessageStarted(reply, item):
                if current := self._current(reply):
                    current.message = item
                    current.messages.add(item)
                    self._gate.open(item, current.agent, current.epoch)
            case Text(reply, item, text):
                if self._alive(reply):
                    self._gate.write(item, text)
            case Audio(reply, item, pcm):
                if current := self._alive(reply):
                    current.fruitful = True
                    self._gate.feed(item, pcm)
            case MessageEnded(reply, item):
                if self._current(reply):
                    self._gate.end(item)
            case ReplyEnded(reply, failure):
                self._on_ended(reply, failure)
            case _:
                assert_never(event)

    def tool_requested(self, reply: str) -> int | None:
        """A reply calls a tool; returns the epoch it was asked in, None for one of another time."""
        if not (current := self._reply) or current.id != reply:
            return None
        current.fruitful = True
        self._watchdog.calls_tool(self._clock())
        return current.epoch

    def refused(self, ask: str, code: str) -> None:
        """The provider will not reply, for its reason `code`; `ask` is empty if it does not say to which request."""
        if not (reply := self._reply) or reply.id or ask not in ("", reply.ask):
            return
        if code == BUSY:
            reply.refused = True
            self._watchdog.busy(self._clock())
            self._model.cancel()
        else:
            self._give_up(reply, code)

    def cut(self) -> None:
        """Silence, and no more of the reply that runs.

        It is cancelled before its message is truncated: what a model says in between, its memory would hold.
        """
        if (reply := self._reply) and not reply.cut:
            reply.cut = True
            self._watchdog.cut(self._clock())
            if not reply.message:
                self._hand_on(reply)
                self._want_news()
            if reply.id:
                self._model.cancel(reply.id)
        self._gate.cut()

    def withhold(self, item: str) -> None:
        """Nobody hears more of this message, nor of the reply that it is in."""
        if (reply := self._reply) and item in reply.messages and not reply.cut:
            reply.cut = True
            self._watchdog.cut(self._clock())
            self._model.cancel(reply.id)

    def unworded(self, item: str, heard: str, *, again: bool) -> None:
        """Nobody hears more than `heard` of this message, of whose sound there are no words: its reply comes to nothing.

        `again`: it is asked for again, as any that does.
        """
        reply = next((one for one in (self._reply, self._over) if one and item in one.messages), None)
        self.withhold(item)
        if reply and again:
            self._watchdog.not_worked()
            self._leave_to_next(reply, heard, said=bool(heard))
            self._try_again(reply, "the reply has no words", said=bool(heard))

    def line_lost(self) -> None:
        """The reply that runs is gone with its session; what was to come of it is asked for in the next."""
        reply = self._end()
        if reply and not reply.cut:
            self._break_off(reply)
            self._arbiter.want(Reason.INSTEAD if reply.reason is Reason.INSTEAD else Reason.RETRY)
            self._want_news()

    @property
    def owed_to_caller(self) -> bool:
        """An answer is due, asked for, or expected unasked."""
        return self.running or self.due or self._watchdog.owes

    def watch(self) -> None:
        """Does what the watchdog says about the model."""
        match self._watchdog.step(self._clock(), up=self._model.up):
            case Due(Step.ASK, why):
                self._fired(why, Step.ASK)
                self._arbiter.want(Reason.TURN)
            case Due(Step.MOVE, why):
                self._move(why)
            case Due(_, why) if reply := self._reply:
                self._model.cancel(reply.id or None)
                self._give_up(reply, why)
                if self._watchdog.lifeless:
                    self._model.give_up(why)

    def abandon(self, why: str) -> None:
        """Whatever becomes of the reply that runs, or waits to be heard: the caller has waited long enough."""
        reply = self._end()
        if reply and not reply.cut:
            self._model.cancel(reply.id or None)
            if not reply.message:
                self._hand_on(reply)
        self._arbiter.drop(Reason.RETRY)
        self._arbiter.drop(Reason.INSTEAD)
        self._gate.cut()
        self._fired(why, Step.APOLOGISE)
        self._gave_up("")
        if reply and not reply.cut:
            self._model.give_up(why)

    # ---- how long the caller waited

    def sounds(self, item: str) -> None:
        """The first sample of a message goes to the room now."""
        self._latency.sounds(item, self._clock())

    def latency_ms(self, item: str, *, heard: bool) -> int | None:
        """From the end of the caller's turn to the first sound of a message that is over; None if others came before.

        Of one that was cut before it was `heard`, nothing came: the turn waits for the next.
        """
        return self._latency.of(item, heard=heard)

    # ---- step by step

    def _current(self, reply: str) -> _Reply | None:
        """The reply that may be heard; None for one that is cut off, or of another time."""
        return self._reply if self._reply and self._reply.id == reply and not self._reply.cut else None

    def _alive(self, reply: str) -> _Reply | None:
        """The reply, if what comes of it shall be heard; it is a sign of life."""
        if current := self._current(reply):
            self._watchdog.alive(self._clock())
        return current

    def _on_started(self, reply: str, ask: str) -> None:
        if not self._reply or self._reply.ask != ask:
            self._model.cancel(reply)  # one that was given up before it began
            return
        self._reply.id = reply
        if self._reply.cut:
            self._model.cancel(reply)
        else:
            self._watchdog.alive(self._clock())
        self._begun(self._reply.epoch)

    def _on_ended(self, reply: str, failure: str) -> None:
        if not (current := self._reply):
            return
        if current.refused:
            self._give_up(current, "the provider was busy with another reply")
        elif current.id == reply and not current.cut and (failure or not current.fruitful):
            self._give_up(current, failure or ("the reply has no sound" if current.message else "the reply was empty"))
        elif current.id == reply:
            if not current.cut:
                self._watchdog.worked()
            self._end()

    def _end(self) -> _Reply | None:
        """No reply runs from now on. Returns the one that did."""
        reply, self._reply = self._reply, None
        self._over = reply or self._over
        self._arbiter.ended()
        self._watchdog.over()
        return reply

    def _give_up(self, reply: _Reply, why: str) -> None:
        """Nothing more will come of it. Whoever was to take the call with it has not."""
        self._end()
        if reply.cut:
            return
        if reply.id or not self._not_begun(reply.epoch, why):
            self._try_again(reply, why, said=self._break_off(reply))

    def _try_again(self, reply: _Reply, why: str, *, said: bool) -> None:
        """`said`: something of it is heard."""
        news = reply.reason is Reason.NEWS
        if reply.reason is Reason.INSTEAD:
            self._fired(why, Step.SAY)
            self._gave_up(self._sentence)
            return
        if reply.reason in _BY_ITSELF or (news and said):
            self._fired(why, Step.LEAVE)
            return
        match step := self._watchdog.failed():
            case Step.APOLOGISE:
                self._fired(why, step)
                self._gave_up("")
            case _:
                self._arbiter.want(Reason.NEWS if news else Reason.RETRY)
                if step is Step.MOVE:
                    self._move(why)
                else:
                    self._fired(why, step)

    def _move(self, why: str) -> None:
        self._fired(why, Step.MOVE)
        self._model.give_up(why)

    def _fired(self, why: str, step: Step) -> None:
        self._record(journal.WatchdogFired(reason=why, action=step.value))

    def _break_off(self, reply: _Reply) -> bool:
        """No more comes of a reply: what is there of it is still heard, if that is anything."""
        said = bool(reply.message) and self._gate.break_off(reply.message) and reply.fruitful
        self._leave_to_next(reply, self._model.words(reply.message) if said else "", said=said)
        return said

    def _leave_to_next(self, reply: _Reply, heard: str, *, said: bool) -> None:
        """What a reply has not said; `heard` is what it has."""
        if said:
            self._hint = reply_hints.go_on(heard)
        else:
            self._hand_on(reply)

    def _hand_on(self, reply: _Reply) -> None:
        """Nothing of a reply was said: what it was asked for is left to the next, or has one of its own again."""
        match reply.reason:
            case Reason.FILLER | Reason.GOODBYE | Reason.NUDGE | Reason.INSTEAD:
                pass
            case Reason.NEWS:
                self._news[:0] = self._telling
            case _:
                self._hint = self._hint or reply.hint
