"""A caller whose every 40 ms is numbered, and who is answered, over a line to scripted providers.

async with conversation("openai", "gemini") as talk: await talk.speak(turns=2); ... await talk.settle(); talk.faults()
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from agents.providers import GeminiSpec
from bench.tone_code import SLOT_MS, Stretch, ToneCode, slots
from tests.simulators.gemini_live.server import Connection as GeminiConnection
from tests.simulators.gemini_live.server import Provider as Gemini
from tests.simulators.gemini_live.session import words
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step
from tests.simulators.openai_realtime.server import Connection as OpenAIConnection
from tests.simulators.openai_realtime.server import Provider as OpenAI
from tests.simulators.openai_realtime.server import text
from worker.line.breaker import Breaker
from worker.line.endpoint import Azure, Endpoint
from worker.line.events import (
    AskRefused,
    LineEvent,
    LineLost,
    LineMoved,
    ReplyEnded,
    ReplyStarted,
    SpeechStopped,
    Transcript,
)
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.profile import AZURE_LEGACY, GEMINI, OPENAI
from worker.turns.watchdog import BEGIN_S

Kind = TypeVar("Kind", bound=LineEvent)
Provider = OpenAI | Gemini
Connection = OpenAIConnection | GeminiConnection

KINDS = ("openai", "azure", "gemini")
RATE, GEMINI_RATE = 24000, 16000
SPOKEN_MS, QUIET_MS = 600, 900
TURN_MS = SPOKEN_MS + QUIET_MS
CODE = ToneCode(120_000, SPOKEN_MS, QUIET_MS)
_PCM = CODE.pcm()
_FRAME_MS = 50
_HELD_MS = 100  # Gemini's plugin may hold back that much: it sends whole pieces, and resamples them
_ARRIVES_S = 1.5  # what is on its way, however slow a server is
_BEHIND_S = 6.0
_LONGEST_MS = 60_000


def answer(_: Asked) -> Sequence[Step]:
    return [Say("Yes of course.", ms=300)]


@dataclass
class Conversation:
    """`sessions` are those that were told something, in the order of that; `declared` is what may be told again."""

    providers: Sequence[Provider]
    endpoints: Sequence[Endpoint]
    line: Line
    events: list[LineEvent] = field(default_factory=list)
    sessions: list[Connection] = field(default_factory=list)
    declared: list[Stretch] = field(default_factory=list)
    heard_again: set[str] = field(default_factory=set)  # turns whose words may have come before
    sent_ms: int = 0
    _behind_until: float = 0.0
    _own_turns: bool = True
    _due: bool = False
    _ask: str = ""
    _replies: set[str] = field(default_factory=set)
    _watch: asyncio.TimerHandle | None = None

    # ---- the caller

    async def speak(self, *, until_ms: int = 0, turns: int = 0) -> None:
        """Up to a moment of the code; or to the end of the turn, and for so many more."""
        end_ms = until_ms or (self.turns + turns) * TURN_MS
        while self.sent_ms < end_ms:
            ms = min(_FRAME_MS, end_ms - self.sent_ms)
            self.line.hear(_PCM[self.sent_ms * RATE // 500 : (self.sent_ms + ms) * RATE // 500])
            self.sent_ms += ms
            await asyncio.sleep(ms / 1000)
            self._look()

    async def settle(self) -> None:
        """Speaks on until the words of each turn are there, and each is answered; but not for ever."""
        while self.sent_ms < _LONGEST_MS:
            await self.speak(turns=1)
            await asyncio.sleep(_ARRIVES_S)
            self._look()
            if self.line.up and len(self.written) >= self.turns and not (self._due or self._ask or self._replies):
                return

    def _look(self) -> None:
        told = (one for provider in self.providers for one in provider.connections if one.audio)
        self.sessions += [one for one in told if one not in self.sessions]

    @property
    def turns(self) -> int:
        """That have begun."""
        return -(-self.sent_ms // TURN_MS)

    @property
    def written(self) -> list[str]:
        """The caller's words that have reached the call."""
        return " ".join(event.text for event in self.of(Transcript) if event.final).split()

    # ---- the call

    @property
    def present(self) -> Connection:
        return self.sessions[-1]

    @property
    def provider(self) -> Provider:
        """Whose is the present session."""
        return next(provider for provider in self.providers if self.present in provider.connections)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    def take(self, event: LineEvent) -> None:
        self.events.append(event)
        match event:
            case SpeechStopped():
                self._due = True
            case ReplyStarted(reply, ask):
                self._replies.add(reply)
                self._due = self._due and bool(ask)  # one that was not asked for answers what was said
                self._ask = "" if ask == self._ask else self._ask
            case ReplyEnded(reply, failure):
                self._replies.discard(reply)
                self._due = self._due or bool(failure)
            case AskRefused(ask) if ask == self._ask:
                self._ask, self._due = "", True
            case LineLost(reason, final):
                assert not final, reason
                self._due = self._due or bool(self._ask or self._replies)
                self._ask = ""
                self._replies.clear()
            case LineMoved():
                self._declare()
            case _:
                pass
        self.go_on()

    def go_on(self) -> None:
        """Asks for a reply when one is due, and gives up a model that shows no sign of life: as a call does."""
        own_turns = self.line.profile.own_turns
        if self._due and self.line.up and not (self._ask or self._replies):
            self._due = False
            self._ask = self.line.ask() if own_turns else ""
        self.stop()
        if self._ask or self._replies:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(BEGIN_S, self.line.give_up, "the model is mute")

    def stop(self) -> None:
        if self._watch:
            self._watch.cancel()

    def _declare(self) -> None:
        """Gemini does not say which of many words, of what it was told at once, are whose: if it is left soon, all of it."""
        now = asyncio.get_running_loop().time()
        start_ms: float = self._written_ms
        if self._behind_until > now and not self._own_turns:
            start_ms = min(start_ms, self.declared[-1].start_ms)
            self.heard_again |= {turn for turn in self.written if int(turn.rstrip("?")) >= start_ms // TURN_MS}
        self.declared.append(Stretch(start_ms, self.sent_ms))
        self._behind_until, self._own_turns = now + _BEHIND_S, self.line.profile.own_turns

    @property
    def _written_ms(self) -> int:
        """The end of what was said up to the first turn whose words are not there."""
        written = set(self.written)
        unwritten = next(turn for turn in range(self.turns + 1) if str(turn) not in written)
        return max(0, (unwritten - 1) * TURN_MS + SPOKEN_MS)

    # ---- the judge

    def faults(self) -> list[str]:
        """What of the caller's sound is missing, or was told again without need; what turns the call and the model lack.

        Words may reach the call in any order: a provider may write down a later turn first. The model has them in order.
        """
        received = [
            (bytes(one.audio), GEMINI_RATE if isinstance(one, GeminiConnection) else RATE) for one in self.sessions
        ]
        verdict = CODE.judge(received, sent_ms=self.sent_ms - _HELD_MS)
        turns = [str(number) for number in range(self.turns)]
        memory = self._once(" ".join(_remembered(self.present)).split())
        written = self._once(sorted(self.written, key=_number))
        found = [] if verdict.complete else [f"the sound: {verdict}"]
        undeclared = [str(piece) for piece in verdict.twice if not _covered(piece, self.declared)]
        found += [f"told again: {', '.join(undeclared)}"] if undeclared else []
        found += [f"the call has {self.written}"] if written != turns else []
        found += [f"the model has {memory}"] if memory != turns else []
        return found

    def _once(self, turns: Sequence[str]) -> list[str]:
        """Without those that may be there again, where they are."""
        known, once = set[str](), list[str]()
        for turn in turns:
            if turn not in known or turn not in self.heard_again:
                once.append(turn)
            known.add(turn)
        return once


@asynccontextmanager
async def conversation(
    *kinds: str,
    prepare: Callable[[Sequence[Provider]], None] = lambda _: None,
    session_s: int | None = None,
    **pace: Any,
) -> AsyncIterator[Conversation]:
    """With providers of these kinds, in the order of preference; `prepare` may break them before the line dials."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        providers = [_provider(kind, **pace) for kind in kinds]
        for provider in providers:
            await stack.enter_async_context(provider.serve())
        prepare(providers)
        endpoints = [_endpoint(kind, provider, session_s) for kind, provider in zip(kinds, providers, strict=True)]
        first = Arms(0, "You are agent 0.", (), "warm", tuple(endpoints))
        line = Line(first, lambda event: talk.take(event), breaker=Breaker(loop.time))
        talk = Conversation(providers, endpoints, line)
        try:
            yield talk
        finally:
            talk.stop()
            await line.close()


def _provider(kind: str, **pace: Any) -> Provider:
    if kind == "gemini":
        told = Pace(**{"transcript_ms": 20, "playback": 3, **pace})
        return Gemini(answer, pace=told, transcribe=lambda pcm: _understood(pcm, GEMINI_RATE))
    return OpenAI(answer, pace=Pace(**{"transcript_ms": 20, **pace}), transcribe=lambda pcm: _understood(pcm, RATE))


def _endpoint(kind: str, provider: Provider, session_s: int | None) -> Endpoint:
    if isinstance(provider, Gemini):
        return Endpoint(replace(GEMINI, session_s=session_s), provider.url, "any", GeminiSpec())
    if kind == "azure":
        azure = Azure("deployed", "2024-10-01-preview")
        return Endpoint(replace(AZURE_LEGACY, session_s=session_s), f"{provider.azure}/openai", "any", azure=azure)
    return Endpoint(replace(OPENAI, session_s=session_s), provider.url, "any")


def _understood(pcm: bytes, sample_rate: int) -> str:
    """The numbers of the turns that are heard; with a question mark, if not from end to end."""
    heard: dict[int, set[int]] = {}
    for slot in slots(pcm, sample_rate):
        turn, at_ms = divmod(slot * SLOT_MS, TURN_MS)
        if at_ms + SLOT_MS <= SPOKEN_MS:
            heard.setdefault(turn, set()).add(at_ms)
    whole = {turn: min(of) < SLOT_MS and max(of) > SPOKEN_MS - 2 * SLOT_MS for turn, of in heard.items()}
    return " ".join(f"{turn}" if is_whole else f"{turn}?" for turn, is_whole in whole.items())


def _remembered(connection: Connection) -> list[str]:
    """What the caller said, as the model has it."""
    if isinstance(connection, GeminiConnection):
        return words(connection.session.memory.contents)
    return [text(item) for item in connection.items() if item.get("role") == "user"]


def _number(turn: str) -> tuple[int, str]:
    return len(turn), turn


def _covered(piece: Stretch, declared: Sequence[Stretch]) -> bool:
    reached = piece.start_ms
    for known in sorted(declared):
        if known.start_ms <= reached:
            reached = max(reached, known.end_ms)
    return reached >= piece.end_ms
