"""Pictures of the page as it is to look, and whether it still does.

A machine draws letters a little differently from another: what is held against each other is made of cells of CELL px,
each the mean of what is in it. A letter that is drawn otherwise moves one by a few steps of 256; a panel that has moved,
or a colour that is lost, by many times as much. The pictures are there for people, too, and so a little larger.
"""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "pictures"
RENEW = os.environ.get("BATON_PICTURES") == "renew"
SCALE, CELL = 8, 16  # px of the page to one of a picture, and to one that is compared
MOST = 28  # of 256 that a cell may differ, in any colour
GROUND = (128, 128, 128)

Shot = tuple[str, int]  # a colour scheme, and the width of a window in px


def sheet(shots: Mapping[Shot, bytes]) -> Image.Image:
    """All pictures of a scene as one: a row for each scheme, a column for each width."""
    schemes = list(dict.fromkeys(scheme for scheme, _ in shots))
    widths = sorted({width for _, width in shots})
    small = {shot: Image.open(io.BytesIO(png)).convert("RGB").reduce(SCALE) for shot, png in shots.items()}
    columns = [max(small[scheme, width].width for scheme in schemes) for width in widths]
    height = max(picture.height for picture in small.values())
    whole = Image.new("RGB", (sum(columns), height * len(schemes)), GROUND)
    for (scheme, width), picture in small.items():
        whole.paste(picture, (sum(columns[: widths.index(width)]), height * schemes.index(scheme)))
    return whole


def difference(one: Image.Image, other: Image.Image) -> int:
    """How much the cell differs that differs most, of 256; all of it, if they have not one size."""
    if one.size != other.size:
        return 256
    cells = [np.asarray(picture.reduce(CELL // SCALE), np.int16) for picture in (one, other)]
    return int(np.abs(cells[0] - cells[1]).max(initial=0))


def judge(scene: str, shots: Mapping[Shot, bytes], kept: Path) -> list[str]:
    """What differs from the picture of a scene. `kept` is where the page's own pictures are left, as large as they are."""
    for (scheme, width), png in shots.items():
        (kept / f"{scene}-{width}-{scheme}.png").write_bytes(png)
    path, now = FOLDER / f"{scene}.png", sheet(shots)
    if RENEW:
        FOLDER.mkdir(exist_ok=True)
        now.save(path, optimize=True)
        return []
    if not path.exists():
        return [f"there is no {path.name}: `make pictures` makes it"]
    with Image.open(path) as picture:
        worst = difference(now, picture.convert("RGB"))
    if worst <= MOST:
        return []
    return [f"{scene} looks different by {worst} of 256: see {kept}. `make pictures`, if it is to look so"]
