"""All clips, by what they are for."""

from collections.abc import Callable

from tests.turns.clips import Clip, clips
from tests.turns.clips.drawn import held_out, practice
from tests.turns.clips.fresh import fresh
from tests.turns.clips.unseen import unseen

SETS: dict[str, Callable[[], list[Clip]]] = {
    "tuned": clips,
    "unseen": unseen,
    "fresh": fresh,
    "practice": practice,
    "held out": held_out,
}


def every_clip() -> list[Clip]:
    """In order."""
    return [clip for of in SETS.values() for clip in of()]
