"""How much of a long call the model remembers."""

from pydantic import Field

from agents.strict import Spec


class MemorySpec(Spec):
    """How much of a long call the model remembers word by word; what is older it knows as a summary.

    Tokens are an estimate: speech of the caller counts 10 a second, speech of the model 20 and its words, text a quarter
    of its bytes.
    """

    budget_tokens: int = Field(
        default=8000, ge=500, description="More than so many, instructions and tools not counted, is summarised."
    )
    keep_turns: int = Field(default=12, ge=1, le=200, description="The caller's last turns that are never summarised.")
