"""What is a change to somebody who looks, and what is none: real pixels, made small as the camera's feed does."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agents.showing import Source
from worker.looking.glimpse import SENSES, Glimpse, detail, differs


def glimpse(picture: Image.Image, source: Source) -> Glimpse:
    full = np.asarray(picture.convert("L"))
    sense = SENSES[source]
    small = Image.fromarray(full).resize((sense.width, sense.height), Image.Resampling.BOX)
    return Glimpse(np.asarray(small), picture.width, picture.height, detail(full))


def desktop() -> Image.Image:
    picture = Image.new("RGB", (1920, 1080), (245, 245, 245))
    draw = ImageDraw.Draw(picture)
    for line in range(20):
        draw.text((100, 60 + 45 * line), f"Line {line} of a page that somebody reads", (20, 20, 20), _font(24))
    return picture


def room(shift_px: int = 0, light: float = 1.0, noise: int = 4) -> Image.Image:
    """A camera's picture: soft shapes, and a sensor's noise."""
    y, x = np.mgrid[0:720, 0:1280]
    waves = 120 + 70 * np.sin((x - shift_px) / 90) * np.cos(y / 130)
    shape = np.hypot(x - 640 - shift_px, y - 360) < 170
    grey = np.where(shape, 30, waves) * light
    noisy = grey + np.random.default_rng(shift_px + noise).normal(0, noise, grey.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _with(draw_on: Image.Image, *, box: tuple[int, int, int, int], text: str = "") -> Image.Image:
    picture = draw_on.copy()
    draw = ImageDraw.Draw(picture)
    draw.rectangle(box, (230, 230, 240) if text else (0, 0, 0))
    draw.text((box[0] + 10, box[1] + 8), text, (180, 0, 0), _font(24))
    return picture


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (desktop(), False),
        (_with(desktop(), box=(700, 300, 702, 324)), False),
        (_with(desktop(), box=(1500, 600, 1512, 618)), False),
        (_with(desktop(), box=(700, 400, 1200, 600), text="Error 0x80070005"), True),
        (_with(desktop(), box=(1300, 900, 1480, 940), text="Saved 12:04"), True),
    ],
    ids=["nothing", "a cursor blinks", "the mouse is elsewhere", "a dialogue", "a few words"],
)
def test_on_a_screen(after: Image.Image, *, changed: bool) -> None:
    assert differs(glimpse(desktop(), "screen"), glimpse(after, "screen"), SENSES["screen"]) is changed


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (room(noise=5), False),
        (room(shift_px=6), False),
        (room(light=0.85), False),
        (room(shift_px=160), True),
    ],
    ids=["noise", "a hand that shakes", "a cloud", "another place"],
)
def test_before_a_camera(after: Image.Image, *, changed: bool) -> None:
    assert differs(glimpse(room(), "camera"), glimpse(after, "camera"), SENSES["camera"]) is changed


def test_what_was_blurred_is_seen_again_when_it_is_sharp() -> None:
    blurred = desktop().resize((480, 270)).resize((1920, 1080))
    before, after = glimpse(blurred, "screen"), glimpse(desktop(), "screen")
    assert after.detail > 1.25 * before.detail
    assert differs(before, after, SENSES["screen"])
