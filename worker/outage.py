"""What the caller hears while no model can speak: that it takes a moment; and last words, when there will be none."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from livekit.agents.utils import shortuuid

from agents.spec import AnnouncementsSpec, TeamSpec
from worker.background import Start
from worker.gate.audio_gate import AudioGate

WONDER_S = 2.5  # without a session; after that, silence makes people wonder
AGAIN_S = 9.0  # from one sentence to the next
_QUIET_S = 0.5  # what is still being said is looked at again
_LINGER_S = 0.5  # what left us last is still on its way to the caller


class Speak(Protocol):
    """Turns a sentence into sound without a provider: see `Announcements`."""

    def __call__(self, text: str, role: str, *, keep: bool = True) -> Awaitable[bytes]: ...


class Outage:
    """Speaks in the present agent's name, through the gate that all speech goes through.

    `present` is who has the call, and since which epoch; `connected`, whether a session is there. Times are seconds on
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
    ) -> None:
        self._team, self._gate, self._speak = team, gate, speak
        self._clock, self._present, self._connected = clock, present, connected
        self._waiting = dict[str, asyncio.Event]()  # to be heard, by item
        self._told = False
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

    def watch(self, start: Start, *, caller_speaking: bool) -> None:
        """Tells the caller, when they have waited long enough, that there is no session."""
        now = self._clock()
        if self.deadline is None or now < self.deadline:
            return
        if self._connected() or self.parting:
            self.deadline = None
        elif self._gate.audible or caller_speaking:
            self.deadline = now + _QUIET_S
        else:
            text = self._texts.waiting if self._told else self._texts.lost
            self._told, self.deadline = True, now + AGAIN_S
            start(self._tell(text))

    def heard(self, item: str) -> bool:
        """A message is over; returns whether it was an announcement."""
        if waiting := self._waiting.pop(item, None):
            waiting.set()
        return waiting is not None

    def announces(self, item: str) -> bool:
        """Whether a message is an announcement that is not over."""
        return item in self._waiting

    async def part(self, promise: Callable[[], Awaitable[str | None]]) -> None:
        """Last words, until they have been heard. `promise` finds out, while they begin, what else to tell the caller."""
        self.parting = True
        self._gate.resume()
        self._put(self._texts.unreachable, await self._sound(self._texts.unreachable))
        last = await promise()
        sound = await self._sound(last, keep=False) if last else b""
        if not last or not sound:
            last = self._texts.goodbye
            sound = await self._sound(last)
        await self._put(last, sound).wait()
        await asyncio.sleep(_LINGER_S)

    async def _tell(self, text: str) -> None:
        sound = await self._sound(text)
        if not self.parting and not self._connected():
            self._put(text, sound)

    async def _sound(self, text: str, *, keep: bool = True) -> bytes:
        agent, _ = self._present()
        return await self._speak(text, self._team.agents[agent].voice, keep=keep)

    def _put(self, text: str, sound: bytes) -> asyncio.Event:
        """Without a sound, it is a caption alone. Returns what is set when it was heard."""
        item, (agent, epoch) = shortuuid("announcement_"), self._present()
        self._waiting[item] = asyncio.Event()
        self._gate.open(item, agent, epoch)
        self._gate.write(item, text)
        self._gate.feed(item, sound)
        self._gate.end(item)
        return self._waiting[item]
