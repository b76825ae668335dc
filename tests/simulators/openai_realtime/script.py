"""What the simulated model says and does: data, chosen by a function of what the session knows."""

import base64
import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

SAMPLE_RATE = 24000  # Hz, PCM16 mono, both ways
DELTA_MS = 100

Words = Literal["before", "ahead", "step", "behind"]


@dataclass(frozen=True, slots=True)
class Say:
    """A spoken message: a tone of `hz` that lasts `ms`, and its transcript.

    `words`: all of the transcript before the audio, within its first third, in step with it, or after all of it.
    """

    text: str
    ms: int = 1000
    hz: int = 440
    words: Words = "step"
    speed: float | None = None  # in real time; else the service's pace

    @property
    def pieces(self) -> Sequence[str]:
        """What is sent of the transcript at a time."""
        *words, last = self.text.split(" ")
        return [*(f"{word} " for word in words), last]

    def due(self, position_ms: int) -> int:
        """How many pieces are out when so much of the audio is."""
        words = self.text.count(" ") + 1
        match self.words:
            case "before":
                return words
            case "ahead":
                return min(words, 1 + 3 * words * position_ms // self.ms)
            case "step":
                return words * position_ms // self.ms
            case "behind":
                return 0

    def audio(self, position_ms: int, ms: int) -> str:
        """`ms` of it as the protocol's base64."""
        return delta(self.hz, position_ms % 1000, ms)


@dataclass(frozen=True, slots=True)
class Recite:
    """A spoken message of any sound, PCM16 mono.

    `words`: the pieces of its transcript, in order, and how much of the audio (ms) is out when each is sent; what is due
    later than its end is sent then.
    """

    pcm: bytes = field(repr=False)
    words: Sequence[tuple[int, str]]
    speed: float | None = None  # in real time; else the service's pace

    @property
    def ms(self) -> int:
        return len(self.pcm) // 2 * 1000 // SAMPLE_RATE

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def pieces(self) -> Sequence[str]:
        return [piece for _, piece in self.words]

    def due(self, position_ms: int) -> int:
        return bisect.bisect_right(self.words, position_ms, key=lambda word: word[0])

    def audio(self, position_ms: int, ms: int) -> str:
        start, end = (at * SAMPLE_RATE // 1000 * 2 for at in (position_ms, position_ms + ms))
        return base64.b64encode(self.pcm[start:end]).decode()


@dataclass(frozen=True, slots=True)
class CallTool:
    """A function call; `arguments` goes out as it stands, valid JSON or not."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so long."""

    ms: int


@dataclass(frozen=True, slots=True)
class Fail:
    """The response ends with status `failed`, and this error."""

    code: str
    kind: str = "server_error"


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The service stops a message after so much of it, and the reply with it: status `incomplete`."""

    say: Say
    after_ms: int = 0
    reason: Literal["content_filter", "max_output_tokens"] = "content_filter"


Step = Say | Recite | CallTool | Pause | Fail | BreakOff


@dataclass(frozen=True, slots=True)
class Asked:
    """What the model knows when a reply is asked of it. `items` are the protocol's own, in order."""

    connection: int
    reply: int  # counted over all sessions of the server, from 0
    instructions: str
    tools: Mapping[str, Mapping[str, Any]]
    voice: str
    items: Sequence[Mapping[str, Any]]
    meanings: Mapping[str, str]  # of what the caller spoke, by item: a model hears it before its transcript is there

    @property
    def last(self) -> Mapping[str, Any]:
        return self.items[-1] if self.items else {}

    @property
    def pictures(self) -> list[bytes]:
        """What the model has before it, in order."""
        urls = [part["image_url"] for item in self.items for part in item.get("content") or [] if "image_url" in part]
        return [base64.b64decode(url.partition(",")[2]) for url in urls]

    @property
    def result(self) -> str | None:
        """The tool output at the end of the conversation, None when the caller spoke after it."""
        return str(self.last["output"]) if self.last.get("type") == "function_call_output" else None

    @property
    def said(self) -> str:
        """What the caller said last."""
        for item in reversed(self.items):
            if item.get("role") == "user":
                text = " ".join(str(part.get("text") or "") for part in item["content"])
                return self.meanings.get(str(item["id"]), text)
        return ""


Script = Callable[[Asked], Sequence[Step]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How quick the service is. `speed` counts in real time; `rtt_ms` is the round trip of every message.

    A connection is there after three: TCP, TLS and the upgrade to a WebSocket.
    """

    think_ms: int = 60
    speed: float = 3.0
    rtt_ms: int = 0
    transcript_ms: int = 80  # from the commit of the caller's audio to its transcript
    playback: float = 1.0  # how quick a service that waits for the end of its reply's playback takes that to be
    session_s: float = 3600.0  # how long a session may last: then it expires, and is closed


What = Literal[
    "close", "abort", "stall", "deaf", "slow", "error", "garbage", "untyped", "malformed", "unknown", "drop", "go_away"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, just before the server would send the `nth` event of type `at` (from 0, over all sessions).

    With a `reply`, that is the nth within that reply; replies are counted from 0, over all sessions.

    `close` ends the socket with `code`; `abort` cuts it without a closing frame; `stall` sends nothing more, and
    reads on; `deaf` neither sends nor reads, as when the socket is half open: no ping is answered, no closing frame;
    `slow` sends each message `late_ms` later from now on; `error` sends what the service says with the error code
    `error`, and closes if the service then does; `garbage` sends what is no JSON, `untyped` JSON without a type,
    `malformed` an event with nothing but its type, `unknown` one of a type that does not exist, each before the
    event that is due; `drop` leaves out this one event; `go_away` (Gemini) announces the end of the connection, and
    closes it `left_ms` later.
    """

    at: str
    what: What
    nth: int = 0
    code: int = 1011
    reason: str = "scripted"
    reply: int | None = None
    late_ms: int = 0
    error: str = "server_error"
    left_ms: int = 1000


@dataclass(slots=True)
class Refusals:
    """What is refused: the next `count` handshakes with `status`, the next requests for a reply with these codes."""

    count: int = 0
    status: int = 503
    asks: list[str] = field(default_factory=list)
    updates: set[str] = field(default_factory=set)  # session.update events that hold one of these words are refused
    setups: list[tuple[int, str]] = field(default_factory=list)  # Gemini: the next setups get these closes


@cache
def tone(hz: int) -> bytes:
    """A second of PCM16 mono; whole periods, so that it may be repeated without a click."""
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hz * t) * 9000).astype("<i2").tobytes()


@cache
def delta(hz: int, position_ms: int, ms: int) -> str:
    """`ms` of a tone as the protocol's base64, from `position_ms` (within its first second)."""
    pcm = tone(hz) * 2
    start = position_ms * SAMPLE_RATE // 1000 * 2
    return base64.b64encode(pcm[start : start + ms * SAMPLE_RATE // 1000 * 2]).decode()
