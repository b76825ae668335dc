"""What every part of a team file is made of: a key that nobody knows is an error."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
