"""What a deployment decides. Read once, in `cli.py`, and passed on.

Beside it, the environment tells where the set-up keeps things (`BATON_CACHE`, `BATON_LIVEKIT_SERVER`), which process is a
part of another, and what a team's tools and files name.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.desk.origins import parse as parse_origins

AGENT_NAME = "baton"  # LiveKit's explicit dispatch asks for a worker by this name
STATE_FOLDER = Path(".baton")  # keys, database and logs of this machine, made on first run


class SettingsError(Exception):
    """A variable has a value that cannot be used; the message names it, and what to set instead."""


class Settings(BaseSettings):
    """The environment, or `.env` beside it: LiveKit's and the providers' own names, and `BATON_*`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    livekit_url: str = Field(default="", description="LiveKit server; empty: `baton up` starts one here.")
    livekit_api_key: str = Field(default="", description="LiveKit's API key.")
    livekit_api_secret: SecretStr = Field(default=SecretStr(""), description="LiveKit's API secret.")

    openai_api_key: SecretStr = Field(default=SecretStr(""), description="OpenAI's key.")
    openai_base_url: str = Field(default="", description="Any server that speaks OpenAI's protocols.")
    azure_openai_endpoint: str = Field(default="", description="The address of an Azure OpenAI resource.")
    azure_openai_api_key: SecretStr = Field(
        default=SecretStr(""), description="Its key; empty: whoever is signed in here (Microsoft Entra)."
    )
    azure_openai_deployment: str = Field(default="", description="What a realtime model is called there.")
    openai_api_version: str = Field(default="", description="A dated version means Azure's legacy API.")
    google_api_key: SecretStr = Field(default=SecretStr(""), description="Google's key, for Gemini.")
    google_gemini_base_url: str = Field(default="", description="Any server that speaks Gemini's protocol.")
    google_genai_use_vertexai: bool = Field(default=False, description="Gemini on Vertex AI, without that key.")
    google_cloud_project: str = Field(default="", description="The project there.")
    google_cloud_location: str = Field(default="us-central1", description="The region there.")
    google_application_credentials: Path | None = Field(
        default=None, description="A file with the account for it; else whoever is signed in here."
    )

    team: Path = Field(
        default=Path("agents/shop/team.yaml"),
        validation_alias=AliasChoices("BATON_TEAM", "team"),
        description="The team file.",
    )
    model: str = Field(
        default="",
        validation_alias=AliasChoices("BATON_MODEL", "model"),
        description="A provider, or several with commas: who stands in when one fails; empty: the team's own choice.",
    )
    database_url: str = Field(
        default=f"sqlite+aiosqlite:///{STATE_FOLDER}/baton.db",
        validation_alias=AliasChoices("BATON_DATABASE_URL", "database_url"),
        pattern=r"^(sqlite\+aiosqlite|postgresql\+asyncpg)://",
        description="Journal and tools: SQLAlchemy's URL, SQLite or PostgreSQL (`postgresql+asyncpg://…`).",
    )
    files: Path = Field(
        default=STATE_FOLDER / "files",
        validation_alias=AliasChoices("BATON_FILES", "files"),
        description="The folder for files of calls, such as recordings and pictures; a folder a call.",
    )
    prices: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("BATON_PRICES", "prices"),
        description="A file with prices of your own; its entries win over those that Baton knows.",
    )
    max_calls: int = Field(
        default=20,
        ge=1,
        validation_alias=AliasChoices("BATON_MAX_CALLS", "max_calls"),
        description="Calls one worker process holds at the same time.",
    )
    admin_token: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("BATON_ADMIN_TOKEN", "admin_token"),
        description="Opens the calls and their journals over HTTP; empty: they stay closed.",
    )
    http_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BATON_HTTP_PORT", "http_port"),
        description="The front desk's port.",
    )
    origins: str = Field(
        default="",
        validation_alias=AliasChoices("BATON_ORIGINS", "origins"),
        description="Other sites whose pages may join calls, and show our page within theirs; commas between.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=9,
        validation_alias=AliasChoices("BATON_PROXIES", "proxies"),
        description="How many proxies of your own stand before the front desk: they say who asks.",
    )
    worker_http_port: int = Field(
        default=8081,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BATON_WORKER_HTTP_PORT", "worker_http_port"),
        description="The worker's health page.",
    )
    worker_metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BATON_WORKER_METRICS_PORT", "worker_metrics_port"),
        description="The worker's /metrics, for Prometheus.",
    )
    local_model_port: int = Field(
        default=8790,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BATON_LOCAL_MODEL_PORT", "local_model_port"),
        description="The embedded realtime server's port.",
    )
    local_llm_url: str = Field(
        default="",
        validation_alias=AliasChoices("BATON_LOCAL_LLM_URL", "local_llm_url"),
        description="An OpenAI-compatible chat endpoint that thinks for the embedded model.",
    )

    @field_validator("prices", "google_application_credentials", "worker_metrics_port", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return None if given == "" else given

    @field_validator("origins")
    @classmethod
    def _readable(cls, origins: str) -> str:
        parse_origins(origins)
        return origins

    @property
    def openai_url(self) -> str:
        """Where what speaks OpenAI's protocols is reached: OpenAI itself, if no other server is named."""
        return self.openai_base_url or "https://api.openai.com/v1"

    @property
    def other_origins(self) -> tuple[str, ...]:
        """The sites in BATON_ORIGINS."""
        return parse_origins(self.origins)

    @property
    def models(self) -> tuple[str, ...]:
        """The names in BATON_MODEL, in order."""
        return tuple(name for part in self.model.split(",") if (name := part.strip()))

    @classmethod
    def read(cls) -> Self:
        """The settings of this process. Raises SettingsError, in words for whoever set the variable."""
        try:
            return cls()
        except ValidationError as error:
            wrong = "; ".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors())
            raise SettingsError(wrong) from error

    @property
    def worker_ports(self) -> dict[str, int]:
        """What a worker opens, by the names of the settings."""
        metrics = {} if self.worker_metrics_port is None else {"BATON_WORKER_METRICS_PORT": self.worker_metrics_port}
        return {"BATON_WORKER_HTTP_PORT": self.worker_http_port, **metrics}

    def need_livekit(self) -> None:
        """Raises SettingsError where LiveKit's address, key or secret is not set."""
        if not (self.livekit_url and self.livekit_api_key and self.livekit_api_secret.get_secret_value()):
            raise SettingsError(
                "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET are needed. `baton up` sets them itself."
            )

    @staticmethod
    def key_named(variable: str) -> SecretStr:
        """The key in a variable that a team file names; empty when it is not set."""
        return SecretStr(variables().get(variable, ""))


def variables() -> Mapping[str, str]:
    """The environment, and `.env` beside it: what a team file may name as `${NAME}`."""
    return {**{name: value for name, value in dotenv_values(".env").items() if value is not None}, **os.environ}


def _variable(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper() if location else "settings"
