"""By which door a client comes in: OpenAI's, that of Azure's current API, or that of its legacy one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from tests.simulators.openai_realtime import azure_legacy
from tests.simulators.openai_realtime.session import Event


@dataclass(frozen=True, slots=True)
class Dialect:
    """Between the wire and the session, which speaks the current names. `read` raises ProtocolError."""

    name: Literal["current", "legacy"]
    read: Callable[[Event], Event]
    write: Callable[[Event], Event | None]


_CURRENT = Dialect("current", lambda event: event, lambda event: event)
_LEGACY = Dialect("legacy", azure_legacy.read, azure_legacy.write)


@dataclass(frozen=True, slots=True)
class Access:
    """Where a client asked, and by what right. `path` is without its query; `model` is a deployment's name on Azure."""

    service: Literal["openai", "azure"]
    dialect: Dialect
    path: str
    model: str
    credentials: Literal["api-key", "bearer", "none"]
    key: str
    api_version: str = ""


PATHS = ("/v1/realtime", "/openai/v1/realtime", "/openai/realtime")


def access(request: web.Request) -> Access:
    """Raises web.HTTPNotFound for an address without its deployment or version, as the legacy API has it."""
    service: Literal["openai", "azure"] = "azure" if request.path.startswith("/openai") else "openai"
    credentials, key = _credentials(request, service)
    query = request.query
    if request.path != "/openai/realtime":
        return Access(service, _CURRENT, request.path, query.get("model", ""), credentials, key)
    if not query.get("api-version") or not query.get("deployment"):
        raise web.HTTPNotFound(text='{"error": {"code": "404", "message": "Resource not found"}}')
    return Access(service, _LEGACY, request.path, query["deployment"], credentials, key, query["api-version"])


def _credentials(request: web.Request, service: str) -> tuple[Literal["api-key", "bearer", "none"], str]:
    """Only Azure knows keys that are no bearer tokens; there, a token may be a key or Entra's."""
    if service == "azure" and "api-key" in request.headers:
        return "api-key", request.headers["api-key"]
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return ("bearer", token) if kind == "Bearer" and token else ("none", "")
