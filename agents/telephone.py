"""What a team says of callers by telephone."""

from pydantic import Field

from agents.strict import Spec, Text

TOLD = (
    "The caller is on the telephone: they see no page, no cards and no pictures, and cannot write. Say whatever matters. "
    "They can dial digits on the keypad."
)


class TelephoneSpec(Spec):
    """A caller by telephone: what agents are told of it, and what is known before a word is said.

    Nobody has verified a caller's number: networks let it be forged. See [telephony.md](telephony.md).
    """

    told: Text | None = Field(default=TOLD, description="What every agent is told of such a call; null: nothing.")
    facts: dict[str, Text] = Field(
        default={},
        description="Facts of the team that are known at once, and the attribute of the participant each is taken from: "
        "`sip.phoneNumber` (who calls), `sip.trunkPhoneNumber` (which number they called), one that the trunk or the "
        "dispatch rule sets.",
    )

    def check(self, facts: dict[str, str]) -> None:
        """Raises ValueError for a fact that the team has not got; `facts` are its own, by name and type."""
        for name in self.facts:
            if name not in facts:
                known = ", ".join(facts) or "none"
                raise ValueError(f"telephone.facts: there is no fact {name!r}. Facts: {known}.")
