"""Guards that ask others, asked once about a harmless sentence: what `baton check` says of them."""

import asyncio
from collections.abc import AsyncIterator

from agents.guarding import GuardSpec
from agents.spec import TeamSpec
from worker.gate.guard import Finding, Guard, Passage
from worker.gate.guards.build import judge_url, make
from worker.line.trial import Trial
from worker.settings import Settings, SettingsError

_HARMLESS = "Good morning, how can I help you today?"
_PATIENCE_S = 10.0  # to tell what is slow from what is dead


async def tried(settings: Settings, team: TeamSpec) -> AsyncIterator[Trial]:
    """One trial for each judge, and each guard by topic."""
    asking = {
        spec.model_dump_json(): (agent, spec)
        for agent in team.agents
        for spec in team.guards_of(agent)
        if spec.judge or spec.topics
    }
    for agent, spec in asking.values():
        yield await _try(agent, spec, settings, team)


async def _try(agent: str, spec: GuardSpec, settings: Settings, team: TeamSpec) -> Trial:
    from openai import APIConnectionError, APIStatusError, AuthenticationError

    who, where = f"guard {spec.name!r}", _where(spec, settings)
    loop = asyncio.get_running_loop()
    try:
        guard = make(spec, team, settings)
        if spec.topics:  # what a topic is about is embedded once, before there are calls
            await _asked(guard, spec, agent)
        began = loop.time()
        found = await _asked(guard, spec, agent)
    except SettingsError as error:
        return Trial(False, str(error))
    except TimeoutError:
        return Trial(False, f"{who}: no verdict from {where} in {_PATIENCE_S:g} s. Is the address right?")
    except AuthenticationError:
        return Trial(False, f"{who}: {where} refuses the key.")
    except APIStatusError as error:
        return Trial(False, f"{who}: {where} refuses the request: HTTP {error.status_code}.{_way_out(spec)}")
    except APIConnectionError:
        if spec.topics and not spec.topics.url:
            return Trial(True, f"{who}: not tried, {where} does not run now. `baton up` starts it, or `baton model`.")
        return Trial(False, f"{who}: {where} cannot be reached.")
    except Exception as error:  # whatever it is, in a call it would block
        return Trial(False, f"{who}: {where} gives {error or type(error).__name__}.{_way_out(spec)}")
    took_ms = round((loop.time() - began) * 1000)
    if found:
        told = f"{who} finds {found.why!r} in a harmless sentence, so that hardly anything would pass."
        return Trial(False, f"{told} Ask such that yes means: it must not pass." if spec.judge else told)
    if took_ms > spec.deadline_s * 1000:
        return Trial(False, f"{who}: {where} took {took_ms} ms, and all would be blocked; give it more `deadline_ms`.")
    return Trial(True, f"{who}: {where} judges a sentence in {took_ms} ms, of {spec.deadline_s * 1000:g} it may take.")


async def _asked(guard: Guard, spec: GuardSpec, agent: str) -> Finding | None:
    async with asyncio.timeout(_PATIENCE_S):
        return await guard.judge(Passage(spec.on[0], agent, _HARMLESS))


def _where(spec: GuardSpec, settings: Settings) -> str:
    if spec.judge:
        from worker.gate.guards.judge import model_of

        return f"{model_of(spec.judge)} at {judge_url(spec.judge, settings)}"
    if spec.topics and spec.topics.url:
        return f"{spec.topics.model} at {spec.topics.url}"
    return f"the embedded model on port {settings.local_model_port}"


def _way_out(spec: GuardSpec) -> str:
    schema = spec.judge and not spec.judge.moderation and spec.judge.answer == "json_schema"
    return " If it knows no `json_schema`, say `answer: json_object` or `answer: text`." if schema else ""
