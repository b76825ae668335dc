"""What a team file asks of its providers and they have not got: each as a sentence with line, value and the way out."""

from collections.abc import Iterator
from pathlib import Path

from agents.spec import TeamSpec
from agents.team_file import line_of, read_with_lines
from worker.line.endpoint import orders, profile_of
from worker.line.profile import PROFILES, Profile
from worker.settings import Settings


def review(path: Path, team: TeamSpec, settings: Settings) -> list[str]:
    """Whether the providers can be reached or not. Raises SettingsError for a BATON_MODEL that is none."""
    profiles = {name: profile_of(name, settings, team) for name in PROFILES}
    found = [
        *_missing_voices(
            team, [(agent, profiles[name]) for agent, order in orders(settings, team).items() for name in order]
        ),
        *(
            problem
            for profile in profiles.values()
            if _is_known(profile, settings)
            for problem in _strange(profile, team)
        ),
        *_of_dialects(team, settings),
    ]
    root = read_with_lines(path)[1] if found else None
    return [f"{path}:{line_of(root, key.split('.'))}: {problem}" for key, problem in found]


def _missing_voices(team: TeamSpec, spoken: list[tuple[str, Profile]]) -> Iterator[tuple[str, str]]:
    for name, profile in spoken:
        role = team.agents[name].voice
        if role not in profile.voices:
            yield (
                f"agents.{name}.voice",
                f"agent {name!r}, voice: {profile.provider} has no voice for {role!r}. "
                f"Voices there: {', '.join(profile.voices)}.",
            )


def _is_known(profile: Profile, settings: Settings) -> bool:
    """Somebody else's server of the same protocol has models and voices of its own."""
    return not (profile.provider == "openai" and settings.openai_base_url)


def _strange(profile: Profile, team: TeamSpec) -> Iterator[tuple[str, str]]:
    key, told = f"providers.{profile.provider}", getattr(team.providers, profile.provider)
    for role, voice in told.voices.model_dump(exclude_none=True).items():
        if voice not in profile.every_voice:
            where = f"{key}.voices.{role}"
            known = ", ".join(profile.every_voice)
            yield where, f"{where}: {profile.provider} has no voice {voice!r}. Voices there: {known}."
    if profile.model.startswith(profile.model_names):
        return
    for other in PROFILES.values():
        if (
            profile.model.removeprefix("models/").startswith(other.model_names)
            and other.model_names != profile.model_names
        ):
            yield (
                f"{key}.model",
                f"{key}.model: {profile.model!r} is a model of {other.provider}, not of {profile.provider}. "
                f"Those there are called {profile.model_names}…; leave it out for {PROFILES[profile.provider].model!r}.",
            )
            return


def _of_dialects(team: TeamSpec, settings: Settings) -> Iterator[tuple[str, str]]:
    azure, gemini = team.providers.azure, team.providers.gemini
    if settings.openai_api_version and azure.truncation:
        yield (
            "providers.azure.truncation",
            "providers.azure.truncation: Azure's legacy API has none. Leave it out, or OPENAI_API_VERSION.",
        )
    thinking = gemini.thinking_config
    model = (gemini.model or PROFILES["gemini"].model).removeprefix("models/")
    if thinking and thinking.thinking_level and model == "gemini-3.8-live" and not settings.google_genai_use_vertexai:
        yield (
            "providers.gemini.thinking_config.thinking_level",
            f"providers.gemini.thinking_config.thinking_level: {model!r} has no such setting at the Gemini API. "
            "Leave it out, or take `gemini-3.8-live-extended-thinking`.",
        )
