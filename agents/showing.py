"""What agents look at, and what becomes of the files that callers send."""

from typing import Literal

from pydantic import Field

from agents.strict import Spec

Sees = Literal["images"]


class ShowingSpec(Spec):
    """What callers show: pictures, documents and texts. [More](showing-pictures.md)."""

    keep: bool | None = Field(
        default=None,
        description="Whether pictures are kept among the call's files; null: unless the team redacts, as nobody can take "
        "a card's number out of its photo.",
    )
    remembered: int = Field(
        default=6,
        ge=1,
        le=20,
        description="So many pictures at most, the newest, are before the model, which is billed for them in each reply. Of "
        "older ones it knows that they were shown.",
    )
