"""Telephony on LiveKit: what is there, and carrying out what has to be done; what goes wrong is a sentence."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
from livekit import api
from livekit.protocol import sip
from livekit.protocol.sip import SIPDispatchRuleInfo as Rule
from livekit.protocol.sip import SIPInboundTrunkInfo as Trunk

from worker.phone.plan import Step
from worker.settings import Settings, SettingsError

_BRIDGE_S = 5.0


class PhoneError(Exception):
    """LiveKit did not do what was asked of it; the message says why, and what helps."""


@dataclass(frozen=True, slots=True)
class There:
    """What LiveKit has for calls that come in."""

    trunks: tuple[Trunk, ...]
    rules: tuple[Rule, ...]

    @property
    def names(self) -> Mapping[str, str]:
        """What LiveKit's ids stand for."""
        named = {trunk.sip_trunk_id: f"trunk {trunk.name!r}" for trunk in self.trunks}
        return named | {rule.sip_dispatch_rule_id: f"rule {rule.name!r}" for rule in self.rules}


class Exchange:
    """LiveKit's telephony. Its methods raise PhoneError."""

    def __init__(self, livekit: api.LiveKitAPI, url: str) -> None:
        self._livekit, self._url = livekit, url
        self._names: Mapping[str, str] = {}

    async def there(self) -> There:
        with self._in_words():
            trunks = await self._livekit.sip.list_inbound_trunk(sip.ListSIPInboundTrunkRequest())
            rules = await self._livekit.sip.list_dispatch_rule(sip.ListSIPDispatchRuleRequest())
        found = There(
            tuple(sorted(trunks.items, key=lambda one: (one.name, one.sip_trunk_id))),
            tuple(sorted(rules.items, key=lambda one: (one.name, one.sip_dispatch_rule_id))),
        )
        self._names = found.names
        return found

    async def carry_out(self, step: Step) -> str:
        """Returns LiveKit's id of what was made, changed or deleted."""
        service = self._livekit.sip
        with self._in_words(step):
            match step.do, step.what:
                case "create", Trunk() as trunk:
                    return (
                        await service.create_inbound_trunk(sip.CreateSIPInboundTrunkRequest(trunk=trunk))
                    ).sip_trunk_id
                case "change", Trunk() as trunk:
                    await service.update_inbound_trunk(step.id, trunk)
                case "delete", Trunk():
                    await service.delete_trunk(sip.DeleteSIPTrunkRequest(sip_trunk_id=step.id))
                case "create", Rule() as rule:
                    made = await service.create_dispatch_rule(sip.CreateSIPDispatchRuleRequest(dispatch_rule=rule))
                    return made.sip_dispatch_rule_id
                case "change", Rule() as rule:
                    await service.update_dispatch_rule(step.id, rule)
                case "delete", Rule():
                    await service.delete_dispatch_rule(sip.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=step.id))
        return step.id

    @contextmanager
    def _in_words(self, step: Step | None = None) -> Iterator[None]:
        try:
            yield
        except api.TwirpError as error:
            told = _sentence(error, self._url, self._names)
            raise PhoneError(f"{step.told}: {told}" if step else told) from error
        except (aiohttp.ClientError, OSError) as error:
            why = str(error) or type(error).__name__
            raise PhoneError(f"LiveKit at {self._url} is out of reach: {why}. Check LIVEKIT_URL.") from error


def _sentence(error: api.TwirpError, url: str, names: Mapping[str, str]) -> str:
    """What a person can do about an error of LiveKit's. `names`: what its ids stand for."""
    message = error.message
    if error.status in (401, 403):
        return f"LiveKit at {url} refuses our keys. Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET."
    if "redis required" in message:
        return (
            f"LiveKit at {url} runs without Redis, and knows nothing of telephones without it. Give its own settings "
            "`redis: {address: …}`, and the SIP bridge the same one; see docs/telephony.md."
        )
    if found := re.search(
        r'Conflicting inbound SIP Trunks.* "(ST_\w+)", using the same number\(s\) (\[.*?\])', message
    ):
        numbers = ", ".join(json.loads(found[2]))
        other = names.get(found[1], "another trunk")
        return (
            f"{numbers} belongs to {other} ({found[1]}) already, and a number has one trunk. Take it out there; what an "
            "older file has left is deleted with --prune, all else with `lk sip inbound delete`."
        )
    if "same trunk, inbound number, number, and PIN" in message:
        return (
            "another rule takes these calls already. `baton phone status` shows which; what an older file has left is "
            "deleted with --prune, all else with `lk sip dispatch delete`."
        )
    if error.status == 404:
        return "it is not there any more: somebody else has deleted it meanwhile. Run this again."
    return f"LiveKit says: {message or error.code}."


@asynccontextmanager
async def exchange(settings: Settings) -> AsyncIterator[Exchange]:
    """LiveKit, as the settings name it. Raises SettingsError."""
    key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    if not (settings.livekit_url and key and secret):
        raise SettingsError(
            "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET are needed: those of the LiveKit that the SIP bridge joins."
        )
    async with api.LiveKitAPI(settings.livekit_url.replace("ws", "http", 1), key, secret) as livekit:
        yield Exchange(livekit, settings.livekit_url)


async def trouble_of_bridge(url: str) -> str:
    """Why the SIP bridge does not take calls, by its health page; empty when it does."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_BRIDGE_S)) as session,
            session.get(url) as page,
        ):
            if page.status == 200:
                return ""
            return f"the bridge at {url} says that it is not well: {page.status} {(await page.text())[:200]}".strip()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        return f"the bridge at {url} does not answer: {why}. Is it running, with `health_port` in sip.yaml?"
