"""Forty secrets in a call, spoken, typed, dialled and shown: what is left of them, in everything that is left of a call."""

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import yaml
from livekit import api, rtc

from bench.tones import tone
from tests.core.conftest import BATON, ROOT, House, house_with
from tests.core.planted import DIALLED, EVERY, SHOWN, SPOKEN, TYPED, WORDS, found, script
from tests.recording.test_recording import RATE, decoded
from tests.simulators.openai_realtime.script import Pace
from tests.simulators.openai_realtime.server import Provider
from worker.caller import Caller
from worker.journal.journal import MARGIN_MS
from worker.talk import join

pytestmark = [pytest.mark.system, pytest.mark.soak]  # tests/test_redacted_call.py holds the same call without a room
AT_DEBUG = ("-c", f"import logging; logging.basicConfig(level=logging.DEBUG); {BATON[1]}")
ADMIN = "let me in"
CODES = {**{str(digit): digit for digit in range(10)}, "*": 10, "#": 11}


@dataclass
class Observer:
    """Somebody else in the room, and what they are told."""

    told: list[str] = field(default_factory=list)
    room: rtc.Room = field(default_factory=rtc.Room)
    _reading: set[asyncio.Task[None]] = field(default_factory=set)

    async def join(self, house: House, room: str) -> None:
        settings = house.environment
        token = api.AccessToken(settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"])
        grants = api.VideoGrants(room_join=True, room=room)
        self.room.register_text_stream_handler("baton.events", lambda reader, _: self._read(reader))
        self.room.register_text_stream_handler("lk.transcription", lambda *_: None)
        await self.room.connect(settings["LIVEKIT_URL"], token.with_identity("observer").with_grants(grants).to_jwt())

    def _read(self, reader: rtc.TextStreamReader) -> None:
        async def read() -> None:
            self.told.append(await reader.read_all())

        self._reading.add(task := asyncio.ensure_future(read()))
        task.add_done_callback(self._reading.discard)


class Planting(Caller):
    """A caller who tells secrets in every way, and waits for an answer each time."""

    def answers(self) -> int:
        return sum(event["type"] == "agent.said" for event in self.events)

    async def answered_after(self, before: int) -> None:
        await self.until(lambda: self.answers() > before, 20, "an answer")

    async def speak(self) -> None:
        before = self.answers()
        await self.say(tone(300, 300, 24_000))
        await self.answered_after(before)

    async def type(self, text: str) -> None:
        before = self.answers()
        await self.write(text)
        await self.answered_after(before)

    async def dial(self, keys: str) -> None:
        before = self.answers()
        for key in keys:
            await self.room.local_participant.publish_dtmf(code=CODES[key], digit=key)
        await self.answered_after(before)


async def hold(house: House) -> dict[str, bytes]:
    """The call. Returns what others were told, and what may be asked for later, by name."""
    spoken = iter([text for secret in SPOKEN for text in secret.told])
    provider = Provider(script(), pace=Pace(think_ms=20, transcript_ms=60), transcribe=lambda _: next(spoken, ""))
    desk = f"http://127.0.0.1:{house.environment['BATON_HTTP_PORT']}"
    observer = Observer()
    async with provider.serve(house.provider_port):
        joined = await join(desk)
        async with Planting(joined["url"], joined["token"]) as caller:
            await caller.answered_after(0)
            await observer.join(house, joined["room"])  # not before: who comes first is the caller
            for secret in SPOKEN:
                for _ in secret.parts:
                    await caller.speak()
            for text in ["note", *(text for secret in TYPED for text in secret.told)]:
                await caller.type(text)
            for number, keys in enumerate(part for secret in DIALLED for part in secret.parts):
                await caller.dial(f"{keys}#" if number % 2 else keys)
            for word in WORDS:
                await caller.type(word)
        told = await asked_for(house, desk, joined["call"])
        await observer.room.disconnect()
    return {"page events": "\n".join(observer.told).encode(), **told}


async def asked_for(house: House, desk: str, call: str) -> dict[str, bytes]:
    """What the front desk and the command line tell of a call, and the database while it is open."""
    told = dict[str, bytes]()
    paths = (f"/api/calls/{call}/events", "/metrics", "/api/calls", f"/api/calls/{call}")  # the first until it ends
    async with aiohttp.ClientSession(desk, headers={"Authorization": f"Bearer {ADMIN}"}) as session:
        for path in paths:
            async with session.get(path) as answer:
                assert answer.status == 200
                told[path] = await answer.read()
    for arguments in (["calls"], ["calls", call], ["calls", call, "--json"]):
        command = [sys.executable, *house.program, *arguments]
        run = await asyncio.create_subprocess_exec(
            *command, cwd=house.folder, env=house.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        told[" ".join(arguments)], _ = await run.communicate()
        assert run.returncode == 0
    return told | files(house.folder, "open: ")


def files(folder: Path, prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def journal_of(artefact: dict[str, bytes]) -> list[dict[str, Any]]:
    [name] = [name for name in artefact if re.fullmatch(r"/api/calls/[\w-]+", name)]
    events: list[dict[str, Any]] = json.loads(artefact[name])
    return events


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Of a call under a policy, and of the same under none: everything that is left, with the processes' files last."""
    folders = [tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("all")]
    shown = {name: secret.parts[0] for name, secret in SHOWN.items()}
    yaml_text = (ROOT / "tests/core/secrets.yaml").read_text()
    settings = {"TEST_SHOWN": json.dumps(shown), "BATON_ADMIN_TOKEN": ADMIN, "PYTHONPATH": str(ROOT)}
    teams = [folder / "team.yaml" for folder in folders]
    teams[0].write_text(yaml_text)
    teams[1].write_text(yaml.safe_dump(yaml.safe_load(yaml_text) | {"redact": []}))
    with (
        house_with([2], folders[0], AT_DEBUG, BATON_TEAM=str(teams[0]), **settings) as strict,
        house_with([2], folders[1], AT_DEBUG, BATON_TEAM=str(teams[1]), **settings) as lax,
    ):

        async def both() -> list[dict[str, bytes]]:
            return list(await asyncio.gather(hold(strict), hold(lax)))

        told = asyncio.run(both())
    return told[0] | files(folders[0]), told[1] | files(folders[1])


def test_given_a_policy_then_nothing_that_is_left_of_a_call_has_any_of_them(
    artefacts: tuple[dict[str, bytes], dict[str, bytes]],
) -> None:
    kept, _ = artefacts
    assert {"page events", ".baton/baton.db", "/metrics"} <= set(kept)
    assert any(b"DEBUG" in content for name, content in kept.items() if name.startswith("worker-"))
    assert found(EVERY, kept) == {}
    journal: list[dict[str, Any]] = journal_of(kept)
    assert {"user.said", "user.wrote", "user.dialled", "card.shown", "plan.changed"} <= {one["type"] for one in journal}


def test_given_a_recording_then_only_what_had_a_secret_in_it_is_silent(
    artefacts: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path
) -> None:
    for number, artefact in enumerate(artefacts):
        strict = number == 0
        journal: list[dict[str, Any]] = journal_of(artefact)
        [name] = [name for name in artefact if name.endswith(".ogg") and not name.startswith("open: ")]
        (tmp_path / f"{number}.ogg").write_bytes(artefact[name])
        pcm = decoded(tmp_path / f"{number}.ogg")
        began_ms = next(event["began_ms"] for event in journal if event["type"] == "recording.started")
        heard = dict[tuple[str, bool], list[bool]]()
        muted = list[tuple[str, int, int]]()
        for event in sorted(
            journal, key=lambda event: "[" not in event.get("text", "")
        ):  # first what had a secret in it
            if event.get("started_ms") is None or event["type"] == "user.dialled":
                continue
            secret, kind = "[" in event["text"], event["type"]
            start, end = event["started_ms"], event["ended_ms"] if kind == "user.said" else event["at"]
            if secret:
                muted.append((kind, start - MARGIN_MS, end + MARGIN_MS))
            elif any(kind == other and start < until and end > since for other, since, until in muted):
                continue  # it was said so soon before or after one that some of it is silent too
            part = pcm[slice(*((ms - began_ms) * RATE // 1000 for ms in (start, end))), int(kind == "agent.said")]
            heard.setdefault((kind, secret), []).append(bool(np.abs(part.astype(int)).max(initial=0) > 1000))
        assert all(all(loud) for (_, secret), loud in heard.items() if not secret)
        assert not any(any(loud) for (_, secret), loud in heard.items() if secret)
        assert (("user.said", True) in heard and ("agent.said", True) in heard) is strict
        assert len(heard["agent.said", False]) > 30


def test_given_no_policy_then_all_of_them_are_left(artefacts: tuple[dict[str, bytes], dict[str, bytes]]) -> None:
    _, everything = artefacts
    whole = b"\n".join(everything.values()).lower()
    assert [secret for secret in EVERY if not secret.is_in(whole)] == []
    assert len(found(EVERY, {"journal": everything[".baton/baton.db"]})["journal"]) >= len(EVERY) - 1
    assert found([SHOWN["exception"]], everything), "in a log: it is the only place where a fault of ours is told"
