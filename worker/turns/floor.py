"""Who has the floor: what the caller's sounds and words do to what an agent says, and when a turn of theirs is complete."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.spec import AgentSpec, FactSpec, TeamSpec
from worker.gate.audio_gate import AudioGate
from worker.line.events import SpeechStarted, SpeechStopped, Transcript
from worker.line.profile import Profile
from worker.turns import heard_out, patience
from worker.turns.back_channel import was_said
from worker.turns.barge_in import BargeIn, Verdict
from worker.turns.ear import Ear
from worker.turns.replies import Replies
from worker.voice_detection import THREAD

SOUND_S = 1.5  # a caller's sound may be speech for so long: then a model that does not say so has told its words
LATE_S = 15.0  # a session that does not hear is left after nine seconds, and the next is told what it has missed
RETOLD_S = 2.0  # a new session has noticed by then what the old one may not have heard


@dataclass(slots=True)
class _Turn:
    """One that is over, if the caller does not go on: `ended` with their last sound, answered `by` then."""

    ended: float
    by: float
    said: str = ""


class Floor:
    """Carries out what `BargeIn` finds, as the present agent's `interruptions` and `must_hear` have it.

    `take_turn` hears of each turn of the caller, once, and when their last sound in it was. `insists`: last words are said,
    whoever speaks. `wanted` are the facts that are being asked for. Times are seconds on `clock`. Call `watch` at
    `deadline`.
    """

    def __init__(
        self,
        team: TeamSpec,
        gate: AudioGate,
        replies: Replies,
        *,
        clock: Callable[[], float],
        profile: Callable[[], Profile],
        agent: Callable[[], AgentSpec],
        wanted: Callable[[], Sequence[FactSpec]],
        insists: Callable[[], bool],
        take_turn: Callable[[float], None],
    ) -> None:
        self._gate, self._replies, self._clock = gate, replies, clock
        self._profile, self._agent, self._wanted, self._insists = profile, agent, wanted, insists
        self._take_turn = take_turn
        self._numbers = [spec for spec in team.facts.values() if patience.like_a_number(spec)]
        self._patience_s = team.turn_taking.patience_ms / 1000
        self._ear = Ear(profile().sample_rate)
        self._barge_in = BargeIn()
        self._speech = False
        self._asked = False  # the agent has asked something, in what was heard last
        self._cut_off = ""  # what was heard of the reply that was cut off last
        self._from: int | None = None  # how much of a message was heard when the caller was, if it has to be heard out
        self._finishes = ""  # the message that is cut off when the caller has heard out what they must
        self._held: _Turn | None = None
        self._last: _Turn | None = None  # the one that is being answered
        self.several = False  # more than one person is heard
        self._sound_at = -math.inf  # the caller's last one that nobody has answered
        self._retold_until = -math.inf

    async def prepare(self) -> None:
        """Loads what knows voices, while the call goes on."""
        await asyncio.get_running_loop().run_in_executor(THREAD, self._ear.learn_voices)

    # ---- what the caller does

    def hear(self, pcm: bytes) -> bool:
        """A frame of the caller's microphone. Returns whether `deadline` may be another one."""
        now, audible, ear = self._clock(), self._gate.audible, self._ear
        ear.all_near = self.several
        ear.hear(pcm)
        if ear.began:
            self._judge(self._barge_in.sound(now, audible=audible, voice=not ear.knows_voices))
        ear.look_for_voices(pcm, matters=audible, speech=self._speech)
        if ear.voice_began:
            self._judge(self._barge_in.voice(now, audible=audible))
        if ear.loud:
            self._sound_at = now
        return ear.began or ear.voice_began

    def complaint(self) -> tuple[str, str] | None:
        """What is wrong with the microphone, told once: a code, and what the caller can do."""
        return self._ear.complaint()

    def speech_started(self, event: SpeechStarted) -> None:
        audible, self._speech = self._gate.audible, True
        far = audible and self._ear.far
        self._judge(self._barge_in.speech_started(self._clock(), event.item, audible=audible, far=far))
        if not audible and not self._insists():
            self._replies.cut()  # a reply that nobody has heard yet would come in the middle of what they add

    def speech_stopped(self, _: SpeechStopped) -> None:
        self._speech = False
        if not self._gate.audible:
            self._ear.learn_level()
        self._judge(self._barge_in.speech_stopped(self._clock()))

    def transcript(self, event: Transcript) -> None:
        """The final words. After a question, even words that are not believed are a voice that answers."""
        audible, text = self._gate.audible, event.text
        if audible and not self._asked and not was_said(text, self._ear.sound_ms, event.sure):
            text = ""
        self._judge(self._barge_in.transcript(text, event.item, audible=audible, asked=self._asked))
        self._weigh(event.text)

    def typed(self) -> None:
        """The caller wrote: that is a turn, whatever is in dispute."""
        self._barge_in.typed()
        self._cut()
        self._held = None
        self._answer(self._clock())

    def pressed(self) -> None:
        """The caller dials: more will follow, and is a turn then."""
        self._barge_in.typed()
        self._cut()

    def release(self) -> None:
        """What the caller said is answered now, though more of a number may follow."""
        if turn := self._held:
            self._held = None
            self._answer(turn.ended)

    def answered(self) -> None:
        """A model that keeps turns itself took what the caller said for one, and replies."""
        self._barge_in.typed()
        self._replies.cut()
        self._answer(self._turn_ended())

    # ---- what the agent does

    def heard(self, text: str) -> None:
        """So much of a message has been heard."""
        self._asked = heard_out.asks(text)
        if self._from is not None:  # more of its words may be known now
            reach = self._reach(self._gate.saying[1], self._from)
            if self._finishes:
                self._gate.stop_after(reach)
            else:
                self._gate.pause_after(reach)

    def over(self, item: str, text: str, *, interrupted: bool) -> None:
        """A message is over: so much of it was heard."""
        self._asked = heard_out.asks(text)
        if interrupted:
            self._cut_off = text
        if self._finishes == item:
            self._finishes, self._from = "", None
            self._replies.cut()

    # ---- time

    @property
    def speaking(self) -> bool:
        """The caller is in the middle of something, or what they said is not answered yet: nobody else may begin."""
        return (
            self._barge_in.speaking
            or self._held is not None
            or bool(self._finishes)
            or self._sound_until > self._clock()
        )

    @property
    def caller_speaking(self) -> bool:
        """The caller is in the middle of something."""
        return self._barge_in.speaking

    @property
    def loud(self) -> bool:
        """Something is, at their microphone."""
        return self._ear.loud

    @property
    def undecided(self) -> bool:
        return self._barge_in.undecided or self._held is not None or bool(self._finishes)

    @property
    def deadline(self) -> float | None:
        sound = self._sound_until if self._sound_until > self._clock() else None
        held = self._held.by if self._held and not self._barge_in.speaking else None
        return min((by for by in (self._barge_in.deadline, sound, held) if by is not None), default=None)

    def watch(self) -> None:
        now = self._clock()
        self._judge(self._barge_in.decide(now, loud=self._ear.speaks))
        if self._held and not self._barge_in.speaking and now >= self._held.by:
            self.release()

    def line_lost(self) -> None:
        """The new session hears again what was being said."""
        self._barge_in = BargeIn()
        self._speech, self._finishes, self._from = False, "", None
        self._gate.resume()
        self.release()

    def retold(self) -> None:
        """A new session has been told what the old one may not have heard."""
        self._retold_until = self._clock() + RETOLD_S

    @property
    def _sound_until(self) -> float:
        """Until when the caller may be speaking, though a model that keeps turns itself has told nothing of it yet."""
        return -math.inf if self._profile().own_turns else self._sound_at + SOUND_S

    def _turn_ended(self) -> float:
        """When the caller's last sound was, if their turn is over now. Another session, or some models, tell of it late."""
        now, profile = self._clock(), self._profile()
        noticed = now - profile.silence_ms / 1000
        late_s = LATE_S if now < self._retold_until or not profile.own_turns else 0
        return self._sound_at if noticed - late_s < self._sound_at < noticed else noticed

    # ---- step by step

    def _judge(self, verdict: Verdict) -> None:
        if self._insists():
            return
        match verdict:
            case Verdict.PAUSE:
                self._pause()
            case Verdict.RESUME:
                self._from = None
                self._gate.resume()
            case Verdict.CUT:
                self._cut()
            case Verdict.TURN:
                self._cut()
                if self._profile().own_turns:
                    self._complete()
                else:
                    self._replies.owed(ended=self._turn_ended())
            case Verdict.TAKE_UP:
                self._replies.take_up(self._cut_off)
            case Verdict.NONE:
                pass

    def _pause(self) -> None:
        """At once, or when the caller has heard what they must hear."""
        _, text, heard = self._gate.saying
        policy, reach = self._agent().interruptions, self._reach(text, heard)
        if reach <= heard and policy != "none":
            self._gate.pause()
        elif policy != "none" and not self._finishes:
            self._from = heard
            self._gate.pause_after(reach)

    def _reach(self, text: str, heard: int) -> int:
        agent = self._agent()
        return heard_out.reach(text, heard, agent.interruptions, agent.must_hear)

    def _cut(self) -> None:
        """As soon as the caller has heard what they must hear."""
        if not self._gate.audible:
            self._replies.cut()
        elif self._agent().interruptions == "none":
            self._gate.resume()  # it is answered afterwards
        elif not self._finishes:
            self._stop(self._gate.saying[2] if self._from is None else self._from)

    def _stop(self, heard: int) -> None:
        """When the caller wanted the floor, so many characters of what is being said were `heard`."""
        item, text, now = self._gate.saying
        if (reach := self._reach(text, heard)) > now:
            self._finishes, self._from = item, heard
            self._gate.stop_after(reach)
        elif not self._finishes:
            self._from = None
            self._replies.cut()

    def _complete(self) -> None:
        """The caller's turn is, unless they are in the middle of a number."""
        now, before = self._clock(), self._held
        turn = _Turn(self._turn_ended(), now + self._patience_s, before.said if before else "")
        if self._patience_s and (before or self._asks_for_number):
            self._held = turn
        else:
            self._last = turn
            self._answer(turn.ended)

    @property
    def _asks_for_number(self) -> bool:
        return any(patience.like_a_number(spec) for spec in self._wanted())

    def _weigh(self, said: str) -> None:
        """Words of a turn that waits, or is being answered: whether a number in them is complete."""
        if turn := self._held:
            turn.said = f"{turn.said} {said}"
            if not (self._dictates(turn.said) or self._barge_in.speaking):
                self.release()
        elif (turn := self._last) and not self._gate.audible and self._patience_s:
            self._last = None
            if self._clock() < turn.by and self._dictates(said) and self._replies.withdraw():
                turn.said, self._held = said, turn

    def _dictates(self, said: str) -> bool:
        return patience.dictates(said, wanted=self._asks_for_number, known=self._numbers)

    def _answer(self, ended: float) -> None:
        self._sound_at = -math.inf
        self._take_turn(ended)
