"""What the caller hears when no model can speak."""

from pydantic import Field

from agents.strict import Spec, Text


class AnnouncementsSpec(Spec):
    """What the caller hears when no model can speak: short sentences in the embedded voice, which speaks English."""

    moment: Text = Field(
        default="One moment, please.",
        description="When the caller has waited for four seconds, and has heard nothing.",
    )
    still: Text = Field(
        default="I am still here. It takes a little longer.",
        description="After nine more seconds in which they have heard nothing.",
    )
    lost: Text = Field(
        default="One moment please, I have lost my connection.",
        description="When no session of a model is there for two and a half seconds.",
    )
    waiting: Text = Field(
        default="I am still trying to get my connection back. Please stay on the line.",
        description="After that, every nine seconds.",
    )
    unanswered: Text = Field(
        default="I am sorry, I could not get an answer to that. Could you say it another way?",
        description="When the model has failed to reply several times, or nothing of a reply is heard in twenty seconds.",
    )
    blocked: Text = Field(
        default="I am sorry, I cannot say anything about that.",
        description="When guards have withheld what the agent was about to say, again and again. The agent says it, or "
        "the embedded voice where the agent does not.",
    )
    unreachable: Text = Field(
        default="I am sorry, I cannot get my connection back.", description="When all providers have failed."
    )
    goodbye: Text = Field(
        default="Please call again in a little while. Goodbye.",
        description="After that, where `when_unreachable` has nothing to say.",
    )
