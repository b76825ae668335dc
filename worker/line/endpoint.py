"""Which model holds the calls, and where it is reached."""

from dataclasses import dataclass
from pathlib import Path

from agents.spec import TeamSpec
from agents.team_file import line_of, read_with_lines
from worker.line.cost import SPEECH, Prices
from worker.line.profile import LOCAL, OPENAI, PROFILES, Profile
from worker.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached. `api_key` is what its server wants, any word for the embedded one."""

    profile: Profile
    base_url: str
    api_key: str


def missing_voices(path: Path, team: TeamSpec, profile: Profile) -> list[str]:
    """The agents of a team file whose voice this provider has not got, as sentences."""
    lost = [agent for agent in team.speakers.values() if agent.voice not in profile.voices]
    root = read_with_lines(path)[1] if lost else None
    return [
        f"{path}:{line_of(root, ['agents', agent.name, 'voice'])}: agent {agent.name!r}, voice: {profile.provider} has no "
        f"voice for {agent.voice!r}. Voices there: {', '.join(profile.voices)}."
        for agent in lost
    ]


def unpriced(path: Path, team: TeamSpec, profile: Profile, prices: Prices) -> list[str]:
    """The limits of a team file that nothing can hold, because this model's price is not known: as sentences."""
    price = prices.of(profile.provider, profile.model)
    lost = [kind for kind in SPEECH if price is None or price.per_unit(kind) is None]
    limits = [limit for limit in ("cost_per_call", "cost_per_day") if getattr(team.limits, limit) is not None]
    root = read_with_lines(path)[1] if lost and limits else None
    return [
        f"{path}:{line_of(root, ['limits', limit])}: limits, {limit}: {profile.provider}/{profile.model} has no price for "
        f"{', '.join(lost)}, so this limit is never reached. Give it one with BATON_PRICES, or use minutes_per_call."
        for limit in limits
        if root is not None
    ]


def choose_profile(settings: Settings, team: TeamSpec) -> Profile:
    """Whose model will hold the calls, whether it can be reached or not. Raises SettingsError when there is none such."""
    wish = settings.model or team.model
    if wish == "auto":
        wish = "openai" if settings.openai_api_key.get_secret_value() else "local"
    if wish not in PROFILES:
        raise SettingsError(f"BATON_MODEL: there is no model {wish!r}. Use `auto`, `local` or `openai`.")
    return PROFILES[wish]


def choose_endpoint(settings: Settings, team: TeamSpec) -> tuple[Endpoint, str]:
    """Which model holds the calls, and why. Raises SettingsError."""
    profile = choose_profile(settings, team)
    key = settings.openai_api_key.get_secret_value()
    why = "BATON_MODEL says so" if settings.model else "the team says so"
    if (settings.model or team.model) == "auto":
        why = "OPENAI_API_KEY is set" if key else "no provider's key is set"
    if profile is LOCAL:
        return Endpoint(LOCAL, f"http://127.0.0.1:{settings.local_model_port}/v1", "local"), why
    if not key:
        raise SettingsError("The model is `openai`, but OPENAI_API_KEY is not set. Set it, or BATON_MODEL=local.")
    return Endpoint(OPENAI, settings.openai_base_url or "https://api.openai.com/v1", key), why
