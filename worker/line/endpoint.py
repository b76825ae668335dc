"""Whose model holds the calls, who stands in for it, and where each is reached."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from agents.providers import GeminiSpec, OpenAISpec
from agents.spec import AgentSpec, TeamSpec
from agents.team_file import line_of, read_with_lines
from worker.line.cost import SPEECH, Prices
from worker.line.entra import EntraToken
from worker.line.profile import AZURE, AZURE_LEGACY, GEMINI, LOCAL, OPENAI, PROFILES, Profile
from worker.settings import Settings, SettingsError

AUTO = ("openai", "azure", "gemini")  # in this order, those whose keys are set


@dataclass(frozen=True, slots=True)
class Azure:
    """How a model is called in an Azure resource. `api_version`: the legacy API; `token` stands in for a key."""

    deployment: str
    api_version: str = ""
    token: EntraToken | None = None


@dataclass(frozen=True, slots=True)
class Vertex:
    """Where a Gemini is on Vertex AI. Without `credentials` it is whoever is signed in on this machine."""

    project: str
    location: str
    credentials: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached, and what it is told. `base_url` is empty where it is the plugin's own.

    `api_key` is what its server wants, any word for the embedded one. The profile has the settings' model and voices.
    """

    profile: Profile
    base_url: str
    api_key: str = field(repr=False)
    settings: OpenAISpec | GeminiSpec = field(default_factory=OpenAISpec)
    azure: Azure | None = None
    vertex: Vertex | None = None


@dataclass(frozen=True, slots=True)
class Endpoints(Mapping[str, tuple[Endpoint, ...]]):
    """For each agent who takes callers: whose model speaks for it, and who stands in, in order. `why`: a sentence's end."""

    by_agent: Mapping[str, tuple[Endpoint, ...]]
    why: str

    def __getitem__(self, agent: str) -> tuple[Endpoint, ...]:
        return self.by_agent[agent]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_agent)

    def __len__(self) -> int:
        return len(self.by_agent)

    @property
    def each(self) -> tuple[Endpoint, ...]:
        """All there are, each once."""
        return tuple({endpoint.profile.provider: endpoint for line in self.values() for endpoint in line}.values())

    def sign_in(self) -> None:
        """Waits for what is to be had before the first dial. Raises SettingsError. Not for an event loop's thread."""
        for endpoint in self.each:
            if endpoint.azure and endpoint.azure.token:
                endpoint.azure.token.sign_in()

    def load(self) -> None:
        """Imports what links need. On the main thread: LiveKit takes plugins nowhere else, and calls have their own."""
        for protocol in {endpoint.profile.protocol for endpoint in self.each}:
            importlib.import_module(f"worker.line.{protocol}")

    def told(self, agent: str) -> str:
        """An agent's providers for whoever starts the worker."""
        return ", then ".join(endpoint.profile.provider for endpoint in self[agent])


def unpriced(path: Path, team: TeamSpec, profile: Profile, prices: Prices) -> list[str]:
    """The limits of a team file that nothing can hold, because this model's price is not known: as sentences."""
    price = prices.of(profile.provider, profile.model)
    lost = [kind for kind in SPEECH if price is None or price.per_unit(kind) is None]
    limits = [limit for limit in ("cost_per_call", "cost_per_day") if getattr(team.limits, limit) is not None]
    root = read_with_lines(path)[1] if lost and limits else None
    return [
        f"{path}:{line_of(root, ['limits', limit])}: limits, {limit}: {profile.provider}/{profile.model} has no price for "
        f"{', '.join(lost)}, so this limit cannot hold. Give it one with BATON_PRICES, or use minutes_per_call."
        for limit in limits
        if root is not None
    ]


def choose_endpoints(settings: Settings, team: TeamSpec) -> Endpoints:
    """Raises SettingsError when a provider that is named cannot be reached for want of a key or an address."""
    chosen = orders(settings, team)
    found = {
        name: reach(name, settings, team) for name in dict.fromkeys(name for order in chosen.values() for name in order)
    }
    by_agent = {agent: tuple(found[name] for name in order) for agent, order in chosen.items()}
    return Endpoints(MappingProxyType(by_agent), _why(settings, team))


def orders(settings: Settings, team: TeamSpec) -> Mapping[str, tuple[str, ...]]:
    """The providers' names for each agent who takes callers. BATON_MODEL has the last word, for all agents."""
    if strange := [name for name in settings.models if name not in ("auto", *PROFILES)]:
        known = ", ".join(f"`{name}`" for name in ("auto", *PROFILES))
        raise SettingsError(f"BATON_MODEL: there is no model {strange[0]!r}. Use {known}, or several with commas.")
    return {
        name: _order(settings, settings.models or _own(agent) or team.model) for name, agent in team.speakers.items()
    }


def reach(name: str, settings: Settings, team: TeamSpec) -> Endpoint:
    """A provider's endpoint. Raises SettingsError, which names the variable that is missing."""
    if missing := missing_variable(name, settings):
        raise SettingsError(f"The model is `{name}`, but {missing} is not set. Set it, or BATON_MODEL=local.")
    return _REACH[name](settings, team)


def missing_variable(name: str, settings: Settings) -> str | None:
    """The first variable that a provider cannot do without, and has not got."""
    match name:
        case "openai":
            needed = {"OPENAI_API_KEY": settings.openai_api_key.get_secret_value()}
        case "azure":
            needed = {
                "AZURE_OPENAI_ENDPOINT": settings.azure_openai_endpoint,
                "AZURE_OPENAI_DEPLOYMENT": settings.azure_openai_deployment,
            }
        case "gemini" if settings.google_genai_use_vertexai:
            needed = {"GOOGLE_CLOUD_PROJECT": settings.google_cloud_project}
        case "gemini":
            needed = {"GOOGLE_API_KEY": settings.google_api_key.get_secret_value()}
        case _:
            needed = {}
    return next((variable for variable, value in needed.items() if not value), None)


def profile_of(name: str, settings: Settings, team: TeamSpec) -> Profile:
    """What a provider can do, with the team's model and voices, whether it can be reached or not."""
    told = _told(name, team)
    profile = AZURE_LEGACY if name == AZURE.provider and settings.openai_api_version else PROFILES[name]
    voices = {**profile.voices, **told.voices.model_dump(exclude_none=True)}
    sees = told.images if isinstance(told, OpenAISpec) else True
    return replace(
        profile,
        images=profile.images and sees,
        watches=profile.watches and sees,
        model=told.model or profile.model,
        voices=MappingProxyType(voices),
        silence_ms=told.silence_ms or profile.silence_ms,
    )


def in_use(settings: Settings, team: TeamSpec) -> tuple[Profile, ...]:
    """Of all providers that may speak for an agent, whether they can be reached or not."""
    names = dict.fromkeys(name for order in orders(settings, team).values() for name in order)
    return tuple(profile_of(name, settings, team) for name in names)


def _told(name: str, team: TeamSpec) -> OpenAISpec | GeminiSpec:
    if name == LOCAL.provider:  # it takes some of OpenAI's words
        return OpenAISpec.model_validate(team.providers.local.model_dump(exclude_unset=True))
    found: OpenAISpec | GeminiSpec = getattr(team.providers, name)
    return found


def _openai(settings: Settings, team: TeamSpec) -> Endpoint:
    key = settings.openai_api_key.get_secret_value()
    profile = profile_of(OPENAI.provider, settings, team)
    return Endpoint(profile, settings.openai_url, key, team.providers.openai)


def _azure(settings: Settings, team: TeamSpec) -> Endpoint:
    resource = settings.azure_openai_endpoint.rstrip("/").removesuffix("/v1").removesuffix("/openai")
    key = settings.azure_openai_api_key.get_secret_value()
    azure = Azure(
        settings.azure_openai_deployment, settings.openai_api_version, None if key else EntraToken.of_this_machine()
    )
    profile = profile_of(AZURE.provider, settings, team)
    return Endpoint(profile, f"{resource}/openai", key, team.providers.azure, azure)


def _gemini(settings: Settings, team: TeamSpec) -> Endpoint:
    profile = profile_of(GEMINI.provider, settings, team)
    if settings.google_genai_use_vertexai:
        vertex = Vertex(
            settings.google_cloud_project, settings.google_cloud_location, settings.google_application_credentials
        )
        return Endpoint(profile, "", "", team.providers.gemini, vertex=vertex)
    key = settings.google_api_key.get_secret_value()
    return Endpoint(profile, settings.google_gemini_base_url, key, team.providers.gemini)


def _local(settings: Settings, team: TeamSpec) -> Endpoint:
    url = f"http://127.0.0.1:{settings.local_model_port}/v1"
    return Endpoint(profile_of(LOCAL.provider, settings, team), url, "local", _told(LOCAL.provider, team))


_REACH: Mapping[str, Callable[[Settings, TeamSpec], Endpoint]] = {
    "openai": _openai,
    "azure": _azure,
    "gemini": _gemini,
    "local": _local,
}


def _own(agent: AgentSpec) -> tuple[str, ...]:
    return agent.model if isinstance(agent.model, tuple) else ()


def _order(settings: Settings, wish: tuple[str, ...]) -> tuple[str, ...]:
    within_reach = tuple(name for name in AUTO if not missing_variable(name, settings)) or (LOCAL.provider,)
    named = (name for one in wish for name in (within_reach if one == "auto" else (one,)))
    return tuple(dict.fromkeys(named))


def _why(settings: Settings, team: TeamSpec) -> str:
    wish = settings.models or _own(team.agents[team.start]) or team.model
    if "auto" in wish:
        found = [name for name in AUTO if not missing_variable(name, settings)]
        return f"there are keys for {', '.join(found)}" if found else "no provider's key is set"
    return "BATON_MODEL says so" if settings.models else "the team says so"
