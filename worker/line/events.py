"""One vocabulary for every realtime model: what the line tells the call."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The provider's voice detection hears the caller; `item` will be the id of what they say.

    `at_ms`: where it begins in the audio that this session was given, the detection's padding included.
    """

    item: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller has been silent for as long as the session's setting asks.

    `at_ms`: where in the audio that this session was given.
    """

    item: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the caller said, as recognised; a `final` one may be empty (noise, or a failure).

    `sure`: the mean log probability of its tokens; None where nobody tells.
    """

    item: str
    text: str
    final: bool
    sure: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The provider took the request `ask`, and calls its reply `reply`."""

    reply: str
    ask: str


@dataclass(frozen=True, slots=True)
class MessageStarted:
    reply: str
    item: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a message, ahead of its audio or in step with it."""

    reply: str
    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Audio:
    """PCM16 mono at the profile's rate, any length, as fast as the model speaks."""

    reply: str
    item: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class MessageEnded:
    reply: str
    item: str


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """`arguments` is the model's JSON, unchecked."""

    reply: str
    item: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """`failure` is empty when the reply is complete or was cancelled; else the provider's words."""

    reply: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class AskRefused:
    """The provider will not reply to `ask`; `code` is its own."""

    ask: str
    code: str


@dataclass(frozen=True, slots=True)
class ArmRefused:
    """The provider will not take the instructions, tools or voice of `epoch`."""

    epoch: int
    message: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A provider that keeps turns itself heard the caller over its reply, and has dropped the rest of it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider counts for one reply, or a transcript of the caller. Tokens, by modality.

    `cached` are those of the input, of whatever modality, that it had read before and bills for less; `cached_text` and
    its like say which, where the provider tells. A transcript's model reads `transcribed` tokens, and writes
    `transcript`; or it counts the seconds of speech, `transcribed_s`.
    """

    reply: str = ""
    input_text: int = 0
    input_audio: int = 0
    input_image: int = 0
    cached: int = 0
    cached_text: int = 0
    cached_audio: int = 0
    cached_image: int = 0
    output_text: int = 0
    output_audio: int = 0
    transcribed: int = 0
    transcript: int = 0
    transcribed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Connected:
    """A link's session is there, and has been given what it was dialled with."""


@dataclass(frozen=True, slots=True)
class GoingAway:
    """The provider will end this session in so many seconds."""

    within_s: float


class Failure(Enum):
    """What a lost link means for the next attempt."""

    NETWORK = "network"  # the socket broke, or nobody answers: try again
    OVERLOAD = "overload"  # the service is busy, or broken: try again, or the next provider
    RATE_LIMIT = "rate_limit"
    SESSION = "session"  # it has ended, as its provider's rules say: a new one will do
    QUOTA = "quota"  # the money is spent
    AUTH = "auth"  # the key is wrong, or may not use the model
    CONTENT = "content"  # it will not take what it was given, and will not take it again


@dataclass(frozen=True, slots=True)
class LinkLost:
    """A link's session is over, and nothing more comes of it. `reason`: the provider's words."""

    failure: Failure
    reason: str


@dataclass(frozen=True, slots=True)
class LineLost:
    """No session hears the caller. `final`: there will be none."""

    reason: str
    final: bool


class Move(Enum):
    """Why another session takes the place of one."""

    LOST = "lost"
    HANDOFF = "handoff"  # an agent that the old one cannot be
    LIMIT = "limit"  # its provider ends it
    MEMORY = "memory"  # it cannot forget what it shall
    RETURN = "return"  # the first choice is there again


@dataclass(frozen=True, slots=True)
class LineMoved:
    """Another session has taken over: with the call's memory in it, and hearing again what nobody has answered."""

    why: Move
    provider: str
    model: str


_Conversation = (
    SpeechStarted
    | SpeechStopped
    | Transcript
    | ReplyStarted
    | MessageStarted
    | Text
    | Audio
    | MessageEnded
    | ToolRequested
    | ReplyEnded
    | AskRefused
    | ArmRefused
    | Interrupted
    | Usage
)
LinkEvent = Connected | GoingAway | LinkLost | _Conversation  # one session's
LineEvent = LineLost | LineMoved | _Conversation  # those of a call
