"""What the caller hears while they wait and nobody speaks."""

from typing import Annotated

from pydantic import Field, StringConstraints

from agents.strict import Spec

NONE, BUILT_IN = "none", ("typing", "hold")


class BackgroundSpec(Spec):
    """A sound while a tool runs that the caller waits for. Never under speech. [More](background-sound.md)."""

    while_tools_run: Annotated[str, StringConstraints(pattern=r"^(none|typing|hold|\S.*\.wav)$")] = Field(
        default=NONE, description="`none`, `typing`, `hold`, or a WAV file beside the team's."
    )
    after_s: float = Field(
        default=0.8, ge=0, le=30, description="Seconds of waiting, in which nobody speaks, before it begins."
    )
    volume_db: float = Field(default=0.0, ge=-40, le=12, description="Louder or softer than it is, in dB.")
