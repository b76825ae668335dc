"""`baton talk`: a caller in the terminal, for people over ssh and for tests."""

import asyncio
import json
import sys
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Literal

import aiohttp
import numpy as np

from worker.caller import SAMPLE_RATE, Caller, CallerError, Pcm
from worker.local_model.voice import Voice
from worker.settings import Settings, SettingsError

_COMES_S = 20.0
_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the caller does: a recording's path, a text to speak or to type, or the path of what they show."""

    kind: Literal["wav", "say", "text", "show"]
    value: str


def lines(order: Sequence[str], given: Mapping[str, Sequence[str]]) -> list[Line]:
    """What is said, in the order of the options."""
    left = {kind: iter(values) for kind, values in given.items()}
    return [Line(kind, next(left[kind])) for kind in order if kind in ("wav", "say", "text", "show")]  # type: ignore[arg-type]


async def run(settings: Settings, spoken: Sequence[Line], record: Path | None, desk: str) -> None:
    """Joins, speaks, prints both sides with times, leaves. Raises CallerError, and SettingsError for a bad recording.

    What is shown and what is said or written next are one turn.
    """
    files = {line.value: read_file(Path(line.value)) for line in spoken if line.kind == "show"}
    recordings = {line.value: read_wav(Path(line.value)) for line in spoken if line.kind == "wav"}
    joined = await join(desk or f"http://127.0.0.1:{settings.http_port}")
    voice = Voice() if any(line.kind == "say" for line in spoken) else None
    began = asyncio.get_running_loop().time()
    async with Caller(joined["url"], joined["token"]) as caller:
        typing = all(line.kind in ("text", "show") for line in spoken)
        printer = asyncio.create_task(_print(caller, began, "microphone.silent" if typing else ""))
        try:
            await caller.answered(began, within=_COMES_S)
            if not spoken:
                await _typed_live(caller)
            for place, line in enumerate(spoken):
                if line.kind == "show":
                    name = Path(line.value).name
                    await caller.show(files[line.value], name, guess_type(name)[0] or "application/octet-stream")
                    if place < len(spoken) - 1:
                        continue
                    ended = asyncio.get_running_loop().time()
                elif line.kind == "text":
                    await caller.write(line.value)
                    ended = asyncio.get_running_loop().time()
                else:
                    pcm = recordings.get(line.value)
                    if pcm is None:
                        assert voice
                        pcm = np.frombuffer(voice.speak_now(line.value, "male"), np.int16)
                    ended = await caller.say(pcm)
                await caller.answered(ended, within=_ANSWER_S)
        finally:
            printer.cancel()
            if record:
                write_wav(record, caller.recording(began))


async def join(desk: str, room: str = "") -> dict[str, str]:
    """A token from the front desk. Raises CallerError."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{desk}/api/join", json={"name": "talk", "room": room}) as answer,
        ):
            body: dict[str, str] = await answer.json()
    except (aiohttp.ClientError, ValueError) as error:
        raise CallerError(f"There is no front desk at {desk}. Start Baton with `make run`, or give --desk.") from error
    if answer.status != 200:
        raise CallerError(f"{body.get('error')} {body.get('hint')}")
    return body


def read_file(path: Path) -> bytes:
    """Raises SettingsError."""
    if not path.is_file():
        raise SettingsError(f"{path}: there is no such file.")
    return path.read_bytes()


def read_wav(path: Path) -> Pcm:
    """Mono samples at 24 kHz of a wav of any rate, depth and channels. Raises SettingsError."""
    import soundfile  # brings a library of its own: only for those who have a recording
    import soxr

    if not path.is_file():
        raise SettingsError(f"{path}: there is no such file.")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise SettingsError(f"{path}: not a recording that can be read, such as a wav file.") from error
    if not len(samples):
        raise SettingsError(f"{path}: the recording is empty.")
    mono = soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE)
    return np.asarray((mono * 32768).round().clip(-32768, 32767), np.int16)


def write_wav(path: Path, samples: Pcm) -> None:
    """Samples of shape (n, channels) at 24 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


async def _typed_live(caller: Caller) -> None:
    """Lines of the terminal, until it closes."""
    print("Type, and press Enter; Ctrl-D leaves.", file=sys.stderr)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip():
            ended = asyncio.get_running_loop().time()
            await caller.write(line.strip())
            await caller.answered(ended, within=_ANSWER_S)


async def _print(caller: Caller, began: float, expected: str) -> None:
    """The journal as it comes, a line an event. `expected`: the code of a warning that says nothing new."""
    shown = 0
    while True:
        await caller.changed()
        for event in caller.events[shown:]:
            if event.get("code") != expected and (said := _worded(event)):
                print(f"{event['heard_at'] - began:7.2f}  {said}", flush=True)
        shown = len(caller.events)


def _worded(event: dict[str, Any]) -> str | None:
    match event["type"]:
        case "user.said" | "user.wrote":
            return f"you: {event['text']}"
        case "user.showed":
            return f"you show {event['ref']}: {event['name']}"
        case "agent.said":
            latency = f"  ({event['latency_ms'] / 1000:.2f} s)" if event["latency_ms"] is not None else ""
            return f"{event['agent']}: {event['text']}{' —' if event['interrupted'] else ''}{latency}"
        case "handoff.done":
            return f"[{event['source']} -> {event['target']}]"
        case "tool.called":
            return f"[{event['tool']} {json.dumps(event['arguments'])}]"
        case "card.shown":
            return f"[card: {event['card']['title']}]"
        case "file.given":
            return f"[{event['name']}: {event['words']}]"
        case "call.warned" | "call.ended":
            return f"[{event.get('detail') or event.get('reason')}]"
        case _:
            return None
