"""What is on a picture, for a model that takes none: its text and its codes, read by the embedded model's eyes."""

import base64
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.local_model.eyes import Eyes


async def look(jpeg: bytes) -> str:
    """In words. Never raises."""
    return await _eyes().describe(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}")


@cache
def _eyes() -> "Eyes":
    """Of all calls of a worker: they load what they need when the first picture comes."""
    from worker.local_model.eyes import Eyes  # few workers need them

    return Eyes()
