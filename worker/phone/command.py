"""`baton phone`: makes LiveKit know your numbers, and says what becomes of calls to them."""

from collections.abc import Sequence
from pathlib import Path

from agents.spec import SpecError
from agents.team_file import read_team
from worker.phone import plan
from worker.phone.plan import Step
from worker.phone.provision import Exchange, PhoneError, There, exchange, trouble_of_bridge
from worker.phone.telephony import TelephonyError, TelephonySpec, read
from worker.settings import AGENT_NAME, Settings, variables


async def apply(settings: Settings, path: Path, *, dry_run: bool, prune: bool) -> None:
    """Does what the file asks for and is not there yet. Raises TelephonyError, SettingsError and PhoneError."""
    spec = read(path, variables())
    _check_agents(settings, path, spec)
    async with exchange(settings) as livekit:
        there = await livekit.there()
        stray = _strays(spec, there)
        done = await _do(livekit, stray, dry_run=dry_run) if prune else 0
        ids = {trunk.name: trunk.sip_trunk_id for trunk in reversed(there.trunks)}
        for step in plan.steps(plan.trunks(spec), reversed(there.trunks)):
            done += await _do(livekit, [step], dry_run=dry_run, ids=ids)
        rules = plan.rules(spec, ids, AGENT_NAME)
        done += await _do(livekit, plan.steps(rules, reversed(there.rules)), dry_run=dry_run)
    if stray and not prune:
        names = ", ".join(step.what.name for step in stray)
        print(f"Not in the file, and left as it is: {names}. --prune deletes it.")
    print(f"{'To do' if dry_run else 'Done'}: {done}." if done else "LiveKit has all of it already.")


async def status(settings: Settings, path: Path | None, bridge: str) -> None:
    """Says of each number what becomes of a call to it. Raises PhoneError, naming all that is wrong."""
    spec = read(path, variables()) if path else None
    async with exchange(settings) as livekit:
        there = await livekit.there()
    print(f"LiveKit at {settings.livekit_url} answers, and has Redis.")
    wrong = list[str]()
    for route in plan.routes(there.trunks, there.rules):
        number = route.number or "any number"
        if route.to:
            print(f"  {number} by {route.trunk.name or route.trunk.sip_trunk_id} -> {route.to}")
        elif route.rule:
            wrong.append(f"{number}: rule {route.rule.name!r} sends nobody there; it rings until the caller gives up.")
        else:
            wrong.append(f"{number}: no rule takes its calls; the caller hears nothing at all.")
    known = {trunk.sip_trunk_id for trunk in there.trunks}
    wrong += [
        f"rule {rule.name!r} waits for calls of a trunk that is not there: {', '.join(lost)}."
        for rule in there.rules
        if (lost := sorted(set(rule.trunk_ids) - known))
    ]
    if spec and path and (left := _left(spec, there)):
        wrong.append(f"{path} asks for more than there is: {'; '.join(step.told for step in left)}. Run apply.")
    if not there.trunks:
        wrong.append("LiveKit has no number at all. `baton phone apply FILE` makes them.")
    if bridge:
        wrong += [trouble] if (trouble := await trouble_of_bridge(bridge)) else []
    else:
        print("  The bridge was not asked, LiveKit does not tell of it: --bridge http://HOST:PORT is its health page.")
    if wrong:
        raise PhoneError("\n".join(wrong))


async def _do(livekit: Exchange, steps: Sequence[Step], *, dry_run: bool, ids: dict[str, str] | None = None) -> int:
    """Returns how many there are. `ids` learns those of what is made."""
    for step in steps:
        made = "" if dry_run else await livekit.carry_out(step)
        print(f"{'would ' if dry_run else ''}{step.told}")
        if ids is not None:
            ids[step.what.name] = made or step.id
    return len(steps)


def _strays(spec: TelephonySpec, there: There) -> list[Step]:
    """Rules first: a trunk that is gone leaves none behind."""
    rules = plan.strays(spec.name, plan.rules(spec, {}, AGENT_NAME), there.rules)
    return [*rules, *plan.strays(spec.name, plan.trunks(spec), there.trunks)]


def _left(spec: TelephonySpec, there: There) -> list[Step]:
    ids = {trunk.name: trunk.sip_trunk_id for trunk in reversed(there.trunks)}
    return [
        *plan.steps(plan.trunks(spec), reversed(there.trunks)),
        *plan.steps(plan.rules(spec, ids, AGENT_NAME), reversed(there.rules)),
    ]


def _check_agents(settings: Settings, path: Path, spec: TelephonySpec) -> None:
    """Of the team whose file is at hand, an agent who is named must be there."""
    try:
        team = read_team(settings.team)
    except SpecError:
        return  # the workers' teams are elsewhere
    for number, one in spec.numbers.items():
        if one.team == team.team and one.agent and one.agent not in team.speakers:
            known = ", ".join(team.speakers)
            raise TelephonyError(
                f"{path}: {number}: team {team.team} has no agent {one.agent!r} who takes callers. Agents: {known}."
            )
