"""Whether a call is recorded, and what the caller is told of it. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from agents.strict import Spec, Text

CONSENT = "recording_consent"  # the fact, and the task that finds it out
ASKED = (
    "Whether the caller agrees that this call is recorded: true after a clear yes, false after a no, or when they want it "
    "to stop."
)


class RecordingSpec(Spec):
    """A sound file of each call: the caller left, the agent right. See [recording.md](recording.md)."""

    when: Literal["off", "on", "consent"] = Field(
        default="off",
        description="`on`: from the first sample, and the caller hears so first; `consent`: from when they have agreed.",
    )
    announcement: Text | None = Field(
        default=None,
        description="What the caller is told; null: `This call is recorded.`, or `May we record this call?`",
    )
    held_s: float = Field(
        default=0.0,
        ge=0,
        le=120,
        description="Seconds of sound that wait in memory, where they can still be muted, before they are written. A worker "
        "that is killed loses them.",
    )

    @field_validator("when", mode="before")
    @classmethod
    def _written_as_a_word(cls, when: Any) -> Any:
        """YAML takes `on` and `off` for true and false."""
        return {True: "on", False: "off"}.get(when, when) if isinstance(when, bool) else when

    @property
    def sentence(self) -> str:
        return self.announcement or {"consent": "May we record this call?"}.get(self.when, "This call is recorded.")


def greeting_hint(spec: RecordingSpec) -> str:
    """What the first agent is told beside greeting the caller; empty if nothing is recorded."""
    match spec.when:
        case "on":
            return f' Begin with this sentence, in their language: "{_quoted(spec)}"'
        case "consent":
            return (
                f' End with this question, in their language: "{_quoted(spec)}" '
                f"When they have answered, note {CONSENT}; whatever they answer, go on with the call."
            )
        case "off":
            return ""


def again_hint(spec: RecordingSpec) -> str:
    """For the reply after an announcement that was not heard."""
    return f'The caller has not heard all of this. Begin with it, in their language: "{_quoted(spec)}"'


def _quoted(spec: RecordingSpec) -> str:
    return spec.sentence.replace('"', "'")


class Announced:
    """What a recording may rest on: that the caller has been told, and that they have answered."""

    def __init__(self, spec: RecordingSpec) -> None:
        self._spec = spec
        self._told = self._answered = self._missed = False

    def heard(self, text: str, *, interrupted: bool) -> None:
        """Of a message of an agent, this was heard."""
        if not self._told:
            self._told = not interrupted or self._spec.sentence.lower() in text.lower()
            self._missed = not self._told

    def caller_spoke(self) -> str:
        """The caller took a turn. Returns what the answer is told, if they have missed the announcement."""
        self._answered |= self._told
        missed, self._missed = self._missed, False
        return again_hint(self._spec) if missed and self._spec.when != "off" else ""

    def agreed(self, facts: Mapping[str, Any]) -> bool:
        """Whether recording may go on."""
        return self._spec.when == "on" or (self._spec.when == "consent" and facts.get(CONSENT) is True)

    def too_early(self, facts: Mapping[str, Any]) -> bool:
        """Consent was noted before the caller could have given it: a model's guess, to be forgotten."""
        return CONSENT in facts and not self._answered
