"""What LiveKit is to have for a telephony file, and what has to be done so that it has. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from google.protobuf.duration_pb2 import Duration
from livekit import api
from livekit.protocol import sip
from livekit.protocol.sip import SIPDispatchRuleInfo as Rule
from livekit.protocol.sip import SIPInboundTrunkInfo as Trunk

from worker.job import TELEPHONE
from worker.phone.telephony import TelephonySpec

ROOM = "phone"  # how the rooms of telephone calls begin
_Info = TypeVar("_Info", Trunk, Rule)
_THEIRS = frozenset({"sip_trunk_id", "sip_dispatch_rule_id", "created_at", "updated_at"})  # LiveKit sets them
_ENCRYPTION = {
    "off": sip.SIP_MEDIA_ENCRYPT_DISABLE,
    "allowed": sip.SIP_MEDIA_ENCRYPT_ALLOW,
    "required": sip.SIP_MEDIA_ENCRYPT_REQUIRE,
}
_HEADERS = {"none": sip.SIP_NO_HEADERS, "x": sip.SIP_X_HEADERS, "all": sip.SIP_ALL_HEADERS}


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do. `id` is LiveKit's, empty for what is not there yet; `fields`: those of LiveKit's that change."""

    do: Literal["create", "change", "delete"]
    what: Trunk | Rule
    id: str = ""
    fields: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        kind = "trunk" if isinstance(self.what, Trunk) else "rule"
        return f"{self.do} {kind} {self.what.name}" + (f": {', '.join(self.fields)}" if self.fields else "")


def trunks(spec: TelephonySpec) -> list[Trunk]:
    """Those that a file asks for."""
    return [
        Trunk(
            name=f"{spec.name}/{name}",
            numbers=spec.numbers_of(name),
            auth_username=trunk.username or "",
            auth_password=trunk.password or "",
            allowed_addresses=trunk.allowed_addresses,
            allowed_numbers=trunk.allowed_callers,
            ringing_timeout=Duration(seconds=trunk.ringing_timeout_s),
            max_call_duration=Duration(seconds=trunk.max_call_minutes * 60),
            media_encryption=_ENCRYPTION[trunk.encryption],
            include_headers=_HEADERS[trunk.headers],
            headers_to_attributes=trunk.attributes,
        )
        for name, trunk in spec.trunks.items()
    ]


def rules(spec: TelephonySpec, ids: Mapping[str, str], agent_name: str) -> list[Rule]:
    """A rule for each number: a room of its own for each call, and the job that sends a worker there.

    The room tells of the job as well: so the front desk finds it, and has its caller wait with the others.

    `ids`: LiveKit's ids of the trunks, by name. The room is named after the number that is called: the caller's own
    would stand in every log that names the room.
    """
    found = list[Rule]()
    for number, one in spec.numbers.items():
        wanted = {"team": one.team, **({"agent": one.agent} if one.agent else {}), "by": TELEPHONE}
        job = json.dumps(wanted)
        dispatch = api.RoomAgentDispatch(agent_name=agent_name, metadata=job)
        callee = sip.SIPDispatchRuleCallee(room_prefix=ROOM, pin=one.pin or "", randomize=True)
        found.append(
            Rule(
                name=f"{spec.name}/{number}",
                rule=sip.SIPDispatchRule(dispatch_rule_callee=callee),
                trunk_ids=[ids.get(f"{spec.name}/{one.trunk}", "")],
                numbers=[number],  # as it is sent: of a rule, unlike of a trunk, LiveKit compares it letter by letter
                hide_phone_number=one.hide_caller,
                attributes=one.attributes,
                room_config=api.RoomConfiguration(agents=[dispatch], metadata=job),
            )
        )
    return found


def steps(wanted: Sequence[_Info], there: Iterable[_Info]) -> list[Step]:
    """To create and to change, those that lose a number first: it may be another's now."""
    by_name = {one.name: one for one in there}
    found = list[Step]()
    for one in wanted:
        if (old := by_name.get(one.name)) is None:
            found.append(Step("create", one))
        elif changed := _changed(old, one):
            found.append(Step("change", one, _id(old), changed))
    loses = {step.id for step in found if step.id and set(by_name[step.what.name].numbers) - set(step.what.numbers)}
    return sorted(found, key=lambda step: step.id not in loses)


def strays(owner: str, wanted: Iterable[_Info], there: Iterable[_Info]) -> list[Step]:
    """What bears our name, and is not in the file, or there twice."""
    names, seen = {one.name for one in wanted}, set[str]()
    found = list[Step]()
    for one in there:
        if one.name.startswith(f"{owner}/") and (one.name not in names or one.name in seen):
            found.append(Step("delete", one, _id(one)))
        seen.add(one.name)
    return found


def _changed(old: _Info, new: _Info) -> tuple[str, ...]:
    fields = [field.name for field in new.DESCRIPTOR.fields if field.name not in _THEIRS]
    return tuple(name for name in fields if getattr(old, name) != getattr(new, name))


def _id(one: Trunk | Rule) -> str:
    return one.sip_trunk_id if isinstance(one, Trunk) else one.sip_dispatch_rule_id


@dataclass(frozen=True, slots=True)
class Route:
    """Where a number leads. `rule` is None where no rule takes its calls."""

    number: str
    trunk: Trunk
    rule: Rule | None

    @property
    def to(self) -> str:
        """Who answers, in words; empty when nobody does."""
        agents = self.rule.room_config.agents if self.rule else []
        return ", ".join(" ".join(filter(None, (one.agent_name, one.metadata))) for one in agents)


def routes(every_trunk: Iterable[Trunk], every_rule: Sequence[Rule]) -> list[Route]:
    """By number, as LiveKit goes by it: a rule that names trunk and number before one that takes any."""
    found = list[Route]()
    for trunk in every_trunk:
        for number in trunk.numbers or [""]:
            fit = [
                rule
                for rule in every_rule
                if (not rule.trunk_ids or trunk.sip_trunk_id in rule.trunk_ids)
                and (not rule.numbers or number in rule.numbers)
            ]
            fit.sort(key=lambda rule: (not rule.numbers, not rule.trunk_ids))
            found.append(Route(number, trunk, fit[0] if fit else None))
    return found
