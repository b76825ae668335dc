"""A place in a text, and what is there."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["card_number", "email", "phone", "iban", "national_id", "secret"]


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is of this kind."""

    start: int
    end: int
    kind: Kind
