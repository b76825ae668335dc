"""`baton phone` against a real LiveKit server and a real Redis: what is there afterwards, and what is said."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from livekit import api
from livekit.protocol import sip

from tests.core.conftest import ROOT, House
from tests.free_ports import free_port, with_free_ports
from tests.redis_server import redis
from worker.livekit_server import read_config

pytestmark = [pytest.mark.system, pytest.mark.needs("redis-server")]
TEXT = """
trunks:
  carrier: {username: baton, password: '${CARRIER_PASSWORD}'}
  office: {allowed_addresses: [192.0.2.0/24]}
numbers:
  '+441174960123': {trunk: carrier, team: shop}
  '+441174960124': {trunk: carrier, team: shop, agent: returns}
  '300': {trunk: office, team: assistant, hide_caller: true}
"""


@dataclass(frozen=True)
class Exchange:
    """A LiveKit server, and the command that sets it up."""

    folder: Path
    environment: dict[str, str]

    async def phone(self, *arguments: str, text: str = "", **settings: str) -> tuple[int, str]:
        """Exit code, and what was printed."""
        if text:
            (self.folder / "telephony.yaml").write_text(text)
        house = House(self.folder, {**self.environment, **settings}, 0)
        return await asyncio.to_thread(house.does, "phone", *arguments)

    async def apply(self, text: str = TEXT, *options: str) -> str:
        code, told = await self.phone("apply", "telephony.yaml", *options, text=text)
        assert code == 0, told
        return told

    def livekit(self) -> api.LiveKitAPI:
        url = self.environment["LIVEKIT_URL"].replace("ws", "http")
        return api.LiveKitAPI(url, self.environment["LIVEKIT_API_KEY"], self.environment["LIVEKIT_API_SECRET"])

    async def there(self) -> tuple[dict[str, sip.SIPInboundTrunkInfo], dict[str, sip.SIPDispatchRuleInfo]]:
        """Trunks and rules, by name."""
        async with self.livekit() as livekit:
            trunks = await livekit.sip.list_inbound_trunk(sip.ListSIPInboundTrunkRequest())
            rules = await livekit.sip.list_dispatch_rule(sip.ListSIPDispatchRuleRequest())
        return {one.name: one for one in trunks.items}, {one.name: one for one in rules.items}

    async def empty(self) -> None:
        trunks, rules = await self.there()
        async with self.livekit() as livekit:
            for rule in rules.values():
                await livekit.sip.delete_dispatch_rule(
                    sip.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
                )
            for trunk in trunks.values():
                await livekit.sip.delete_trunk(sip.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))


@contextmanager
def livekit(folder: Path, redis_port: int | None, settings: Path = ROOT / "livekit.yaml") -> Iterator[Exchange]:
    """A server on free ports, with a Redis at that port or with none; it asks nothing on the internet."""
    config = with_free_ports(read_config(settings))
    rtc = config["rtc"]
    assert isinstance(rtc, dict)
    config |= {"rtc": {**rtc, "use_external_ip": False, "stun_servers": ["127.0.0.1:3478"]}}
    config |= {"redis": {"address": f"127.0.0.1:{redis_port}"}} if redis_port else {}
    (folder / "livekit.yaml").write_text(yaml.safe_dump(config))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("BATON_", "LIVEKIT_"))},
        "BATON_CACHE": os.environ.get("BATON_CACHE", str(ROOT / ".cache")),
        "BATON_TEAM": str(ROOT / "agents/shop/team.yaml"),
        "PYTHONPATH": str(ROOT),
        "LIVEKIT_URL": f"ws://127.0.0.1:{config['port']}",
        "LIVEKIT_API_KEY": "APIphone",
        "LIVEKIT_API_SECRET": secrets.token_hex(24),
        "CARRIER_PASSWORD": "open sesame",
    }
    process = House(folder, environment, 0).start("livekit")
    try:
        yield Exchange(folder, environment)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    folder = tmp_path_factory.mktemp("phone")
    with redis(folder) as port, livekit(folder, port) as exchange:
        yield exchange


@pytest.fixture
async def exchange(whole: Exchange) -> Exchange:
    await whole.empty()
    return whole


async def test_given_a_file_when_it_is_applied_twice_then_all_is_there_and_nothing_is_done_the_second_time(
    exchange: Exchange,
) -> None:
    told = await exchange.apply()
    assert "Done: 5." in told
    trunks, rules = await exchange.there()
    assert set(trunks) == {"baton/carrier", "baton/office"}
    assert trunks["baton/carrier"].auth_password == "open sesame"
    assert list(rules["baton/300"].trunk_ids) == [trunks["baton/office"].sip_trunk_id]
    assert await exchange.apply() == "LiveKit has all of it already.\n"
    assert await exchange.there() == (trunks, rules)


async def test_given_dry_run_then_it_is_only_told(exchange: Exchange) -> None:
    told = await exchange.apply(TEXT, "--dry-run")
    assert "would create trunk baton/carrier" in told
    assert "would create rule baton/300" in told
    assert "To do: 5." in told
    assert await exchange.there() == ({}, {})


async def test_given_changes_then_each_is_made_in_place(exchange: Exchange) -> None:
    await exchange.apply()
    before, _ = await exchange.there()
    moved = TEXT.replace("'+441174960124': {trunk: carrier", "'+441174960124': {trunk: office").replace(
        "192.0", "198.51"
    )
    told = await exchange.apply(moved.replace("agent: returns", "agent: orders"))
    assert "change trunk baton/office: numbers, allowed_addresses" in told
    assert "change rule baton/+441174960124: trunk_ids, room_config" in told
    trunks, rules = await exchange.there()
    assert trunks["baton/office"].sip_trunk_id == before["baton/office"].sip_trunk_id
    assert list(trunks["baton/office"].numbers) == ["+441174960124", "300"]
    assert "orders" in rules["baton/+441174960124"].room_config.agents[0].metadata


async def test_given_a_number_less_then_it_goes_with_prune_and_what_others_made_stays(exchange: Exchange) -> None:
    async with exchange.livekit() as livekit:
        others = sip.SIPInboundTrunkInfo(name="theirs", numbers=["+49301"], auth_username="u", auth_password="p")
        await livekit.sip.create_inbound_trunk(sip.CreateSIPInboundTrunkRequest(trunk=others))
    await exchange.apply()
    fewer = TEXT.replace("  '300': {trunk: office, team: assistant, hide_caller: true}\n", "").replace(
        "  office: {allowed_addresses: [192.0.2.0/24]}\n", ""
    )
    assert "left as it is: baton/300, baton/office. --prune deletes it." in await exchange.apply(fewer)
    assert "baton/300" in (await exchange.there())[1]
    told = await exchange.apply(fewer, "--prune")
    assert told.splitlines() == ["delete rule baton/300", "delete trunk baton/office", "Done: 2."]
    trunks, rules = await exchange.there()
    assert set(trunks) == {"baton/carrier", "theirs"}
    assert set(rules) == {"baton/+441174960123", "baton/+441174960124"}


async def test_given_a_number_of_another_trunk_then_it_is_named_and_the_command_fails(exchange: Exchange) -> None:
    async with exchange.livekit() as livekit:
        others = sip.SIPInboundTrunkInfo(name="theirs", numbers=["300"], auth_username="u", auth_password="p")
        await livekit.sip.create_inbound_trunk(sip.CreateSIPInboundTrunkRequest(trunk=others))
    code, told = await exchange.phone("apply", "telephony.yaml", text=TEXT)
    assert code == 1
    assert "baton: create trunk baton/office: 300 belongs to trunk 'theirs' (ST_" in told
    assert "Traceback" not in told


async def test_given_a_rule_of_others_for_the_same_calls_then_that_is_told(exchange: Exchange) -> None:
    await exchange.apply()
    async with exchange.livekit() as livekit:
        _, rules = await exchange.there()
        theirs = rules["baton/300"]
        theirs.name = "theirs"
        await livekit.sip.update_dispatch_rule(theirs.sip_dispatch_rule_id, theirs)
    code, told = await exchange.phone("apply", "telephony.yaml", text=TEXT)
    assert code == 1
    assert "create rule baton/300: another rule takes these calls already" in told


async def test_given_an_agent_who_is_not_in_the_team_then_nothing_is_done(exchange: Exchange) -> None:
    code, told = await exchange.phone("apply", "telephony.yaml", text=TEXT.replace("returns", "return"))
    assert code == 2
    assert "team shop has no agent 'return' who takes callers. Agents: reception, orders, returns." in told
    assert await exchange.there() == ({}, {})


async def test_given_status_then_each_number_is_told_and_what_is_wrong_is_the_exit_code(exchange: Exchange) -> None:
    code, told = await exchange.phone("status")
    assert code == 1
    assert "LiveKit has no number at all" in told
    await exchange.apply()
    code, told = await exchange.phone("status", "telephony.yaml")
    assert code == 0, told
    assert '+441174960124 by baton/carrier -> baton {"team": "shop", "agent": "returns", "by": "telephone"}' in told
    async with exchange.livekit() as livekit:
        trunks, rules = await exchange.there()
        lonely = sip.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rules["baton/300"].sip_dispatch_rule_id)
        await livekit.sip.delete_dispatch_rule(lonely)
        gone = sip.DeleteSIPTrunkRequest(sip_trunk_id=trunks["baton/carrier"].sip_trunk_id)
        await livekit.sip.delete_trunk(gone)
    code, told = await exchange.phone("status", "telephony.yaml")
    assert code == 1
    assert "300: no rule takes its calls; the caller hears nothing at all." in told
    assert "rule 'baton/+441174960123' waits for calls of a trunk that is not there: ST_" in told
    assert "asks for more than there is: create trunk baton/carrier" in told


async def test_given_rules_whose_rooms_the_front_desk_does_not_find_then_status_tells_and_apply_changes_them(
    exchange: Exchange,
) -> None:
    await exchange.apply()
    async with exchange.livekit() as livekit:
        _, rules = await exchange.there()
        old = rules["baton/300"]
        old.room_config.metadata, old.room_config.agents[0].metadata = "", '{"team": "assistant"}'
        await livekit.sip.update_dispatch_rule(old.sip_dispatch_rule_id, old)
    code, told = await exchange.phone("status", "telephony.yaml")
    assert code == 1
    assert "asks for more than there is: change rule baton/300: room_config. Run apply." in told
    assert "change rule baton/300: room_config" in await exchange.apply()
    assert (await exchange.phone("status", "telephony.yaml"))[0] == 0


async def test_given_a_bridge_then_its_health_is_asked_for(exchange: Exchange) -> None:
    await exchange.apply()
    healthy = True

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="Healthy" if healthy else "Overloaded", status=200 if healthy else 406)

    app = web.Application()
    app.router.add_get("/", health)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        assert (await exchange.phone("status", "--bridge", f"http://127.0.0.1:{port}"))[0] == 0
        healthy = False
        code, told = await exchange.phone("status", "--bridge", f"http://127.0.0.1:{port}")
        assert code == 1
        assert "says that it is not well: 406 Overloaded" in told
    finally:
        await runner.cleanup()
    code, told = await exchange.phone("status", "--bridge", f"http://127.0.0.1:{port}")
    assert code == 1
    assert "does not answer" in told


async def test_given_a_livekit_that_is_away_or_refuses_us_or_has_no_redis_then_a_sentence_says_what_to_do(
    exchange: Exchange, tmp_path: Path
) -> None:
    code, told = await exchange.phone("status", LIVEKIT_API_SECRET="x" * 40)
    assert code == 1
    assert "refuses our keys. Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET." in told
    code, told = await exchange.phone("status", LIVEKIT_URL=f"ws://127.0.0.1:{free_port()}")
    assert code == 1
    assert "is out of reach" in told
    code, told = await exchange.phone("status", LIVEKIT_URL="")
    assert code == 2
    assert "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET are needed" in told
    code, told = await exchange.phone("apply", "none.yaml")
    assert code == 2
    assert "none.yaml: No such file" in told
    with livekit(tmp_path, None) as lonely:
        code, told = await lonely.phone("apply", "telephony.yaml", text=TEXT)
    assert code == 1
    assert "runs without Redis" in told
    assert "Traceback" not in told
