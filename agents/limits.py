"""What a call, and a day, may cost."""

from pydantic import Field

from agents.strict import Spec


class LimitsSpec(Spec):
    """What a call may use up. At 80 % the journal warns; at the limit the agent says goodbye, and the call ends.

    Money is that of the price table: US dollars, if you give no prices of your own. See [costs.md](costs.md).
    """

    cost_per_call: float | None = Field(default=None, gt=0, description="What one call may cost; null: any amount.")
    minutes_per_call: float | None = Field(default=None, gt=0, description="How long a call may last, in minutes.")
    cost_per_day: float | None = Field(
        default=None,
        gt=0,
        description="What all calls of a day (UTC) may cost together, whichever worker holds them. Who calls after that "
        "is told so.",
    )
