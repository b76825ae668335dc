"""What a caller with a screen gets to see beside what is said."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Link(BaseModel):
    """A page to open, by its address and the words it is shown as."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    label: Line
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]


class Card(BaseModel):
    """A few facts at a glance. Nobody who only hears may miss anything: the tool's result tells it all in words.

    `fields` are named values, in order. `choices` are answers the caller may press: each counts as if they wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    fields: dict[Line, Line] = Field(default={}, max_length=12)
    link: Link | None = None
    choices: tuple[Line, ...] = Field(default=(), max_length=6)
