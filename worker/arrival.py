"""Who comes into a call, and what is known of them before they say a word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livekit import rtc

from agents.facts import typed
from agents.people import clean_name
from agents.redaction import INSTEAD
from agents.spec import TeamSpec
from tools.context import Caller
from worker.room.linked import SIP

_TELEPHONE = "sip_"  # how the bridge begins a caller's identity
NUMBER, DIALLED = "sip.phoneNumber", "sip.trunkPhoneNumber"
_ATTRIBUTES, _LONGEST = 100, 2000  # what a participant brings of them, and characters in each; the rest is left out


@dataclass(frozen=True, slots=True)
class Arrival:
    """`told`: what agents are to know of how the caller is there; `facts`: what is established already.

    `telephone`: they have no screen. `unfit`: facts whose attribute is not what they have to look like.
    """

    told: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    unfit: tuple[str, ...] = ()
    telephone: bool = False


def caller_of(participant: rtc.RemoteParticipant) -> Caller:
    """What tools may know of who calls. LiveKit names a telephone after its number: that is no name."""
    telephone = participant.kind == SIP
    fitting = [pair for pair in participant.attributes.items() if max(map(len, pair)) <= _LONGEST]
    fitting.sort(key=lambda pair: not pair[0].startswith("sip."))  # the bridge's own come first
    attributes = dict(fitting[:_ATTRIBUTES])
    return Caller(
        participant.identity,
        "" if telephone else clean_name(participant.name),
        attributes.get(NUMBER, ""),
        dialled=attributes.get(DIALLED, ""),
        telephone=telephone,
        attributes=attributes,
    )


def known_by(participant: rtc.RemoteParticipant) -> str:
    """What somebody among several is called, as far as it is known."""
    return "Telephone" if participant.kind == SIP else participant.name


def arrival(team: TeamSpec, caller: Caller) -> Arrival:
    """What a team makes of a caller who has just joined."""
    if not caller.telephone:
        return Arrival()
    facts, unfit = dict[str, Any](), list[str]()
    for name, attribute in team.telephone.facts.items():
        if value := caller.attributes.get(attribute):
            try:
                facts[name] = typed(team.facts[name], value)
            except ValueError:
                unfit.append(name)
    return Arrival(team.telephone.told or "", facts, tuple(unfit), telephone=True)


def returning(team: TeamSpec, identity: str) -> Arrival:
    """The same of a call that another worker has left, before its caller is seen: what was known then is among its facts."""
    return Arrival(team.telephone.told or "", telephone=True) if identity.startswith(_TELEPHONE) else Arrival()


def known_as(identity: str) -> str | None:
    """Whom to look for in the room of a call that goes on; None for whoever is there: the journal has no number."""
    return None if INSTEAD["phones"] in identity else identity
