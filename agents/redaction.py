"""What of a call is not kept, as a team file says it: one list for journal, logs, page events and recordings."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from agents.strict import Spec, Text

Kind = Literal["card_numbers", "ibans", "national_ids", "secrets", "emails", "phones", "digits"]

INSTEAD: dict[Kind, str] = {
    "card_numbers": "[card number]",
    "ibans": "[IBAN]",
    "national_ids": "[national id]",
    "secrets": "[secret]",
    "emails": "[e-mail]",
    "phones": "[phone number]",
    "digits": "[digits]",
}
DEFAULT: tuple[Kind, ...] = ("card_numbers", "ibans", "national_ids", "secrets", "digits")


class RedactedSpec(Spec):
    """Something of your own that is not kept: what a pattern finds, or the value of a fact wherever it stands."""

    pattern: str | None = Field(default=None, description="A regular expression; all that it finds is taken out.")
    fact: str | None = Field(default=None, description="A fact of the team: its value is taken out once it is known.")
    instead: Text | None = Field(
        default=None, description="What stands in its place; null: `[redacted]`, or the fact's name in brackets."
    )

    @field_validator("pattern")
    @classmethod
    def _finds_something(cls, pattern: str | None) -> str | None:
        try:
            if pattern is not None and re.compile(pattern).match(""):
                raise ValueError("it finds the empty text too, which stands everywhere; make it ask for a character")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.pattern is None) == (self.fact is None):
            raise ValueError("give `pattern` or `fact`, one of them.")
        return self

    @property
    def shown(self) -> str:
        """What stands in its place."""
        return self.instead or (f"[{self.fact.replace('_', ' ')}]" if self.fact else "[redacted]")


def _kind_of_entry(given: Any) -> str:
    return "[mapping]" if isinstance(given, dict | RedactedSpec) else "[kind]"  # brackets: no key of the file


class RedactionSpec(Spec):
    """What of a call is never kept, nor told to others in the room. The model and its tools get everything.

    A list alone is `what`; an empty one keeps all. See [redaction.md](redaction.md).
    """

    what: tuple[
        Annotated[
            Annotated[Kind, Tag("[kind]")] | Annotated[RedactedSpec, Tag("[mapping]")], Discriminator(_kind_of_entry)
        ],
        ...,
    ] = Field(
        default=DEFAULT,
        description="Kinds, or mappings: `card_numbers`, `ibans`, `national_ids`, `secrets` (passwords and keys), `emails`, "
        "`phones`, and `digits` (all that is dialled on a telephone's keypad).",
    )
    captions: bool = Field(
        default=False,
        description="Take it out of the live captions too; the agent's then come a message at a time, when it was heard.",
    )

    @model_validator(mode="before")
    @classmethod
    def _list_alone(cls, given: Any) -> Any:
        return {"what": given} if isinstance(given, list | tuple) else given

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Those that have a name."""
        return tuple(one for one in self.what if not isinstance(one, RedactedSpec))

    @property
    def own(self) -> tuple[RedactedSpec, ...]:
        """Those that the team describes itself."""
        return tuple(one for one in self.what if isinstance(one, RedactedSpec))

    def check(self, facts: dict[str, str]) -> None:
        """Raises ValueError for a fact that the team has not got; `facts` are its own, by name and type."""
        for number, one in enumerate(self.what):
            if not isinstance(one, RedactedSpec) or one.fact is None:
                continue
            if one.fact not in facts:
                known = ", ".join(facts) or "none"
                raise ValueError(f"redact.{number}.fact: there is no fact {one.fact!r}. Facts: {known}.")
            if facts[one.fact] == "yes_no":
                raise ValueError(
                    f"redact.{number}.fact: {one.fact!r} is yes or no, which stands everywhere; leave it out."
                )


class DigitsSpec(Spec):
    """What the caller dials on a telephone's keypad: when it is complete, and counts as a turn of theirs."""

    terminator: Literal["#", "*"] | None = Field(default="#", description="The key that ends it; null: none does.")
    timeout_ms: int = Field(default=3000, ge=500, le=30_000, description="So long after the last key it is complete.")
    max: int = Field(default=32, ge=1, le=128, description="With so many keys it is complete.")
