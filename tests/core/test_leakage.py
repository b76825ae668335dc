"""Nothing unchecked is heard, in a real room: what arrives of replies in which some sentences do not pass their guards.

Two calls at once, four in make soak. Each sentence is a sound of its own (`bench.recital`), so that the ear in
the room knows of each how much arrived: from 20 ms on, and to 10 ms at the edges of a sentence where the machine does not
stutter. What the worker's speaker was handed is compared sample by sample besides: there, one sample would show.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc

from bench.recital import TIMINGS, Timing, hear
from tests.core.conftest import Stage, house_with
from tests.core.ear import RATE, Ear
from tests.core.guarded_worker import CRASHES, FOUND, HANGS
from tests.core.scenes import Arrived, Script, arrived, asked_for, handed_over
from tests.core.test_core import only
from tests.simulators.openai_realtime.script import Asked, Pace, Step
from tests.simulators.openai_realtime.server import Provider, text
from worker.background import background
from worker.talk import join

pytestmark = pytest.mark.system
SOAK = bool(os.environ.get("BATON_SOAK"))
CALLS, EACH = (4, 50) if SOAK else (2, 3)
BAD = 0.3
WHOLE = 0.8  # of what may be heard, so much comes whole to the ear of a machine that holds all ends of the calls
HEARD_MS = 20  # what is shorter cannot be read; on a machine that stutters, it is the edge of something that can
BAD_WORDS = (FOUND, CRASHES, HANGS)
GUARDED = ("-m", "tests.core.guarded_worker")


@dataclass
class Held:
    """A call that is over: what was heard and shown in its room."""

    script: Script
    room: str
    captions: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    journal: list[dict[str, Any]] = field(default_factory=list)
    arrived: dict[int, Arrived] = field(default_factory=dict)  # by the first slot of a sentence
    foreign_ms: float = 0.0
    foreign_samples: int = 0


def playing(scripts: Sequence[Script]) -> Callable[[Asked], Sequence[Step]]:
    scenes = {scene.number: (script, scene) for script in scripts for scene in script.scenes}
    asked_times = Counter[int]()

    def play(asked: Asked) -> Sequence[Step]:
        number = asked_for(asked)
        if number is None:
            return [scripts[0].greeting.recite("before", 20.0)]
        script, scene = scenes[number]
        asked_times[number] += 1
        return [script.say(scene, asked_times[number] - 1)]

    return play


async def hold(stage: Stage, script: Script) -> Held:
    """The caller asks for one reply after the other, by writing; each is over before the next."""
    joined = await join(f"http://127.0.0.1:{stage.house.environment['BATON_HTTP_PORT']}")
    held, room = Held(script, joined["room"]), rtc.Room()
    ear = Ear(room)
    await room.connect(joined["url"], joined["token"])
    async with background(ear.run()):
        await ear.answered(0.0, 0)
        for scene in script.scenes:
            since, said = asyncio.get_running_loop().time(), ear.said
            await ear.write(f"reply {scene.number}")
            await ear.answered(since, said)
    await room.disconnect()
    held.captions, held.events, held.journal = ear.captions, ear.events, await stage.ended(held.room)
    pieces = await asyncio.to_thread(hear, ear.sound, RATE, script.book)
    handed, foreign = handed_over(Path(stage.house.environment["BATON_HEARD"]) / f"{held.room}.pcm", script.book)
    for sentence in script.book.sentences:
        held.arrived[sentence.first] = arrived(sentence, pieces, handed)
    held.foreign_ms = sum(piece.ms for piece in pieces if piece.sentence is None and piece.ms >= HEARD_MS)
    held.foreign_samples = foreign
    return held


@pytest.mark.timeout(900)
async def test_given_sentences_that_do_not_pass_then_nothing_of_them_is_heard_shown_or_remembered(
    tmp_path: Path,
) -> None:
    async with held(tmp_path, EACH) as (stage, calls):
        found = [fault for call in calls for fault in (*leaks(call), *shown(call), *remembered(stage, call))]
        due = [
            call.arrived[sentence.first] for call in calls for scene in call.script.scenes for sentence in scene.allowed
        ]
    print(table(calls))
    assert not found, "\n".join(found)
    assert sum(one.whole for one in due) >= WHOLE * len(due)


@pytest.mark.soak  # it judges the ear of this test, not Baton
async def test_given_no_guards_then_the_ear_hears_each_sentence_whole(tmp_path: Path) -> None:
    async with held(tmp_path, 2, BATON_UNGUARDED="yes") as (_, calls):
        scenes = [(call, scene) for call in calls for scene in call.script.scenes]
    print(table(calls))
    assert any(scene.bad for _, scene in scenes)
    assert all(call.arrived[sentence.first].sent for call, scene in scenes for sentence in scene.reply.sentences)
    assert not [call for call in calls if call.foreign_ms or call.foreign_samples]


@asynccontextmanager
async def held(folder: Path, each: int, **settings: str) -> AsyncIterator[tuple[Stage, list[Held]]]:
    """All calls, with so many replies each; when they are over."""
    scripts = [Script.of(call, 1000 * call, each, BAD) for call in range(CALLS)]
    (heard := folder / "heard").mkdir()
    with house_with([CALLS], folder, GUARDED, BATON_HEARD=str(heard), **settings) as house:
        provider = Provider(playing(scripts), pace=Pace(think_ms=50))
        async with provider.serve(house.provider_port):
            stage = Stage(house, provider)
            async with asyncio.TaskGroup() as group:
                holding = [group.create_task(hold(stage, script)) for script in scripts]
            yield stage, [task.result() for task in holding]


def leaks(call: Held) -> Iterator[str]:
    """What was heard that should not have been, or the other way round."""
    if call.foreign_ms or call.foreign_samples:
        yield f"{call.room}: {call.foreign_ms:.0f} ms, {call.foreign_samples} samples of no sentence"
    for scene in call.script.scenes:
        forbidden = {sentence.first for sentence in scene.forbidden}
        allowed = {sentence.first for sentence in scene.allowed}
        for reply in (scene.reply, *scene.again):
            for number, sentence in enumerate(reply.sentences):
                what = call.arrived[sentence.first]
                name = f"reply {scene.number} ({scene.timing}, {scene.speed:g}x), sentence {number}"
                if sentence.first in forbidden:
                    if what.begun:
                        yield f"{name}: {what.ms:.0f} ms and {what.samples} samples of it got through"
                elif (
                    scene.bad and reply is scene.reply and number == scene.kept - 1 and (what.breath or not what.begun)
                ):
                    pass  # the pause that ends it cannot be told from one that comes before, and so it stops there
                elif (what.begun or sentence.first in allowed) and not what.sent:
                    yield f"{name}: {what.ms:.0f} of {sentence.ms} ms, {what.samples} of {len(sentence.pcm)} samples"


def shown(call: Held) -> Iterator[str]:
    """What captions and the journal have that they should not."""
    allowed = [text for scene in call.script.scenes for text in scene.shown] + [call.script.greeting.text]
    events = call.journal
    for where, texts in (
        ("caption", call.captions),
        ("journal", [event["text"] for event in only(events, "agent.said")]),
    ):
        for words in texts:
            if not any(one.startswith(words.rstrip()) for one in allowed):
                yield f"{call.room}: the {where} has {len(words)} characters that begin none of what may be shown"
    if any(word in json.dumps(event) for event in (*events, *call.events) for word in BAD_WORDS):
        yield f"{call.room}: the journal has a word that nobody may hear"
    blocks, due = len(only(events, "guard.blocked")), sum(len(list(s.again)) for s in call.script.scenes if s.bad)
    if blocks != due:
        yield f"{call.room}: {blocks} blocked, not {due}"


def remembered(stage: Stage, call: Held) -> Iterator[str]:
    """What the model is left with of what did not pass."""
    mine = {f"reply {scene.number}" for scene in call.script.scenes}
    for connection in stage.provider.connections:
        session = connection.session
        if not session or not any(text(item) in mine for item in session.items if item["type"] == "message"):
            continue
        for item in session.items:
            if item.get("role") != "assistant":
                continue
            words, ms = text(item), session.heard_ms.get(item["id"])
            if ms is None and any(word in words.lower() for word in BAD_WORDS):
                yield f"{call.room}: the model remembers words of what did not pass"
            for scene in call.script.scenes:
                until = scene.forgotten_from(words)
                if ms is not None and until is not None and ms > until:
                    yield f"reply {scene.number}: the model remembers {ms} ms of a message, of which {until} may be"


def table(calls: Sequence[Held]) -> str:
    """By timing and speed: replies, and what came of the sentences that do not pass and of the others."""
    rows = dict[tuple[float, Timing], Counter[str]]()
    for call in calls:
        for scene in call.script.scenes:
            row = rows.setdefault((scene.speed, scene.timing), Counter())
            got = [call.arrived[sentence.first] for sentence in scene.forbidden]
            due = [call.arrived[sentence.first] for sentence in scene.allowed]
            row.update(
                replies=1,
                bad=bool(scene.bad),
                forbidden=len(got),
                samples=sum(one.samples for one in got),
                ms=round(sum(one.ms for one in got)),
                others=len(due),
                whole=sum(one.whole for one in due),
                cut=sum(one.breath for one in due),
                unheard=sum(not one.begun for one in due),
            )
    columns = ("replies", "bad", "forbidden", "samples", "ms", "others", "whole", "cut", "unheard")
    lines = [f"  {'speed':>6} {'words':<8}" + "".join(f"{name:>10}" for name in columns)]
    for (speed, timing), row in sorted(rows.items(), key=lambda one: (one[0][0], TIMINGS.index(one[0][1]))):
        lines.append(f"  {speed:>5g}x {timing:<8}" + "".join(f"{row[name]:>10}" for name in columns))
    total = sum(rows.values(), Counter[str]())
    lines.append(f"  {'all':<15}" + "".join(f"{total[name]:>10}" for name in columns))
    return "\n" + "\n".join(lines)
