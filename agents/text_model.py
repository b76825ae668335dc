"""What a sub-agent thinks with, and how much of it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from agents.strict import Spec, Text


class TextModelSpec(Spec):
    """Of a sub-agent: what it thinks with. A provider's name alone means the model that is usual there.

    Whoever takes callers has no mapping here, but one of the team's `model`, or a list of them.
    """

    provider: Literal["auto", "local", "openai", "google"] = Field(
        default="auto",
        description="`auto`: the provider that holds the calls where it is one of these, else one whose key is set, "
        "else the embedded one.",
    )
    name: Text | None = Field(default=None, description="A certain model of `openai` or `google`, or the one at `url`.")
    url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="An endpoint of OpenAI's chat protocol, in place of a provider.",
    )
    key: str | None = Field(
        default=None, pattern=r"^[A-Z][A-Z0-9_]*$", description="The variable that holds the key for `url`."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url and self.provider != "auto":
            raise ValueError("`url` stands in place of a provider; leave out one of them.")
        if self.url and not self.name:
            raise ValueError("`url` is there without `name`; name the model that is asked there.")
        if self.name and not self.url and self.provider not in ("openai", "google"):
            raise ValueError("`name` is there without `url`; say `provider: openai` or `provider: google` too.")
        if self.key and not self.url:
            raise ValueError("`key` is there without `url`; a provider's key has a variable of its own.")
        return self


class BudgetSpec(Spec):
    """What a sub-agent may use up for one request. With its last step, or no tool call left, it can only answer."""

    steps: int = Field(default=8, ge=1, le=50, description="Replies of its model, failed ones included.")
    tool_calls: int = Field(default=16, ge=0, le=200, description="Calls of its tools.")
    tokens: int | None = Field(
        default=None, ge=1, description="Tokens in and out, where its model counts them; null: any number."
    )
