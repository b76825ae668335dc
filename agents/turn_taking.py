"""Who may speak when: what a team says of interruptions, patience and silence."""

from typing import Literal

from pydantic import Field

from agents.strict import Spec, Text

Interruptions = Literal["free", "polite", "none"]


class SilenceSpec(Spec):
    """What happens when nobody says anything for long: the agent asks whether the caller is there, then says goodbye.

    The words are what the model is told to say, in the caller's language.
    """

    nudge_s: float | None = Field(
        default=20.0, ge=3, le=600, description="Seconds of silence after which the agent asks; null: never."
    )
    nudges: int = Field(default=2, ge=0, le=10, description="How often it asks, before it says goodbye.")
    nudge: Text = Field(default="Are you still there?", description="What it asks.")
    goodbye: Text | None = Field(
        default="I cannot hear you, so I will hang up now. Please call again. Goodbye.",
        description="What it says in the end, after as long a silence again; null: it stays, and says nothing more.",
    )


class TurnTakingSpec(Spec):
    """When the caller's turn is over, and what becomes of a silence. See [turn-taking.md](turn-taking.md)."""

    patience_ms: int = Field(
        default=1500,
        ge=0,
        le=10_000,
        description="While a number is dictated, a pause of so long does not end the caller's turn; 0: none at all.",
    )
    silence: SilenceSpec = Field(default=SilenceSpec(), description="See below.")
