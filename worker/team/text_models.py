"""Which text model each sub-agent thinks with, and where it is reached."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agents.spec import AgentSpec, TeamSpec
from worker.settings import Settings, SettingsError

if TYPE_CHECKING:  # `baton up` chooses models too, and need not wait for what only calls use
    from livekit.agents import llm

_OPENAI, _GOOGLE = "gpt-4.1", "gemini-3.8-flash"  # what the plugins take when nothing is named


@dataclass(frozen=True, slots=True)
class TextModel:
    """A text model's address. `provider`: local, openai, google, or endpoint, which speaks OpenAI's chat protocol."""

    provider: str
    base_url: str
    name: str
    api_key: str = field(default="", repr=False)

    def load(self) -> None:
        """Imports what `open` needs. On the main thread: LiveKit takes plugins nowhere else, and calls have their own."""
        if self.provider == "google":
            importlib.import_module("livekit.plugins.google")  # 34 MB that other workers never need
        else:
            importlib.import_module("livekit.plugins.openai")

    def open(self) -> "llm.LLM[Any]":
        """A client of it, for the running event loop. To be closed by whoever opens it."""
        match self.provider:
            case "local":
                from worker.embedded_llm import EmbeddedLLM

                return EmbeddedLLM(self.base_url)
            case "google":
                from google.genai import types
                from livekit.plugins import google

                once = types.HttpRetryOptions(attempts=1)  # who asks tries again, and has a deadline
                options = types.HttpOptions(base_url=self.base_url or None, retry_options=once)
                return google.LLM(model=self.name, api_key=self.api_key, vertexai=False, http_options=options)
            case _:
                from livekit.plugins import openai

                strict = self.provider == "openai"  # not all other endpoints take strict schemas
                return openai.LLM(
                    model=self.name, base_url=self.base_url, api_key=self.api_key, _strict_tool_schema=strict
                )


def choose_text_models(settings: Settings, team: TeamSpec) -> Mapping[str, TextModel]:
    """The model of each sub-agent. Raises SettingsError when a key is missing."""
    usual = (settings.models or team.model)[0]
    return {name: _choose(settings, agent, usual) for name, agent in team.sub_agents.items()}


def _choose(settings: Settings, agent: AgentSpec, usual: str) -> TextModel:
    wish = agent.text_model
    openai_key, google_key = settings.openai_api_key.get_secret_value(), settings.google_api_key.get_secret_value()
    if wish.url:
        key = settings.key_named(wish.key).get_secret_value() if wish.key else "none"
        if not key:
            raise SettingsError(f"{wish.key} is not set: sub-agent {agent.name!r} needs it for {wish.url}.")
        return TextModel("endpoint", wish.url, wish.name or "", key)
    provider: str = wish.provider
    if provider == "auto":
        by_key = "openai" if openai_key else "google" if google_key else "local"
        provider = {"local": "local", "openai": "openai", "gemini": "google"}.get(usual, by_key)
    match provider:
        case "openai":
            found = TextModel("openai", settings.openai_url, wish.name or _OPENAI, openai_key)
            variable = "OPENAI_API_KEY"
        case "google":
            found = TextModel("google", settings.google_gemini_base_url, wish.name or _GOOGLE, google_key)
            variable = "GOOGLE_API_KEY"
        case _:
            return TextModel("local", f"http://127.0.0.1:{settings.local_model_port}/v1", "baton-local")
    if not found.api_key:
        raise SettingsError(
            f"{variable} is not set: sub-agent {agent.name!r} thinks with {provider}. Set it, or give the sub-agent "
            "`model: local`."
        )
    return found
