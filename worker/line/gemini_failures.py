"""What the end of a Gemini Live session means. Pure.

The service has no error messages: it closes the socket with a code and a sentence, before or after its setup is complete.
The sentences are those that people report, November 2026; the codes alone tell less, one of them stands for many things.
"""

import re

from google.auth import exceptions as google_auth
from google.genai.errors import APIError
from websockets import exceptions as websockets

from worker.line.events import Failure

_ENDED = re.compile(r"deadline expired|session (has )?expired|session duration|going away", re.I)
_KEY = re.compile(r"api[ _]?key|credential|permission|unauthenticated|not authorized|suspended", re.I)
_QUOTA = re.compile(r"current quota|quota exceeded|billing|prepa(y|id)|credits", re.I)
_RATE = re.compile(r"resource.{0,10}exhausted|rate.?limit|too many|quota", re.I)


def failure(error: BaseException, *, connected: bool, served: bool) -> Failure:
    """`connected`: the setup was complete. `served`: the model has answered, so that the memory was not at fault either."""
    match error:
        case APIError():
            return _of_code(error.code, f"{error.details}", served=served)
        case websockets.ConnectionClosed():
            close = error.rcvd
            return _of_code(close.code, close.reason, served=served) if close else Failure.NETWORK
        case websockets.InvalidStatus():
            body = (error.response.body or b"").decode(errors="replace")
            return _of_code(error.response.status_code, body, served=served)
        case google_auth.TransportError():
            return Failure.NETWORK
        case google_auth.GoogleAuthError():
            return Failure.AUTH
        case OSError() | websockets.InvalidHandshake():  # no address, no answer, no TLS that can be trusted
            return Failure.NETWORK
        case ValueError() if not connected:
            return Failure.CONTENT  # a tool's schema, a model's name: google-genai or its plugin will not send it
        case _:
            return Failure.OVERLOAD  # what cannot be read


def reason(error: BaseException) -> str:
    """The service's own words, or the library's."""
    match error:
        case APIError():
            return f"{error.code} {error.details}"
        case websockets.ConnectionClosed(rcvd=close) if close:
            return f"{close.code} {close.reason}"
        case _:
            return str(error) or type(error).__name__


def _of_code(code: int, words: str, *, served: bool) -> Failure:
    """A WebSocket's code, or HTTP's."""
    if _ENDED.search(words) or code in (1000, 1001):
        return Failure.SESSION
    if _KEY.search(words) or code in (401, 403):
        return Failure.AUTH
    if _QUOTA.search(words) or code == 402:
        return Failure.QUOTA
    if _RATE.search(words) or code == 429:
        return Failure.RATE_LIMIT
    if code == 1006:
        return Failure.NETWORK
    if (
        code in (1007, 1008) and served
    ):  # its context is full, or it does not know what it has just sent: a new one will do
        return Failure.SESSION
    if code == 1008:
        return Failure.AUTH  # such a model is not there for this key
    if code in (1003, 1007, 1009) or 400 <= code < 500:
        return Failure.CONTENT
    return Failure.OVERLOAD
