"""A place in a text, and what is there."""

from dataclasses import dataclass

from agents.guarding import Personal

Kind = Personal  # as a team file names it


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is of this kind."""

    start: int
    end: int
    kind: Kind
