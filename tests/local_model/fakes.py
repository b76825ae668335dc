"""A session of the embedded model between fakes of its senses; every event is judged by the official package's types."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from typing import Annotated, Any, cast

import numpy as np
from openai.types.realtime import RealtimeServerEvent
from pydantic import Field, TypeAdapter

from worker.local_model.conversation import Conversation, Say, ToolCall
from worker.local_model.round_robin import RoundRobin
from worker.local_model.senses import Senses
from worker.local_model.session import Session
from worker.local_model.words import Words

SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
Json = dict[str, Any]
Thoughts = Iterable[Say | ToolCall]
RATE = 24000


class Ears:
    """Takes a second for anything, of which no more than begins can be stopped, and hears what `heard` says of it."""

    def __init__(self, heard: Callable[[bytes], str] = lambda _: "hello", places: int = 2) -> None:
        self._heard, self._turns = heard, RoundRobin(places)
        self.given: list[bytes] = []
        self.most: dict[Hashable, int] = {}  # recognitions of an owner's at once
        self._of: dict[Hashable, int] = {}

    async def recognise(self, pcm: bytes, _: int, owner: Hashable) -> Words:
        return await self._turns.run(owner, lambda: self._work(pcm, owner))

    async def _work(self, pcm: bytes, owner: Hashable) -> Words:
        self.given.append(pcm)
        self._of[owner] = self._of.get(owner, 0) + 1
        self.most[owner] = max(self.most.get(owner, 0), self._of[owner])
        try:
            await asyncio.sleep(1.0)
        finally:
            self._of[owner] -= 1
        return Words.of(self._heard(pcm), -0.25)


class Eyes:
    async def describe(self, _: str) -> str:
        return 'the text "ORDER 1042"'


class Voice:
    """A tenth of a second of sound for each word, at once; as loud as words are many."""

    async def speak(self, text: str, _voice: str, _speed: float = 1.0) -> AsyncGenerator[tuple[str, bytes]]:
        yield text.strip(), bytes(len(text.split()) * RATE // 10 * 2)


class Brain:
    """Answers by the script; each reply takes `takes_s`. Remembers what it was given."""

    def __init__(self, *script: Thoughts, takes_s: float = 0.0) -> None:
        self._script, self._takes_s = list(script), takes_s
        self.given: list[Conversation] = []
        self.thought = self.closed = 0

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Say | ToolCall]:
        self.given.append(conversation)
        try:
            await asyncio.sleep(self._takes_s)
            for thought in self._script.pop(0) if self._script else [Say("Yes.")]:
                self.thought += 1
                yield thought
        finally:
            self.closed += 1

    async def close(self) -> None:
        pass


class Talk:
    """A client of a session: `send`, then look at what has come."""

    def __init__(self, brain: Brain | None = None, ears: Ears | None = None) -> None:
        self.brain, self.ears = brain or Brain(), ears or Ears()
        self.seen: list[Json] = []
        senses = Senses(cast("Any", self.ears), cast("Any", Voice()), cast("Any", Eyes()), self.brain)
        self.session = Session("baton-local", senses, self._write)

    def send(self, kind: str, **fields: Any) -> None:
        self.session.take(json.dumps({"type": kind, **fields}))

    def update(self, **session: Any) -> None:
        self.send("session.update", session={"type": "realtime", **session})

    def write(self, text: str, **item: Any) -> None:
        content = [{"type": "input_text", "text": text}]
        self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content, **item})

    def append(self, pcm: bytes) -> None:
        self.send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    async def respond(self, **response: Any) -> Json:
        """Asks for a reply, and waits for its end."""
        count = len(self.all("response.done"))
        self.send("response.create", response=response)
        while len(self.all("response.done")) == count:
            await asyncio.sleep(0.01)
            assert not self.all("error"), self.all("error")
        return cast("Json", self.all("response.done")[-1]["response"])

    def all(self, kind: str) -> list[Json]:
        return [event for event in self.seen if event["type"] == kind]

    def last(self, kind: str) -> Json:
        return self.all(kind)[-1]

    def said(self) -> str:
        return "".join(
            event["delta"]
            for event in self.seen
            if event["type"] in ("response.output_audio_transcript.delta", "response.output_text.delta")
        )

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(event["delta"]) for event in self.all("response.output_audio.delta"))

    def _write(self, frame: str) -> None:
        raw = json.loads(frame)
        event = SERVER_EVENT.validate_python(raw)
        assert not event.model_extra, event.model_extra
        if response := getattr(event, "response", None):
            assert not response.model_extra, response.model_extra
            assert not response.usage or not response.usage.model_extra
        self.seen.append(raw)


def silence(ms: int) -> bytes:
    return bytes(RATE * ms // 1000 * 2)


def tone(ms: int, rate: int = RATE, hz: int = 440) -> np.ndarray[Any, np.dtype[np.int16]]:
    return (np.sin(2 * np.pi * hz * np.arange(rate * ms // 1000) / rate) * 12000).astype(np.int16)
