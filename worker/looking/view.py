"""What can be looked at: somebody's camera, or somebody's screen."""

from typing import NamedTuple

from agents.showing import Source


class View(NamedTuple):
    """`participant` is whose."""

    participant: str
    source: Source
