"""Whatever a caller gives comes in, and whatever they are to get comes out: each input with each output, on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.script import PITCHES, caller_said
from tests.conformance.stage import Stage, staged
from tests.modalities import TEAM, TEXT, told
from tests.simulators.openai_realtime.script import CallTool, Say, Script
from tests.virtual_time import virtual_time
from worker.arrival import Arrival
from worker.room.events import Dialled, Replying

pytestmark = pytest.mark.parts

SPOKEN = next(iter(PITCHES))
WANTED = {"speech": "Hello", "text": "Hello", "card": "order", "file": "slip"}


async def speech(at: Stage, _: str) -> None:
    at.say(SPOKEN)


async def text(at: Stage, what: str) -> None:
    at.write(what)


async def picture(at: Stage, _: str) -> None:
    at.show(1)


async def digits(at: Stage, _: str) -> None:
    at.call.put(Dialled("caller", "1042", 0, 900))


async def press(at: Stage, what: str) -> None:
    [menu] = at.of("card.shown")
    assert await at.press(menu["ref"], menu["card"]["choices"].index(what)) == ""


GIVE: Mapping[str, Callable[[Stage, str], Awaitable[None]]] = {
    "speech": speech,
    "text": text,
    "picture": picture,
    "digits": digits,
    "press": press,
}


def plays(what: str) -> Script:
    """The model does the same, whatever the caller has said, shown or dialled."""
    answer = {"order": CallTool("show_order"), "slip": CallTool("give_slip")}.get(what, Say("Hello.", ms=1200))
    return lambda asked: told(asked) or [CallTool("show_menu") if caller_said(asked) == "menu" else answer]


def sounds(pcm: bytes) -> bool:
    return bool(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).max(initial=0) > 0)


@pytest.mark.parametrize(
    ("given", "output", "phone"),
    [
        *((given, output, False) for given in GIVE for output in WANTED),
        *((given, output, True) for given in ("speech", "digits") for output in ("speech", "card", "file")),
    ],
)
def test_what_comes_in_by_any_way_is_answered_in_any_way(given: str, output: str, phone: bool, tmp_path: Path) -> None:

    @virtual_time
    async def hold() -> None:
        script = plays(WANTED[output])
        async with staged(tmp_path, "openai", team=TEAM, play=script, arrival=Arrival(telephone=phone)) as at:
            await at.answered(1)
            if given == "press":
                at.write("menu")
                await at.answered(2)
            if output == "text":
                at.call.put(Replying("caller", "text"))
            await asyncio.sleep(1)
            before, replies = at.speaker.position, len(at.said)
            await GIVE[given](at, WANTED[output])
            await at.answered(replies + 1)
            judge(at, before)

    def judge(at: Stage, before: int) -> None:
        [came] = at.of("user.said", "user.wrote", "user.showed", "user.dialled", "user.pressed")[-1:]
        assert came["participant"] == "caller"
        said = at.of("agent.said")[-1]
        assert sounds(at.speaker.heard[before:]) is (output != "text")
        assert said["as_text"] is (output == "text")
        assert at.room.captions[said["item"]] == said["text"] != "", "captions are there for all"
        shown = [event for event in at.of("card.shown") if event["tool"] == "show_order"]
        assert [event["card"]["kind"] for event in shown] == ["order"] * (output == "card" and not phone)
        assert [file.data for _, file in at.room.files] == [TEXT.encode()] * (output == "file" and not phone)
        assert [event["stream"] for event in at.of("file.given")] == [stream for stream, _ in at.room.files]
        unseen = "The caller has no screen" in said["text"]
        assert unseen is (phone and output in ("card", "file")), "it is told in words"

    hold()
