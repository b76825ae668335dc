"""Seeing: the text in a picture, and its codes. What a thing is, no model this small can honestly say."""

import asyncio
import base64
import binascii
import io
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

logger = logging.getLogger(__name__)

_LIMIT_BYTES = 20 * 1024 * 1024
_LIMIT_PIXELS = 50_000_000
_SIDE_PX = 1600  # longer sides are scaled down: text stays legible, and recognition quick
_SURE = 0.6
_CODES, _LONGEST = 5, 200


class Eyes:
    """Recognition of text and codes, loaded when the first picture comes. Works in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eyes")
        self._reader: Any = None

    async def describe(self, data_url: str) -> str:
        """What a `data:` URL's picture shows, in words; says so when it cannot be read. Never raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._describe, data_url)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _describe(self, data_url: str) -> str:
        try:
            picture = _decode(data_url)
        except (ValueError, OSError, Image.DecompressionBombError) as error:
            logger.info("a picture could not be read: %s", error)
            return "nothing that could be read"
        if self._reader is None:
            from rapidocr import RapidOCR  # half a second, and 250 MB: not before somebody shows something

            self._reader = RapidOCR()
        pixels = np.asarray(picture)
        found = self._reader(pixels[:, :, ::-1])
        lines = [text for text, score in zip(found.txts or (), found.scores or (), strict=True) if score >= _SURE]
        seen = [f'the text "{" / ".join(map(_plain, lines))}"'] if lines else []
        return "; ".join([*seen, *_codes(pixels)]) or "no text"


def _codes(pixels: NDArray[np.uint8]) -> list[str]:
    """The first few QR codes, barcodes and their like, in words."""
    import zxingcpp  # with the rest

    found = [code for code in zxingcpp.read_barcodes(pixels) if code.valid]
    return [f'the {_called(str(code.format))} "{_plain(code.text[:_LONGEST])}"' for code in found[:_CODES]]


def _called(form: str) -> str:
    return form if form.endswith("Code") else f"{form} code"


def _plain(text: str) -> str:
    """Without what marks in a description where a text ends, and what is no character to read."""
    return "".join(char if char.isprintable() else " " for char in text).replace('"', "'")


def _decode(data_url: str) -> Image.Image:
    """RGB, longer side 1600 px at most. Raises ValueError or an error of the image library."""
    head, _, body = data_url.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise ValueError("not a base64 data URL of an image")
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(data) > _LIMIT_BYTES:
        raise ValueError("over 20 MB")
    picture = Image.open(io.BytesIO(data))
    if picture.width * picture.height > _LIMIT_PIXELS:
        raise ValueError("too many pixels")
    picture.thumbnail((_SIDE_PX, _SIDE_PX))
    return picture.convert("RGB")
