"""Whether two pictures of a camera or screen are the same to somebody who looks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from agents.showing import Source

Grey = NDArray[np.uint8]
_LARGER = 1.3  # times the pixels: it is looked at again
_SHARPER = 1.25  # times the detail: a share begins blurred, and a camera that was moved is blurred


@dataclass(frozen=True, slots=True)
class Sense:
    """A small grey picture of `width` x `height` cells is compared; `cells` of them that differ by `grey` are a change.

    `steadies`: the light may change for all of it at once.
    """

    width: int
    height: int
    grey: int
    cells: int
    steadies: bool


SENSES: Mapping[Source, Sense] = MappingProxyType(
    {
        # a hand that shakes and a sensor that is noisy change no cell by much; a hand that moves changes many
        "camera": Sense(48, 27, grey=18, cells=52, steadies=True),
        # a word of some letters changes ten cells, a mouse pointer or a cursor that blinks fewer
        "screen": Sense(160, 90, grey=10, cells=10, steadies=False),
    }
)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a frame looks like at a glance. `detail` is how much its brightness changes from pixel to pixel."""

    grey: Grey
    width_px: int
    height_px: int
    detail: float = 0.0


def differs(before: Glimpse, now: Glimpse, sense: Sense) -> bool:
    """Whether somebody who has seen the one would learn something from the other."""
    if now.width_px * now.height_px > before.width_px * before.height_px * _LARGER:
        return True
    change = now.grey.astype(np.int16) - before.grey
    if sense.steadies:
        change -= np.int16(np.median(change))
    if np.count_nonzero(np.abs(change) >= sense.grey) >= sense.cells:
        return True
    return now.detail > before.detail * _SHARPER


def detail(full: Grey) -> float:
    """Of a grey picture in its own size; every fourth row tells enough."""
    return float(np.abs(np.diff(full[::4].astype(np.int16), axis=1)).mean()) if full.size else 0.0
