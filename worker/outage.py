"""What the caller hears when no model speaks: that it takes a moment, that there is no answer, and last words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from livekit.agents.utils import shortuuid

from agents.announcements import AnnouncementsSpec
from agents.spec import TeamSpec
from worker.background import Start
from worker.gate.audio_gate import AudioGate
from worker.journal.events import ANNOUNCED
from worker.turns.watchdog import AGAIN_S, Step

WONDER_S = 2.5  # without a session; after that, silence makes people wonder
_QUIET_S = 0.5  # what is still being said is looked at again
_LINGER_S = 0.5  # what left us last is still on its way to the caller


class Speak(Protocol):
    """Turns a sentence into sound without a provider: see `Announcements`."""

    def __call__(self, text: str, role: str, *, keep: bool = True) -> Awaitable[bytes]: ...


class Outage:
    """Speaks in the present agent's name, through the gate that all speech goes through.

    `present` is who has the call, and since which epoch; `connected`, whether a session is there. `promise` finds out what
    else to tell the caller with last words; `left` hears, with the reason, when these were heard. Times are seconds on
    `clock`. It begins with no session.
    """

    def __init__(
        self,
        team: TeamSpec,
        gate: AudioGate,
        speak: Speak,
        *,
        clock: Callable[[], float],
        present: Callable[[], tuple[str, int]],
        connected: Callable[[], bool],
        promise: Callable[[], Awaitable[str | None]],
        left: Callable[[str], None],
    ) -> None:
        self._team, self._gate, self._speak = team, gate, speak
        self._clock, self._present, self._connected = clock, present, connected
        self._promise, self._left = promise, left
        self._waiting = dict[str, asyncio.Event]()  # to be heard, by item
        self._told = False
        self._owed = ""  # a sentence that no model has said
        self._word = ""  # to fill a silence
        self.parting = False  # last words are said, whoever speaks
        self.deadline: float | None = None  # when `watch` has something to do
        self.lost()

    @property
    def _texts(self) -> AnnouncementsSpec:
        return self._team.announcements

    def lost(self) -> None:
        """There is no session from now on."""
        self._told = False
        self.deadline = self._clock() + WONDER_S

    def unanswered(self, sentence: str = "") -> None:
        """The model has failed to reply, or to say this sentence: that is said as soon as nobody speaks."""
        self._owed, self.deadline = sentence or self._texts.unanswered, self._clock()

    def fill(self, step: Step) -> None:
        """The caller waits in silence for a model that is there: a word for them, as soon as they are quiet themselves."""
        self._word = self._texts.moment if step is Step.MOMENT else self._texts.still
        self.deadline = self._clock()

    def filled(self) -> None:
        """Something is heard, or nobody waits: there is no need of a word."""
        self._word = ""

    def watch(self, start: Start, *, caller_speaking: bool) -> None:
        """Tells the caller what they wait for, when they have waited long enough, or in vain."""
        now = self._clock()
        if self.deadline is None or now < self.deadline:
            return
        word = self._word
        if self.parting or (self._connected() and not self._owed and not word):
            self.deadline = None
        elif self._gate.sounding or caller_speaking or (self._gate.audible and not word):
            self.deadline = now + _QUIET_S
        elif self._owed:
            owed, self._owed, self._word, self.deadline = self._owed, "", "", now + AGAIN_S
            start(self._say(owed))
        elif self._connected():
            self._word, self.deadline = "", None
            start(self._bridge(word))
        else:
            self._word = ""
            text = self._texts.waiting if self._told else self._texts.lost
            self._told, self.deadline = True, now + AGAIN_S
            start(self._tell(text))

    def heard(self, item: str) -> bool:
        """A message is over; returns whether it was an announcement."""
        if waiting := self._waiting.pop(item, None):
            waiting.set()
        return waiting is not None

    @property
    def speaking(self) -> bool:
        """An announcement is heard, or is the next to be."""
        return bool(self._waiting)

    def announces(self, item: str) -> bool:
        """Whether a message is an announcement that is not over."""
        return item in self._waiting

    def part(self, start: Start, reason: str) -> None:
        """Ends the call with last words."""
        start(self._say_last_words(reason))

    async def _say_last_words(self, reason: str) -> None:
        """Until they have been heard."""
        self.parting = True
        self._gate.resume()
        self._put(self._texts.unreachable, await self._sound(self._texts.unreachable))
        last = await self._promise()
        sound = await self._sound(last, keep=False) if last else b""
        if not last or not sound:
            last = self._texts.goodbye
            sound = await self._sound(last)
        await self._put(last, sound).wait()
        await asyncio.sleep(_LINGER_S)
        self._left(reason)

    async def _say(self, text: str) -> None:
        sound = await self._sound(text)
        if not self.parting:
            self._put(text, sound)

    async def _tell(self, text: str) -> None:
        sound = await self._sound(text)
        if not self.parting and not self._connected():
            self._put(text, sound)

    async def _bridge(self, word: str) -> None:
        sound = await self._sound(word)
        if not self.parting and not self._gate.sounding:
            self._put(word, sound, first=True)

    async def _sound(self, text: str, *, keep: bool = True) -> bytes:
        agent, _ = self._present()
        return await self._speak(text, self._team.agents[agent].voice, keep=keep)

    def _put(self, text: str, sound: bytes, *, first: bool = False) -> asyncio.Event:
        """Without a sound, it is a caption alone. `first`: before what waits. Returns what is set when it was heard."""
        item, (agent, epoch) = shortuuid(ANNOUNCED), self._present()
        self._waiting[item] = asyncio.Event()
        self._gate.open(item, agent, epoch, first=first)
        self._gate.write(item, text)
        self._gate.feed(item, sound)
        self._gate.end(item)
        return self._waiting[item]
