"""Guards as a team file has them, and passages to judge."""

from typing import Any

from pydantic import SecretStr

from agents.spec import TeamSpec
from worker.gate.guard import Finding, Panel, Passage
from worker.gate.guards import build
from worker.settings import Settings


def settings(**given: Any) -> Settings:
    """Without what this machine's environment says."""
    empty = {"openai_api_key": SecretStr(""), "openai_base_url": "", "local_model_port": 1}
    return Settings.model_construct(**{**empty, **given})


def team(*guards: Any, **more: Any) -> TeamSpec:
    desk = {"name": "desk", "instructions": "Be kind. Delivery costs four pounds ninety."}
    return TeamSpec.model_validate(
        {"team": "t", "start": "desk", "guards": list(guards), "agents": {"desk": desk}, **more}
    )


def panel(*guards: Any, **more: Any) -> Panel:
    return build(team(*guards), settings(**more))


async def judged(guards: Panel, text: str, **more: Any) -> tuple[Finding, ...]:
    return await guards.judge(Passage(**{"place": "output", "agent": "desk", "text": text, **more}))


async def only(guards: Panel, text: str, **more: Any) -> Finding | None:
    found = await judged(guards, text, **more)
    assert len(found) <= 1
    return found[0] if found else None
