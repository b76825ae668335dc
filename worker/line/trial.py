"""One real session with a provider, opened, told who the agent is, and closed: what `baton check` says of a key."""

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from livekit.agents import llm

from worker.line.endpoint import Endpoint
from worker.line.events import Connected, Failure, LinkEvent, LinkLost
from worker.line.link import Arms

Tools = Sequence[Mapping[str, Any]]  # JSON schemas, as OpenAI's Realtime API takes them
_PATIENCE_S = 10.0
_KEYS = {"openai": "OPENAI_API_KEY", "azure": "AZURE_OPENAI_API_KEY", "gemini": "GOOGLE_API_KEY"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it, as a sentence."""

    works: bool
    told: str


class _Failed(Exception):
    """Why a provider cannot be used: the rest of a sentence."""


async def try_out(
    endpoint: Endpoint, instructions: str, tools: Tools, role: str, patience_s: float = _PATIENCE_S
) -> Trial:
    """Asks for no reply, so that it costs next to nothing."""
    importlib.import_module(
        f"worker.line.{endpoint.profile.protocol}_model"
    )  # takes seconds, which are not the provider's
    provider, began = endpoint.profile.provider, asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(patience_s):
            ready_at = await _SESSIONS[endpoint.profile.protocol](endpoint, instructions, tools, role)
    except _Failed as failure:
        return Trial(False, f"{provider}: {failure}")
    except TimeoutError:
        return Trial(False, f"{provider}: no answer from {_place(endpoint)} in {patience_s:g} s. Is the address right?")
    ready_ms = round((ready_at - began) * 1000)
    return Trial(True, f"{provider}: {_model(endpoint)} works; a session was ready after {ready_ms} ms.")


async def _openai(endpoint: Endpoint, instructions: str, tools: Tools, role: str) -> float:
    from worker.line.openai_model import realtime_model, session_update

    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()  # why it failed, if it did
    accepted = 0  # updates: the plugin's own, with the settings, and ours

    def end(reason: str = "") -> None:
        if not ended.done():
            ended.set_result(reason)

    def on_event(event: dict[str, Any]) -> None:
        nonlocal accepted
        if event["type"] == "error":
            end(_of_code(endpoint, event["error"].get("code") or "", event["error"].get("message") or ""))
        elif event["type"] == "session.updated":
            accepted += 1
            if accepted == 2:
                end()

    def on_error(error: llm.RealtimeModelError) -> None:
        if not error.recoverable:
            end(_of_exception(endpoint, error.error.__cause__ or error.error))

    async with aiohttp.ClientSession(trust_env=True) as http:
        session = realtime_model(endpoint, endpoint.profile.voice(role), http).session()
        session.on("openai_server_event_received", on_event)
        session.on("error", on_error)
        session.send_event({"type": "session.update", "session": session_update(endpoint, instructions, tools)})
        return await _end(ended, session.aclose)


async def _gemini(endpoint: Endpoint, instructions: str, tools: Tools, role: str) -> float:
    from worker.line.gemini import GeminiLink

    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def take(event: LinkEvent) -> None:
        if not ended.done():
            match event:
                case Connected():  # it has taken all that the session begins with
                    ended.set_result("")
                case LinkLost():
                    ended.set_result(_of_loss(endpoint, event))
                case _:
                    pass

    try:
        link = GeminiLink(endpoint, Arms(0, instructions, tuple(tools), role, (endpoint,)), (), take)
    except Exception as error:  # an account's file that is none, a setting that the model has not got
        raise _Failed(f"{_line(error).rstrip('.')}.") from error
    return await _end(ended, link.close)


async def _end(ended: "asyncio.Future[str]", close: Callable[[], Awaitable[None]]) -> float:
    """Returns when, on the loop's clock."""
    try:
        reason = await ended
        ready_at = asyncio.get_running_loop().time()
    finally:
        with contextlib.suppress(Exception):  # the plugin raises again what ended its session
            await close()
    if reason:
        raise _Failed(reason)
    return ready_at


_SESSIONS: Mapping[str, Callable[[Endpoint, str, Tools, str], Awaitable[float]]] = {
    "openai": _openai,
    "gemini": _gemini,
}


def _of_exception(endpoint: Endpoint, error: BaseException) -> str:
    match error:
        case aiohttp.WSServerHandshakeError():
            return _of_status(endpoint, error.status)
        case OSError() | TimeoutError():
            return _out_of_reach(endpoint, _line(error))
        case _:
            return _of_code(endpoint, "", str(getattr(error, "message", "")) or _line(error))


def _of_loss(endpoint: Endpoint, loss: LinkLost) -> str:
    said = loss.reason.strip().rstrip(".")
    match loss.failure:
        case Failure.AUTH if said.startswith("1008"):
            return _no_model(endpoint, said)
        case Failure.AUTH:
            return f"the key is wrong: {said}. {_look_at_key(endpoint)}"
        case Failure.NETWORK:
            return _out_of_reach(endpoint, said)
        case Failure.QUOTA | Failure.RATE_LIMIT:
            return f"its quota is used up, or too much is asked of it at once: {said}."
        case _:
            return f"it does not take what it is told: {said}."


def _of_status(endpoint: Endpoint, status: int) -> str:
    match status:
        case 401:
            return f"the key is wrong (401). {_look_at_key(endpoint)}"
        case 403:
            return f"the key may not use {_model(endpoint)} (403). {_look_at_key(endpoint)}"
        case 404:
            return _no_model(endpoint, "404")
        case 429:
            return "its quota is used up, or too much is asked of it at once (429)."
        case _:
            return f"{_place(endpoint)} refuses the connection ({status})."


def _of_code(endpoint: Endpoint, code: str, message: str) -> str:
    said = message.strip().rstrip(".")
    match code:
        case "invalid_api_key":
            return f"the key is wrong: {said}. {_look_at_key(endpoint)}"
        case "model_not_found" | "invalid_model":
            return _no_model(endpoint, said)
        case "insufficient_quota" | "billing_hard_limit_reached" | "credit_balance_exhausted":
            return f"the money is spent: {said}."
        case _:
            return f"it does not take what it is told: {said or code}."


def _no_model(endpoint: Endpoint, said: str) -> str:
    if endpoint.azure:
        return f"there is no {_model(endpoint)} at {_place(endpoint)} ({said}). Look at AZURE_OPENAI_DEPLOYMENT."
    return f"there is no {_model(endpoint)} for this key ({said}). Look at `providers: {endpoint.profile.provider}: model`."


def _out_of_reach(endpoint: Endpoint, said: str) -> str:
    return f"{_place(endpoint)} is out of reach ({said}). Is the address right, and is the network there?"


def _look_at_key(endpoint: Endpoint) -> str:
    if endpoint.vertex or (endpoint.azure and endpoint.azure.token):
        return "It is that of whoever is signed in here: may they use it?"
    return f"Look at {_KEYS[endpoint.profile.provider]}."


def _model(endpoint: Endpoint) -> str:
    return f"deployment {endpoint.azure.deployment!r}" if endpoint.azure else f"model {endpoint.profile.model!r}"


def _place(endpoint: Endpoint) -> str:
    return endpoint.base_url or "Google"


def _line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
