"""A call by text with a team: the real call core and the real embedded server between them a socket, on a database of
its own. Only hearing and speaking are left out: what an agent says is over in a moment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from aiohttp.test_utils import TestServer
from livekit import rtc
from livekit.agents import llm

from agents.loader import load_team
from agents.spec import TeamSpec
from tests.fakes import FakeSpeaker, KeptJournal, speak
from tests.first_day import first_day
from tools.context import CallContext
from worker.background import background
from worker.call import Call
from worker.gate.guard import Guard, Panel
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.line.endpoint import Endpoint
from worker.line.profile import LOCAL
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.ears import Ears
from worker.local_model.eyes import Eyes
from worker.local_model.senses import Senses
from worker.local_model.server import app
from worker.local_model.voice import Voice
from worker.looking.looking import Camera
from worker.room.events import Dialled, Left, Shown, Typed
from worker.room.outbox import AGENT, STATE, Outbox
from worker.team.tool_runs import Tell

SHOP = load_team(Path(__file__).parents[2] / "agents/shop/team.yaml")
_ANSWER_S = 20.0  # a guard against waiting for ever
_HASTY, _LEISURELY = 6, 48  # samples a letter, 0.25 and 2 ms: the latter for what is to be broken into
_SPOKEN = 1440  # 60 ms


class _Deaf(Ears):
    """Nobody speaks here."""

    def __init__(self) -> None:
        pass


class _Blind(Eyes):
    def __init__(self) -> None:
        pass


class _Mime(Voice):
    """Silence, a moment of it for every letter."""

    def __init__(self) -> None:
        self.samples_a_letter = _HASTY

    async def speak(self, text: str, voice: str, speed: float = 1.0) -> AsyncGenerator[tuple[str, bytes], None]:
        yield text, bytes(2 * self.samples_a_letter * len(text))


class _Room(Outbox):
    """What the room is told, kept."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__(rtc.Room())
        self.events: list[journal.JournalEvent] = []
        self.shown: dict[str, str] = {}
        self.captions: dict[str, str] = {}
        self._changed = changed

    def event(self, event: journal.JournalEvent) -> None:
        self.events.append(event)
        self._changed()

    def agent_caption(self, item: str, text: str, *, final: bool = False) -> None:
        self.captions[item] = text

    def attributes(self, attributes: dict[str, str]) -> None:
        self.shown |= attributes
        self._changed()


class TypedCall:
    """What the caller writes goes in by `say`; what then holds is read from here and from the database."""

    def __init__(self, folder: Path, voice: _Mime) -> None:
        self._folder, self._voice = folder, voice
        self._changed = asyncio.Event()
        self.room = _Room(self._changed.set)
        self.call: Call | None = None
        self.server: TestServer | None = None

    async def say(self, line: str, interrupted_by: str = "") -> str:
        """Writes a line and waits until it is dealt with. Returns what agents said to it, as far as it was heard.

        `interrupted_by` is written as soon as somebody answers.
        """
        before = len(self.room.events)
        if interrupted_by:
            self._voice.samples_a_letter = _LEISURELY
        await self._write(line)
        if interrupted_by:
            await self._until(lambda: self.room.shown.get(STATE) == "speaking")
            self._voice.samples_a_letter = _HASTY
            await self._write(interrupted_by)
        await self._until(lambda: self.room.shown.get(STATE) == "listening")
        return " ".join(self.said(before))

    async def dial(self, digits: str) -> str:
        """Dials, and waits as `say` does."""
        assert self.call
        before = len(self.room.events)
        self.call.put(Dialled("caller", digits, 0, 0))
        await self._until(lambda: any(isinstance(event, journal.UserDialled) for event in self.room.events[before:]))
        await self._until(lambda: self.room.shown.get(STATE) == "listening")
        return " ".join(self.said(before))

    async def show(self, jpeg: bytes, line: str = "") -> str:
        """Shows a picture, and writes a line about it, if there is one. Returns what agents said to it."""
        assert self.call
        before = len(self.room.events)
        self.call.put(Shown("caller", "", "slip.jpg", (jpeg,)))
        if line:
            await self._write(line)
        await self._until(lambda: bool(self.said(before)) and self.room.shown.get(STATE) == "listening")
        return " ".join(self.said(before))

    def said(self, since: int = 0) -> list[str]:
        """What agents said, from the `since`-th event on."""
        return [event.text for event in self.room.events[since:] if isinstance(event, journal.AgentSaid)]

    def speak_slowly(self) -> None:
        """A reply takes as long as it would take to say it."""
        self._voice.samples_a_letter = _SPOKEN

    async def speaking(self) -> None:
        await self._until(lambda: self.room.shown.get(STATE) == "speaking")

    def cut(self) -> None:
        """The sockets to the model are gone, without a word of goodbye."""
        assert self.server
        assert self.server.runner
        assert self.server.runner.server
        for connection in self.server.runner.server.connections:
            if connection.transport:
                connection.transport.abort()

    async def close_model(self) -> None:
        """It is there no more."""
        assert self.server
        self.cut()
        await self.server.close()

    @property
    def holder(self) -> str:
        return self.room.shown[AGENT]

    @property
    def plan(self) -> list[str]:
        """Agent and state of each wish, as the last `plan.changed` told it."""
        shown = [event for event in self.room.events if isinstance(event, journal.PlanChanged)]
        return [f"{step.agent} {step.state}" for step in shown[-1].steps] if shown else []

    @property
    def returned(self) -> list[int]:
        return [number for (number,) in self.read("SELECT order_number FROM returns ORDER BY id")]

    @property
    def moved(self) -> dict[int, str]:
        """The weekday of each order that has another delivery day now."""
        rows = self.read("SELECT number, delivery_day FROM orders WHERE moved_by IS NOT NULL")
        return {number: f"{date.fromisoformat(day):%A}" for number, day in rows}

    def transcript(self) -> str:
        lines = list[str]()
        for event in self.room.events:
            match event:
                case journal.UserWrote(text=text):
                    lines.append(f"caller: {text}")
                case journal.AgentSaid(agent=agent, text=text, interrupted=cut):
                    lines.append(f"{agent}: {text}{' --' if cut else ''}")
                case journal.ToolCalled(tool=tool, arguments=arguments):
                    lines.append(f"    {tool} {arguments}")
                case journal.ToolFinished(tool=tool, output=output):
                    lines.append(f"    {tool} -> {output}")
                case journal.HandoffDone(target=target):
                    lines.append(f"    -> {target}")
                case journal.PlanChanged(steps=steps):
                    lines.append(
                        "    plan: " + "; ".join(f"{step.wish} [{step.agent}: {step.state}]" for step in steps)
                    )
                case journal.WatchdogFired() | journal.CallWarned():
                    lines.append(f"    {event}")
                case _:
                    pass
        return "\n".join(lines)

    def read(self, query: str) -> list[Any]:
        engine = sqlalchemy.create_engine(f"sqlite:///{self._folder}/calls.db")
        with engine.connect() as connection:
            return list(connection.execute(sqlalchemy.text(query)))

    async def _write(self, line: str) -> None:
        assert self.call
        before = len(self.room.events)
        self.call.put(Typed("caller", line))
        await self._until(lambda: any(isinstance(event, journal.UserWrote) for event in self.room.events[before:]))

    async def _until(self, happened: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(_ANSWER_S):
                while not happened():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"nothing more comes:\n{self.transcript()}") from None

    async def greeted(self) -> None:
        await self._until(lambda: bool(self.said()) and self.room.shown.get(STATE) == "listening")


@asynccontextmanager
async def typed_call(
    folder: Path,
    brain: EmbeddingBrain,
    team: TeamSpec = SHOP,
    *stands_in: Endpoint,
    greeted: bool = True,
    guards: Sequence[Guard] = (),
    eyes: Eyes | None = None,
    camera: Camera | None = None,
) -> AsyncIterator[TypedCall]:
    """A call that has been greeted, unless it shall not, with a database in `folder`."""
    loop = asyncio.get_running_loop()
    database = await first_day(team, folder / "calls.db", date.today())
    voice = _Mime()
    typed = TypedCall(folder, voice)
    server = TestServer(app(Senses(_Deaf(), voice, eyes or _Blind(), brain)))
    await server.start_server()
    typed.server = server

    def context(agent: str, called: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
        return CallContext(
            call="typed", agent=agent, decision=called.call_id, database=database, facts=facts, tell=tell
        )

    try:
        typed.call = Call(
            team=team,
            endpoints=dict.fromkeys(
                team.speakers, (Endpoint(LOCAL, f"http://127.0.0.1:{server.port}/v1", "local"), *stands_in)
            ),
            text_models={},
            caller="caller",
            sink=FakeSpeaker(LOCAL.sample_rate),
            outbox=typed.room,
            journal=Journal(
                "typed", KeptJournal(), elapsed_ms=lambda: round(loop.time() * 1000), publish=typed.room.event
            ),
            today=f"{datetime.now():%A} {datetime.now().day} {datetime.now():%B %Y}",
            make_context=context,
            speak=speak,
            guards=Panel(dict.fromkeys(team.speakers, guards)) if guards else None,
            camera=camera,
        )
        async with background(_hold(typed.call)):
            if greeted:
                await typed.greeted()
            yield typed
            typed.call.put(Left("the test is over"))
    finally:
        await server.close()


async def _hold(call: Call) -> None:
    await call.run()
