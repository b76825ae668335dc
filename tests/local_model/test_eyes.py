"""Eyes: text and codes on pictures, as a provider's protocol brings them."""

import base64

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from tests.shown import files
from worker.local_model.eyes import Eyes


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes()


def url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def code(text: str, form: zxingcpp.BarcodeFormat, scale: int) -> Image.Image:
    return Image.fromarray(np.array(zxingcpp.create_barcode(text, form).to_image(scale=scale))).convert("RGB")


async def test_a_photo_of_a_slip_is_read_line_by_line(eyes: Eyes) -> None:
    assert await eyes.describe(url(files.saved(files.slip()))) == f'the text "{" / ".join(files.SLIP)}"'


async def test_codes_are_read(eyes: Eyes) -> None:
    picture = files.slip("Scan me")
    picture.paste(code("https://example.org/1042", zxingcpp.BarcodeFormat.QRCode, 5), (80, 250))
    picture.paste(code("4006381333931", zxingcpp.BarcodeFormat.EAN13, 3), (450, 300))
    seen = await eyes.describe(url(files.saved(picture)))
    assert '"Scan me' in seen
    assert '; the QR Code "https://example.org/1042"' in seen
    assert '; the EAN-13 code "4006381333931"' in seen


async def test_a_code_cannot_end_its_own_quotation(eyes: Eyes) -> None:
    picture = Image.new("RGB", (500, 500), "white")
    picture.paste(code('a"; the text "b\nc', zxingcpp.BarcodeFormat.QRCode, 8), (80, 80))
    assert """the QR Code "a'; the text 'b c\"""" in await eyes.describe(url(files.saved(picture)))


@pytest.mark.parametrize(
    "given",
    [
        url(files.bomb()),
        url(files.saved(files.slip())[:-9000]),
        "data:image/jpeg;base64,!",
        "http://example.org/a.jpg",
        url(b""),
    ],
    ids=["bomb", "truncated", "no base64", "an address", "empty"],
)
async def test_what_cannot_be_read_is_said_to_be_so(eyes: Eyes, given: str) -> None:
    assert await eyes.describe(given) == "nothing that could be read"


async def test_a_plain_wall_has_no_text_on_it(eyes: Eyes) -> None:
    assert await eyes.describe(url(files.saved(Image.new("RGB", (300, 300), "grey")))) == "no text"
