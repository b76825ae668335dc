"""What LiveKit is to have, and what is done so that it has."""

import json
from pathlib import Path
from typing import Any

from livekit import api
from livekit.protocol import sip
from livekit.protocol.sip import SIPDispatchRuleInfo as Rule
from livekit.protocol.sip import SIPInboundTrunkInfo as Trunk

from tests.telephony.test_file import file
from worker.phone import plan
from worker.phone.telephony import TelephonySpec, read

TEXT = """
trunks:
  carrier: {username: u, password: p, headers: x, attributes: {X-Customer: customer}, encryption: required}
  office: {allowed_addresses: [192.0.2.0/24], allowed_callers: ['200'], ringing_timeout_s: 20, max_call_minutes: 10}
numbers:
  '+441174960124': {trunk: carrier, team: shop, agent: returns, hide_caller: true, pin: '1234', attributes: {tenant: acme}}
  '+441174960123': {trunk: carrier, team: shop}
  '300': {trunk: office, team: assistant}
"""


def spec(folder: Path, text: str = TEXT) -> TelephonySpec:
    return read(file(folder, text), {})


def as_there(infos: list[Any], prefix: str) -> list[Any]:
    """As LiveKit has them, with ids of its own and the times it notes."""
    found = []
    for number, one in enumerate(infos):
        copy = type(one)()
        copy.CopyFrom(one)
        setattr(copy, "sip_trunk_id" if prefix == "ST" else "sip_dispatch_rule_id", f"{prefix}_{number}")
        copy.created_at.seconds = 1_700_000_000
        found.append(copy)
    return found


def test_given_a_file_then_trunks_are_as_livekit_names_it(tmp_path: Path) -> None:
    carrier, office = plan.trunks(spec(tmp_path))
    assert (carrier.name, list(carrier.numbers)) == ("baton/carrier", ["+441174960123", "+441174960124"])
    assert (carrier.auth_username, carrier.auth_password) == ("u", "p")
    assert dict(carrier.headers_to_attributes) == {"X-Customer": "customer"}
    assert (carrier.include_headers, carrier.media_encryption) == (sip.SIP_X_HEADERS, sip.SIP_MEDIA_ENCRYPT_REQUIRE)
    assert (list(office.allowed_addresses), list(office.allowed_numbers)) == (["192.0.2.0/24"], ["200"])
    assert (office.ringing_timeout.seconds, office.max_call_duration.seconds) == (20, 600)


def test_given_a_file_then_each_number_has_a_rule_that_sends_the_team_there(tmp_path: Path) -> None:
    rules = plan.rules(spec(tmp_path), {"baton/carrier": "ST_0", "baton/office": "ST_1"}, "baton")
    returns = rules[0]
    assert (list(returns.trunk_ids), list(returns.numbers)) == (["ST_0"], ["+441174960124"])
    assert returns.hide_phone_number
    assert dict(returns.attributes) == {"tenant": "acme"}
    callee = returns.rule.dispatch_rule_callee
    assert (callee.room_prefix, callee.pin, callee.randomize) == ("phone", "1234", True)
    [dispatch] = returns.room_config.agents
    wanted = {"team": "shop", "agent": "returns", "by": "telephone"}
    assert (dispatch.agent_name, json.loads(dispatch.metadata)) == ("baton", wanted)
    assert json.loads(rules[2].room_config.agents[0].metadata) == {"team": "assistant", "by": "telephone"}
    for rule in rules:
        assert rule.room_config.metadata == rule.room_config.agents[0].metadata, "so the front desk finds its rooms"


def test_given_all_is_there_then_nothing_is_to_be_done(tmp_path: Path) -> None:
    wanted = plan.trunks(spec(tmp_path))
    there = as_there(wanted, "ST")
    assert plan.steps(wanted, there) == []
    assert plan.strays("baton", wanted, there) == []
    rules = plan.rules(spec(tmp_path), {"baton/carrier": "ST_0", "baton/office": "ST_1"}, "baton")
    assert plan.steps(rules, as_there(rules, "SDR")) == []


def test_given_rules_without_metadata_for_their_rooms_then_they_are_to_be_changed(tmp_path: Path) -> None:
    wanted = plan.rules(spec(tmp_path), {"baton/carrier": "ST_0", "baton/office": "ST_1"}, "baton")
    there = as_there(wanted, "SDR")
    there[0].room_config.metadata = ""
    assert [step.told for step in plan.steps(wanted, there)] == ["change rule baton/+441174960124: room_config"]


def test_given_a_change_then_the_field_is_told_and_no_value(tmp_path: Path) -> None:
    there = as_there(plan.trunks(spec(tmp_path)), "ST")
    [step] = plan.steps(plan.trunks(spec(tmp_path, TEXT.replace("password: p", "password: secret"))), there)
    assert (step.id, step.told) == ("ST_0", "change trunk baton/carrier: auth_password")


def test_given_a_number_that_moves_then_it_leaves_one_trunk_before_it_is_given_to_the_other(tmp_path: Path) -> None:
    there = as_there(plan.trunks(spec(tmp_path)), "ST")
    for number, old, new in (("'300'", "office", "carrier"), ("'+441174960123'", "carrier", "office")):
        text = TEXT.replace(f"{number}: {{trunk: {old}", f"{number}: {{trunk: {new}")
        text = text.replace("numbers:\n", "numbers:\n  '301': {trunk: office, team: shop}\n")
        steps = plan.steps(plan.trunks(spec(tmp_path, text)), there)
        assert [step.what.name for step in steps] == [f"baton/{old}", f"baton/{new}"]


def test_given_what_is_not_in_the_file_then_only_what_bears_its_name_is_a_stray(tmp_path: Path) -> None:
    wanted = plan.trunks(spec(tmp_path))
    others = [Trunk(name="baton/old"), Trunk(name="other/old"), Trunk(name=""), Trunk(name="baton/carrier")]
    strays = plan.strays("baton", wanted, [*as_there(wanted, "ST"), *others])
    assert [step.told for step in strays] == ["delete trunk baton/old", "delete trunk baton/carrier"], (
        "the second is a copy"
    )


def test_given_trunks_and_rules_then_it_is_known_where_each_number_leads() -> None:
    config = api.RoomConfiguration(agents=[api.RoomAgentDispatch(agent_name="baton", metadata="{}")])
    trunks = [Trunk(sip_trunk_id="ST_0", numbers=["1", "2"]), Trunk(sip_trunk_id="ST_1", numbers=["3"])]
    trunks.append(Trunk(sip_trunk_id="ST_2"))
    rules = [
        Rule(name="any of the first", trunk_ids=["ST_0"]),
        Rule(name="the second", trunk_ids=["ST_0"], numbers=["2"], room_config=config),
        Rule(name="three", numbers=["3"]),
    ]
    found = [(route.number, route.rule.name if route.rule else None, route.to) for route in plan.routes(trunks, rules)]
    assert found == [
        ("1", "any of the first", ""),
        ("2", "the second", "baton {}"),
        ("3", "three", ""),
        ("", None, ""),
    ]
