"""Which model holds the calls, and where it is reached."""

from dataclasses import dataclass

from agents.spec import TeamSpec
from worker.line.profile import LOCAL, OPENAI, Profile
from worker.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached. `api_key` is what its server wants, any word for the embedded one."""

    profile: Profile
    base_url: str
    api_key: str


def choose_endpoint(settings: Settings, team: TeamSpec) -> tuple[Endpoint, str]:
    """Which model holds the calls, and why. Raises SettingsError."""
    wish = settings.model or team.model
    why = "BATON_MODEL says so" if settings.model else "the team says so"
    key = settings.openai_api_key.get_secret_value()
    if wish == "auto":
        wish, why = ("openai", "OPENAI_API_KEY is set") if key else ("local", "no provider's key is set")
    match wish:
        case "local":
            return Endpoint(LOCAL, f"http://127.0.0.1:{settings.local_model_port}/v1", "local"), why
        case "openai":
            if not key:
                raise SettingsError(
                    "The model is `openai`, but OPENAI_API_KEY is not set. Set it, or BATON_MODEL=local."
                )
            return Endpoint(OPENAI, settings.openai_base_url or "https://api.openai.com/v1", key), why
        case _:
            raise SettingsError(f"BATON_MODEL: there is no model {wish!r}. Use `auto`, `local` or `openai`.")
