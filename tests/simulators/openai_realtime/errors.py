"""What the service itself complains of in mid-session, and whether it hangs up then.

Source: events and closing frames of real sessions, as people have reported them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulators.openai_realtime.session import Event, new_id


@dataclass(frozen=True, slots=True)
class ServiceError:
    """`close` is the code of the closing frame that follows, with its `reason`; None when the session goes on."""

    kind: str
    message: str
    close: int | None = None
    reason: str = ""


ERRORS: Mapping[str, ServiceError] = {
    "invalid_api_key": ServiceError(
        "invalid_request_error", "Incorrect API key provided.", 3000, "invalid_request_error.invalid_api_key"
    ),
    "insufficient_quota": ServiceError(
        "insufficient_quota", "You exceeded your current quota.", 1013, "insufficient_quota.insufficient_quota"
    ),
    "session_expired": ServiceError(
        "invalid_request_error",
        "Your session hit the maximum duration of 60 minutes.",
        1001,
        "Your session hit the maximum duration of 60 minutes.",
    ),
    "rate_limit_exceeded": ServiceError("requests", "Rate limit reached."),
    "server_error": ServiceError("server_error", "The server had an error while processing your request."),
}


def error_event(code: str) -> Event:
    """Unasked for, so without the id of a client's event."""
    error = ERRORS[code]
    told = {"type": error.kind, "code": code, "message": error.message, "param": None, "event_id": None}
    return {"type": "error", "event_id": new_id("event"), "error": told}
