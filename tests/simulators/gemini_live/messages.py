"""What goes over the socket of Gemini Live, in one spelling; and the words with which the service hangs up."""

import base64
import binascii
import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

Message = dict[str, Any]

_OPAQUE = {"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema"}  # the user's own keys


class Closed(Exception):
    """The service has no error message: what it does not like ends the connection, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


# As people report them from the real service.
BAD_KEY = Closed(1007, "API key not valid. Please pass a valid API key.")
QUOTA = Closed(1011, "You exceeded your current quota, please check your plan and billing details.")
EXPIRED = Closed(1011, "Deadline expired before operation could complete.")
INVALID = Closed(1007, "Request contains an invalid argument.")
NOT_FOUND = Closed(1008, "Requested entity was not found.")


def parse(frame: str | bytes) -> Message:
    """In camelCase: google-genai mixes `client_content` with `turnComplete`, and the service takes both.

    Raises Closed.
    """
    try:
        message = _camel(json.loads(frame))
    except ValueError as error:
        raise Closed(1007, "Invalid JSON payload received.") from error
    if not isinstance(message, dict):
        raise Closed(1007, "Invalid JSON payload received.")
    return message


def name(message: Message) -> str:
    """Of a server's message: by what it holds, and `serverContent` by what that holds."""
    first = next(iter(message))
    return str(next(iter(message[first]))) if first == "serverContent" else first


def check(kind: type[BaseModel], value: Message) -> None:
    """Against google-genai's own type of a client message. Raises Closed."""
    try:
        kind.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise Closed(1007, f"Invalid JSON payload received at '{where}'.") from error


def blob(value: Message) -> bytes:
    """Base64 in either alphabet: google-genai writes the URL-safe one. Raises Closed."""
    text = str(value.get("data", "")).translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Closed(1007, "Invalid value at 'realtime_input': Base64 decoding failed.") from error


def sample_rate(mime_type: str) -> int:
    """Of `audio/pcm;rate=16000`; 16 kHz if it does not say. Raises Closed for what is no PCM."""
    found = re.fullmatch(r"audio/pcm(?:;\s*rate=(\d+))?", mime_type)
    if not found:
        raise Closed(1007, f"Unsupported mime type: {mime_type!r}.")
    return int(found[1] or 16000)


def _camel(value: Any) -> Any:
    match value:
        case dict():
            renamed = (
                (re.sub(r"_([a-z])", lambda found: found[1].upper(), key), inner) for key, inner in value.items()
            )
            return {key: inner if key in _OPAQUE else _camel(inner) for key, inner in renamed}
        case list():
            return [_camel(inner) for inner in value]
        case _:
            return value
