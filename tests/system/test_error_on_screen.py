"""A caller shares a screen with an error on it: the embedded eyes read it, and the right article is found."""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agents.loader import load_team
from tests.local_model.typed_call import typed_call
from tests.shown.files import saved
from worker.journal import events as journal
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.eyes import Eyes
from worker.looking.glimpse import SENSES, Glimpse
from worker.looking.view import View
from worker.room.events import Filming
from worker.shown.result import Size

pytestmark = pytest.mark.system
TEAM = load_team(Path(__file__).parents[2] / "agents/assistant/team.yaml")


@dataclass
class Screen:
    """With a dialogue on it."""

    lines: tuple[str, ...]
    watched: frozenset[View] = frozenset()

    def watch(self, views: frozenset[View]) -> None:
        self.watched = views

    async def see(self, view: View) -> "Screen | None":
        return self if view in self.watched else None

    @property
    def picture(self) -> Image.Image:
        picture = Image.new("RGB", (1600, 900), (0, 90, 130))
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default(20)
        draw.rectangle((500, 300, 1100, 520), (240, 240, 240), (90, 90, 90))
        for number, line in enumerate(self.lines):
            draw.text((530, 330 + 50 * number), line, (20, 20, 20), font=font)
        return picture

    @property
    def glimpse(self) -> Glimpse:
        sense = SENSES["screen"]
        return Glimpse(np.asarray(self.picture.convert("L").resize((sense.width, sense.height))), 1600, 900)

    async def jpeg(self, size: Size) -> tuple[bytes, int, int]:
        return saved(self.picture, quality=88), 1600, 900


@pytest.mark.parametrize(
    ("lines", "article"),
    [
        (("Update cannot be installed", "Error 0x80070643"), "recovery partition is full"),
        pytest.param(("Your files are not safe", "Error 0x80070070"), "backup disk is full", marks=pytest.mark.soak),
    ],
)
async def test_an_error_on_a_shared_screen_leads_to_its_article(
    tmp_path: Path, lines: tuple[str, ...], article: str
) -> None:
    screen, eyes = Screen(lines), Eyes()
    jpeg = base64.b64encode(saved(screen.picture)).decode()
    await eyes.describe(f"data:image/jpeg;base64,{jpeg}")  # they load at the first, which may take long
    async with typed_call(tmp_path, EmbeddingBrain(), TEAM, eyes=eyes, camera=screen) as typed:
        assert typed.call
        typed.call.put(Filming("caller", "screen", on=True))
        said = await typed.say("Can you look up this error?")
        assert typed.holder == "librarian", typed.transcript()
        assert article in said, typed.transcript()
        looked_up = [event for event in typed.room.events if isinstance(event, journal.ToolCalled)]
        assert any(lines[1].split()[1] in str(event.arguments) for event in looked_up), typed.transcript()
