"""The panel of a team: its guards made once for all calls of a process, and only what they need imported."""

from collections.abc import Mapping
from importlib import import_module

from agents.guarding import GuardSpec, JudgeSpec, TopicsSpec, listed
from agents.loader import load_guard
from agents.spec import TeamSpec
from worker.gate.guard import Guard, Panel
from worker.gate.guards.aside import aside
from worker.gate.guards.ruling import Look, Ruled
from worker.settings import Settings, SettingsError


def build(team: TeamSpec, settings: Settings) -> Panel:
    """Raises SettingsError when a key is missing, SpecError for a function that cannot be found."""
    return Panel(guards_of(team, settings))


def guards_of(team: TeamSpec, settings: Settings) -> Mapping[str, tuple[Guard, ...]]:
    """By agent. A guard that several have is one object."""
    made = dict[str, Guard]()

    def guard(spec: GuardSpec) -> Guard:
        key = spec.model_dump_json()
        if key not in made:
            made[key] = make(spec, team, settings)
        return made[key]

    return {name: tuple(guard(spec) for spec in team.guards_of(name)) for name in team.agents}


def make(spec: GuardSpec, team: TeamSpec, settings: Settings) -> Guard:
    """One guard. Raises as `build`."""
    return Ruled(spec, _look(spec, team, settings))


def _look(spec: GuardSpec, team: TeamSpec, settings: Settings) -> Look:
    match spec.kind:
        case "pattern":
            from worker.gate.guards.patterns import Patterns

            return Patterns(listed(spec.pattern), "a pattern").look
        case "words":
            from worker.gate.guards.patterns import Patterns, of_words

            return Patterns([of_words(spec.words)], "a listed word").look
        case "finds":
            from worker.gate.guards.personal import PersonalData

            return PersonalData(spec.finds).look
        case "profanity":
            from worker.gate.guards.profanity import Profanity

            return Profanity(spec.profanity).look
        case "claims":
            from worker.gate.guards.claims import Claims

            assert spec.claims
            always = {name: (agent.instructions, *spec.claims.known) for name, agent in team.agents.items()}
            return Claims(always, spec.claims.about).look
        case "topics":
            assert spec.topics
            return _topics(spec.name, spec.topics, team, settings)
        case "judge":
            assert spec.judge
            return _judge(spec.name, spec.judge, settings)
        case _:
            from worker.gate.guards.functions import Function

            assert spec.python
            return Function(spec.python, load_guard(spec.python)).look


def _topics(name: str, spec: TopicsSpec, team: TeamSpec, settings: Settings) -> Look:
    from worker.gate.guards.matter import matter
    from worker.gate.guards.topics import Topics, embedder

    url = spec.url or f"http://127.0.0.1:{settings.local_model_port}/v1"
    key = _key(name, spec.key, url, settings) if spec.url else "none"
    import_module("openai.resources.embeddings")  # takes a second, which the first sentence need not wait for
    about = () if spec.allowed or spec.forbidden else matter(team)
    topics = Topics(spec, about, embedder(aside, url, key, spec.model or "baton-local"), aside)
    aside.start(topics.prepare())
    return topics.look


def _judge(name: str, spec: JudgeSpec, settings: Settings) -> Look:
    from worker.gate.guards.judge import Judge

    import_module(f"openai.resources.{'moderations' if spec.moderation else 'chat.completions'}")
    url = judge_url(spec, settings)
    variable = spec.key or (None if spec.url else "OPENAI_API_KEY")
    return Judge(spec, url, _key(name, variable, url, settings), aside).look


def judge_url(spec: JudgeSpec, settings: Settings) -> str:
    """Where it is asked."""
    return spec.url or settings.openai_url


def _key(name: str, variable: str | None, url: str, settings: Settings) -> str:
    """What is in a variable; any word where no key is wanted. Raises SettingsError for one that is not set."""
    if variable is None:
        return "none"
    key = settings.openai_api_key if variable == "OPENAI_API_KEY" else settings.key_named(variable)
    if not key.get_secret_value():
        raise SettingsError(f"{variable} is not set: guard {name!r} needs it for {url}.")
    return key.get_secret_value()
