"""A call with a scripted provider of any kind behind it, on virtual time: the real call, line and plugin, real sockets."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from google.oauth2.credentials import Credentials
from livekit import rtc
from livekit.agents import llm
from opentelemetry.sdk.trace import TracerProvider
from PIL import Image

from agents.loader import load_team
from agents.providers import AzureSpec, GeminiSpec, OpenAISpec
from agents.showing import Source
from agents.spec import TeamSpec
from bench.tones import tone
from tests.conformance import script
from tests.fakes import FakeCamera, FakeSpeaker, KeptJournal, speak
from tests.simulators.gemini_live.server import Provider as Gemini
from tests.simulators.openai_realtime.script import Asked, Pace, Script, Step
from tests.simulators.openai_realtime.server import Provider as OpenAI
from tools.context import CallContext
from tools.database import Database
from tools.file import GivenFile
from worker.arrival import Arrival
from worker.background import background
from worker.call import Call
from worker.gate.guard import Guard, Panel
from worker.journal.events import CallStarted, JournalEvent
from worker.journal.files import Folder
from worker.journal.journal import Journal
from worker.journal.leases import Taken
from worker.line import gemini_model
from worker.line.endpoint import Azure, Endpoint, Vertex
from worker.line.profile import AZURE, AZURE_LEGACY, GEMINI, OPENAI, Profile
from worker.resume import Orphan
from worker.resume import orphan as orphaned
from worker.room.events import Filming, Left, Press, Sending, Shown, Typed
from worker.room.outbox import STATE, Outbox
from worker.showing import shown_files
from worker.team.text_models import TextModel
from worker.team.tool_runs import Tell
from worker.telemetry.measuring import Measuring, tool_names

RATE = OPENAI.sample_rate
FRAME_S = 0.05
_WORD_MS, _LEISURE_S, _PATIENCE_S = 900, 3.0, 60.0
TEAM = load_team(Path(__file__).parent / "team.yaml")
TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("conformance")
_VERTEX = "gemini-live-2.5-flash-native-audio"  # a model that says nothing before it has its tools' results
_STARTED = CallStarted(
    call="conformance", room="room", team=TEAM.team, agent=TEAM.start, model="openai", caller="caller"
)
_EVERY = Pace(think_ms=100, speed=3.0, transcript_ms=80)  # a speech is in words before it is answered


@dataclass
class Service:
    """Where a provider is reached, and what became of it. `given`: what its model knew at each reply, as text."""

    endpoint: Endpoint
    simulator: OpenAI | Gemini
    given: list[Asked]

    @property
    def profile(self) -> Profile:
        return self.endpoint.profile

    @property
    def sessions(self) -> int:
        return len(self.simulator.connections)

    def cut(self) -> None:
        """The socket that the call is held over is gone."""
        self.simulator.connections[self.given[-1].connection].cut()

    def vanish(self) -> None:
        """All its sockets are gone, and it takes no more."""
        self.simulator.refusals.count = 100
        for connection in self.simulator.connections:
            connection.cut()

    def answers(self) -> Iterator[tuple[int, str]]:
        """For each result of a tool that was sent: to which session, and for which call."""
        for connection in self.simulator.connections:
            for message in connection.received:
                item = message.get("item") or {}
                if item.get("type") == "function_call_output":
                    yield connection.number, item["call_id"]
                for response in (message.get("toolResponse") or {}).get("functionResponses") or []:
                    yield connection.number, response["id"]


class Notes(Journal):
    """A journal that keeps what another worker would find."""

    stands: Mapping[str, Any] | None = None
    moment: Mapping[str, Any] | None = None

    def record(self, event: JournalEvent, epoch: int) -> JournalEvent:
        self.stands = self.standing()
        return super().record(event, epoch)

    def note(self, moment: Mapping[str, Any]) -> None:
        self.moment = moment


class Room(Outbox):
    """What the room is told, kept."""

    def __init__(self) -> None:
        super().__init__(rtc.Room())
        self.shown: dict[str, str] = {}
        self.captions: dict[str, str] = {}
        self.files: list[tuple[str, GivenFile]] = []

    def attributes(self, attributes: dict[str, str]) -> None:
        self.shown |= attributes

    def agent_caption(self, item: str, text: str, *, final: bool = False) -> None:
        self.captions[item] = text

    def event(self, event: JournalEvent) -> None:
        pass

    def file(self, stream: str, file: GivenFile) -> None:
        self.files.append((stream, file))


@dataclass
class Stage:
    """A call that is on. What the caller says is a tone each, 900 ms long."""

    call: Call
    services: list[Service]
    room: Room
    speaker: FakeSpeaker
    events: list[dict[str, Any]]
    given: list[Asked]  # what a model knew at each reply, of whatever provider
    notes: Notes
    journal: list[JournalEvent]
    begin: Callable[[Orphan | None], None]  # another worker's part of the call, or the first one's
    holding: asyncio.Task[None] | None = None
    waiting: bytearray = field(default_factory=bytearray)  # of what the caller says, not yet on its way
    people: dict[str, bytearray] = field(default_factory=dict)  # the same of each, in place of it, if there are several
    muted: bool = False  # their microphone sends nothing
    files: Folder | None = None
    camera: FakeCamera = field(default_factory=FakeCamera)

    @property
    def service(self) -> Service:
        """The one that is preferred."""
        return self.services[0]

    @property
    def profile(self) -> Profile:
        return self.service.profile

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] in kinds]

    @property
    def said(self) -> list[str]:
        """What agents were heard to say."""
        return [event["text"] for event in self.of("agent.said")]

    @property
    def heard(self) -> list[str]:
        """What the caller said and wrote, by the journal."""
        return [event["text"] for event in self.of("user.said", "user.wrote")]

    @property
    def known(self) -> str:
        """All that the model knew when it replied last."""
        asked = self.given[-1]
        return "\n".join([asked.instructions, *script.texts(asked)])

    @property
    def asks(self) -> int:
        """How often the model was asked for a reply."""
        return sum(
            message.get("type") == "response.create" or bool((message.get("clientContent") or {}).get("turnComplete"))
            for message in self.service.simulator.received()
        )

    @property
    def sessions_used(self) -> int:
        """In which a model replied: those that stand by do not count."""
        return len({asked.connection for asked in self.service.given})

    @property
    def truncated(self) -> dict[str, int]:
        """By message: after how many ms of it the model was told to forget."""
        return {
            message["item_id"]: message["audio_end_ms"]
            for message in self.service.simulator.received()
            if message.get("type") == "conversation.item.truncate"
        }

    def voice_of(self, agent: str) -> str:
        """Its role."""
        return TEAM.agents[agent].voice

    def say(self, phrase: str, who: str = "") -> None:
        waiting = self.people[who] if who else self.waiting
        waiting += tone(script.PITCHES[phrase], _WORD_MS, RATE).tobytes()

    async def press(self, ref: str, choice: int | None = None, **values: str) -> str:
        """Returns why it is not taken; nothing when it is."""
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.call.put(Press("caller", ref, choice, values, answered.set_result))
        return await answered

    def write(self, text: str) -> None:
        self.call.put(Typed("caller", text))

    async def crash(
        self, gap_s: float = 2.0, kept: Callable[[Any], Any] = lambda stands: stands, *, screens: bool = False
    ) -> None:
        """The worker is gone, in the middle of whatever it was at; after a while another goes on.

        `kept`: what of how the call stood may be. `screens`: guards look at what callers say.
        """
        assert self.holding
        journal, stands, moment = list(self.journal), self.notes.stands, self.notes.moment
        age_s = self.notes.now_ms / 1000 + gap_s
        self.holding.cancel()
        await asyncio.wait([self.holding])
        assert self.journal == journal, "what is dead tells nothing more"
        self.speaker.clear()
        self.room.shown.clear()
        await asyncio.sleep(gap_s)
        taken = Taken(age_s, gap_s, kept(json.loads(json.dumps(stands))), moment)
        files = self.files.shown("conformance", shown_files(journal, TEAM.showing.remembered)) if self.files else {}
        self.begin(orphaned(journal, TEAM, taken, screens=screens, files=files))

    def show(self, number: int) -> bytes:
        """A picture, another for each number."""
        out = io.BytesIO()
        Image.new("RGB", (64, 64), (10 * number, 0, 0)).save(out, "JPEG")
        self.call.put(Sending(f"stream {number}"))
        self.call.put(Shown("caller", f"stream {number}", "slip.jpg", (out.getvalue(),)))
        return out.getvalue()

    def film(self, source: Source, *, on: bool = True, who: str = "caller") -> None:
        """Somebody turns their camera or screen on, or off."""
        self.call.put(Filming(who, source, on))

    @property
    def pictures(self) -> list[bytes]:
        """What was before the model when it replied last."""
        return self.given[-1].pictures

    async def until(self, happened: Callable[[], object]) -> None:
        began = asyncio.get_running_loop().time()
        while not happened():
            await asyncio.sleep(0.02)
            assert asyncio.get_running_loop().time() - began < _PATIENCE_S, f"nothing more comes:\n{self.transcript()}"

    async def answered(self, replies: int) -> None:
        """Until agents have been heard so many times in all, and nobody has anything to add."""
        await self.until(lambda: len(self.said) >= replies and self.room.shown.get(STATE) == "listening")
        await asyncio.sleep(_LEISURE_S)
        assert len(self.said) == replies, f"one reply too many:\n{self.transcript()}"

    async def rest(self) -> None:
        """Until nothing has happened for a while, and nobody is about to speak."""
        known = -1
        while known != len(self.events):
            known = len(self.events)
            await self.until(lambda: self.room.shown.get(STATE) == "listening" and not self.waiting)
            await asyncio.sleep(_LEISURE_S)

    async def speaking(self) -> None:
        await self.until(lambda: self.room.shown.get(STATE) == "speaking")

    def transcript(self) -> str:
        left = {"type", "epoch", "number", "v"}
        return "\n".join(
            f"{event['at'] / 1000:7.2f} {event['type']:16} "
            + " ".join(f"{key}={value!r}" for key, value in event.items() if key not in left and key != "at")
            for event in self.events
            if event["type"] != "cost.updated"
        )

    async def microphone(self) -> None:
        """Goes on all the time: what is not said is the quiet of a room."""
        size = round(RATE * FRAME_S) * 2
        quiet = np.random.default_rng(1).normal(0, 20, size // 2).astype("<i2").tobytes()
        while True:
            if not self.people and not self.muted:
                self.call.hear(_next_frame(self.waiting, quiet))
            for who, waiting in list(self.people.items()):
                self.call.hear_person(who, f"TR_{who}", [_next_frame(waiting, quiet)])
            await asyncio.sleep(FRAME_S)


def _next_frame(waiting: bytearray, quiet: bytes) -> bytes:
    said = bytes(waiting[: len(quiet)])
    del waiting[: len(quiet)]
    return said + quiet[len(said) :]


@asynccontextmanager
async def _openai(
    profile: Profile, play: Script, given: list[Asked], settings: OpenAISpec, azure: Azure | None = None
) -> AsyncIterator[Service]:
    provider = OpenAI(play, transcribe=partial(script.understand, RATE))
    async with provider.serve():
        url = f"{provider.azure}/openai" if azure else provider.url
        yield Service(Endpoint(profile, url, "any", settings, azure), provider, given)


@asynccontextmanager
async def _gemini(
    profile: Profile, play: Script, given: list[Asked], vertex: Vertex | None = None
) -> AsyncIterator[Service]:
    provider = Gemini(play, transcribe=partial(script.understand, 16_000))
    async with provider.serve():
        key = "" if vertex else "any"
        yield Service(Endpoint(profile, provider.url, key, GeminiSpec(), vertex=vertex), provider, given)


OPEN: Mapping[str, Callable[[Script, list[Asked]], Any]] = {
    "openai": lambda play, given: _openai(OPENAI, play, given, OpenAISpec()),
    "azure": lambda play, given: _openai(AZURE, play, given, AzureSpec(), Azure("voice")),
    "azure legacy": lambda play, given: _openai(
        AZURE_LEGACY, play, given, AzureSpec(), Azure("voice", "2025-04-01-preview")
    ),
    "gemini": lambda play, given: _gemini(GEMINI, play, given),
    "vertex": lambda play, given: _gemini(replace(GEMINI, model=_VERTEX), play, given, Vertex("p", "europe-west1")),
}


@asynccontextmanager
async def staged(
    folder: Path,
    *names: str,
    play: Script = script.play,
    change: Callable[[Profile], Profile] = lambda same: same,
    team: TeamSpec = TEAM,
    guards: Sequence[Guard] = (),
    pace: Pace = _EVERY,
    keeps: bool = False,
    arrival: Arrival | None = None,
    text_models: Mapping[str, TextModel] | None = None,
) -> AsyncIterator[Stage]:
    """A call whose providers have these names, in the order of preference. `change` is done to their profiles.

    `keeps`: it has a folder for its files.
    """
    loop = asyncio.get_running_loop()
    began, events, every = loop.time(), list[dict[str, Any]](), list[Asked]()
    async with AsyncExitStack() as stack:
        token = Credentials("token")  # type: ignore[no-untyped-call]
        stack.enter_context(mock.patch.object(gemini_model, "_credentials", return_value=token))
        services = []
        for name in names:
            given = list[Asked]()

            def noted(asked: Asked, given: list[Asked] = given) -> Sequence[Step]:
                given.append(asked)
                every.append(asked)
                return play(asked)

            service = await stack.enter_async_context(OPEN[name](noted, given))
            service.simulator.pace = pace
            service.endpoint = replace(service.endpoint, profile=change(service.endpoint.profile))
            services.append(service)
        recorder = KeptJournal()
        room, speaker, camera = Room(), FakeSpeaker(RATE), FakeCamera()
        files = Folder(folder / "files") if keeps else None
        journal: list[JournalEvent] = [_STARTED]

        def publish(event: JournalEvent) -> None:
            journal.append(event)
            events.append(event.model_dump())

        def notes() -> Notes:
            elapsed_ms = partial(_elapsed_ms, loop, began)
            measuring = Measuring("conformance", tool_names(team), TRACER)  # whatever happens, it must not fail
            return Notes(
                "conformance",
                recorder,
                elapsed_ms=elapsed_ms,
                publish=publish,
                measure=measuring.take,
                count=len(journal),
            )

        def call(notes: Notes, orphan: Orphan | None = None) -> Call:
            return Call(
                team=team,
                endpoints=dict.fromkeys(team.speakers, tuple(service.endpoint for service in services)),
                text_models=text_models or {},
                caller="caller",
                sink=speaker,
                outbox=room,
                journal=notes,
                today="Monday",
                make_context=_context,
                speak=speak,
                guards=Panel(dict.fromkeys(team.speakers, guards)) if guards else None,
                orphan=orphan,
                arrival=arrival,
                describe=_describe,
                files=files,
                camera=camera,
            )

        def begin(orphan: Orphan | None) -> None:
            if orphan:
                stage.notes = notes()
                stage.call = call(stage.notes, orphan)
            stage.holding = asyncio.create_task(_hold(stage.call))

        first = notes()
        stage = Stage(
            call(first), services, room, speaker, events, every, first, journal, begin, files=files, camera=camera
        )
        begin(None)
        async with background(stage.microphone()):
            yield stage
        stage.call.put(Left("enough"))
        assert stage.holding
        await stage.holding


async def _describe(_: bytes) -> str:
    return 'the text "7"'


async def _hold(call: Call) -> None:
    await call.run()


def _elapsed_ms(loop: asyncio.AbstractEventLoop, began: float) -> int:
    return round((loop.time() - began) * 1000)


def _context(agent: str, called: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
    shop = Database("sqlite+aiosqlite://")
    return CallContext(call="tried", agent=agent, decision=called.call_id, database=shop, facts=facts, tell=tell)
