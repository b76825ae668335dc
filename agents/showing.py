"""What agents look at, and what becomes of what callers show."""

from typing import Any, Literal

from pydantic import Field

from agents.strict import Spec

Source = Literal["camera", "screen"]
Sees = Literal["images", "camera", "screen"]
SOURCES: tuple[Source, ...] = ("camera", "screen")


def listed(sees: Any) -> Any:
    """A word alone, as a list."""
    return [sees] if isinstance(sees, str) else sees


class ShowingSpec(Spec):
    """What callers show: pictures, documents and texts; a camera or screen. More: [pictures](showing-pictures.md),
    [camera and screen](camera-and-screen.md)."""

    keep: bool | None = Field(
        default=None,
        description="Whether pictures and frames are kept among the call's files; null: unless the team redacts, as nobody "
        "can take a card's number out of its photo.",
    )
    remembered: int = Field(
        default=6,
        ge=1,
        le=20,
        description="So many pictures at most, the newest, are before the model, which is billed for them in each reply. Of "
        "older ones it knows that they were shown.",
    )
    described_by: str | None = Field(
        default=None,
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="An agent of the team's who looks at pictures for models that take none, and says what is on them: its "
        "`model` is a text model that sees. null: the worker itself reads the text and the codes on them, and nothing else.",
    )
    frames: int = Field(
        default=3,
        ge=1,
        le=10,
        description="So many frames of camera and screen at most, the newest, are before the model beside the pictures. "
        "Older ones it forgets.",
    )
