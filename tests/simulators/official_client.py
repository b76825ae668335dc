"""OpenAI's own realtime client as a judge: every event it gets must be one of the package's types, with no field more."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import openai
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.realtime_session_create_response import RealtimeSessionCreateResponse
from pydantic import BaseModel, Field, TypeAdapter

from tests.simulators.openai_realtime.script import Fault, Pace, Script
from tests.simulators.openai_realtime.server import Provider

CURRENT: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
BETA: TypeAdapter[Any] = TypeAdapter(Annotated[BetaServerEvent, Field(discriminator="type")])
FAST = Pace(think_ms=0, speed=1000, transcript_ms=0)
SILENCE = bytes(48000)
_TOLD_OF_SESSIONS = {"object", "expires_at"}  # by the service, but not by the beta's type


class Client:
    def __init__(self, connection: Any, events: TypeAdapter[Any] = CURRENT) -> None:
        self.connection, self._events = connection, events
        self.seen: list[dict[str, Any]] = []

    async def until(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                raw: dict[str, Any] = json.loads(await self.connection.recv_bytes())
                self.judge(raw)
                self.seen.append(raw)
                if raw["type"] == kind:
                    return raw

    def judge(self, raw: dict[str, Any]) -> None:
        event = self._events.validate_python(raw)
        if self._events is CURRENT and "session" in raw:
            event = event.model_copy(update={"session": RealtimeSessionCreateResponse.model_validate(raw["session"])})
        unknown = {name for name in _extras(event) if name not in _TOLD_OF_SESSIONS or "session" not in raw}
        assert not unknown, (raw["type"], unknown)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.seen]

    async def hear(self, pcm: bytes) -> None:
        await self.connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())


@asynccontextmanager
async def talk(play: Script, pace: Pace = FAST, *faults: Fault) -> AsyncIterator[tuple[Client, Provider]]:
    """A session that has begun."""
    provider = Provider(play, pace=pace, transcribe=lambda pcm: f"{len(pcm)} bytes")
    provider.faults = list(faults)
    async with provider.serve():
        official = openai.AsyncOpenAI(api_key="any", base_url=provider.url)
        async with official.realtime.connect(model="scripted") as connection:
            client = Client(connection)
            await client.until("session.created")
            yield client, provider


def _extras(value: Any) -> Iterator[str]:
    """Names of fields that a type does not have, however deep."""
    if isinstance(value, list):
        for inner in value:
            yield from _extras(inner)
    elif isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name))
