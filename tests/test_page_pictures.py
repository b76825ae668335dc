"""What is taken for a page that looks otherwise, and what for another machine's letters."""

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.core.page_pictures import MOST, SCALE, difference

WIDTH, HEIGHT = 320, 568
TEAL, INK, SURFACE, GROUND = (10, 102, 88), (25, 28, 32), (255, 255, 255), (245, 244, 240)


def page(*, button: tuple[int, int, int] = TEAL, panel_px: int = 300) -> Image.Image:
    """A panel with a rule, lines of words above it, and a button of 44 px in it."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(picture)
    for line in range(10):
        draw.text((16, 16 + 24 * line), "Order 1042 left us on Tuesday, and comes on Friday.", INK, font_size=15)
    draw.rectangle((0, panel_px, WIDTH, HEIGHT), fill=SURFACE, outline=(224, 221, 213))
    draw.rounded_rectangle((16, panel_px + 20, 60, panel_px + 64), 10, fill=button)
    return picture


def small(picture: Image.Image) -> Image.Image:
    return picture.reduce(SCALE)


def test_letters_that_are_drawn_otherwise_make_no_difference() -> None:
    softer = page().filter(ImageFilter.GaussianBlur(0.7))
    assert 0 < difference(small(page()), small(softer)) <= MOST
    beside = ImageChops.offset(page(), 1, 0)
    assert difference(small(page()), small(beside)) <= MOST


def test_a_colour_that_is_lost_is_found() -> None:
    assert difference(small(page()), small(page(button=GROUND))) > 2 * MOST


def test_a_panel_that_has_moved_is_found() -> None:
    assert difference(small(page()), small(page(panel_px=316))) > 2 * MOST


def test_a_page_of_another_size_is_found() -> None:
    assert difference(small(page()), small(page().crop((0, 0, WIDTH, HEIGHT - 16)))) > MOST
