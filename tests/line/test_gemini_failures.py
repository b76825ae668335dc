"""What the end of a Gemini session means for the next attempt."""

import socket
import ssl

import pytest
from google.auth.exceptions import RefreshError, TransportError
from google.genai.errors import APIError
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from worker.line.events import Failure
from worker.line.gemini_failures import failure, reason


def closed(code: int, words: str) -> APIError:
    return APIError(code, words)


@pytest.mark.parametrize(
    ("error", "served", "meant"),
    [
        (closed(1007, "API key not valid. Please pass a valid API key."), False, Failure.AUTH),
        (closed(1008, "Your API key was reported as leaked. Please use another API key."), True, Failure.AUTH),
        (closed(1008, "models/x is not found for API version v1, or is not supported"), False, Failure.AUTH),
        (closed(1007, "Request contains an invalid argument."), False, Failure.CONTENT),
        (closed(1007, "Request contains an invalid argument."), True, Failure.SESSION),
        (closed(1008, "Requested entity was not found."), True, Failure.SESSION),
        (closed(1011, "Deadline expired before operation could complete."), True, Failure.SESSION),
        (
            closed(1011, "You exceeded your current quota, please check your plan and billing details."),
            True,
            Failure.QUOTA,
        ),
        (closed(1011, "Resource has been exhausted (e.g. check quota)."), True, Failure.RATE_LIMIT),
        (closed(1011, "Internal error encountered."), True, Failure.OVERLOAD),
        (closed(1006, "Abnormal closure."), True, Failure.NETWORK),
        (closed(1000, ""), True, Failure.SESSION),
        (ConnectionClosedError(None, Close(1011, "keepalive ping timeout")), True, Failure.NETWORK),
        (ConnectionClosedError(Close(1013, "try again later"), None), True, Failure.OVERLOAD),
        (InvalidStatus(Response(429, "Too Many Requests", Headers())), False, Failure.RATE_LIMIT),
        (InvalidStatus(Response(401, "Unauthorized", Headers())), False, Failure.AUTH),
        (InvalidStatus(Response(404, "Not Found", Headers())), False, Failure.CONTENT),
        (InvalidStatus(Response(502, "Bad Gateway", Headers())), False, Failure.OVERLOAD),
        (ssl.SSLCertVerificationError("unable to get local issuer certificate"), False, Failure.NETWORK),
        (socket.gaierror(-2, "Name or service not known"), False, Failure.NETWORK),
        (TimeoutError("no answer within 10 s"), False, Failure.NETWORK),
        (RefreshError("no"), False, Failure.AUTH),  # type: ignore[no-untyped-call]
        (TransportError("no"), False, Failure.NETWORK),  # type: ignore[no-untyped-call]
        (ValueError("tool x has a schema Gemini rejected"), False, Failure.CONTENT),
        (ValueError("Failed to parse response"), True, Failure.OVERLOAD),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_given_an_error_then_it_says_what_to_do_next(error: Exception, served: bool, meant: Failure) -> None:
    assert failure(error, connected=served, served=served) is meant


def test_given_a_close_then_its_code_and_words_are_told() -> None:
    assert reason(closed(1011, "Internal error encountered.")) == "1011 Internal error encountered."
    assert reason(ConnectionClosedError(Close(1013, "try again later"), None)) == "1013 try again later"
    assert reason(TimeoutError()) == "TimeoutError"
