"""What the simulated models say to the callers of the conformance cases: the same, whatever their protocol."""

import json
import re
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from bench.tones import loudest
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step

PITCHES = {
    "Thank you.": 300,
    "When does order 1042 arrive?": 350,
    "When are you open?": 400,
    "Please send me your catalogue.": 450,
    "I want to return a lamp.": 500,
    "I have a question about my bill.": 550,
    "Tell me all about your shop.": 600,
    "Wait, that was not my question.": 650,
}
_PHRASES = {hz: phrase for phrase, hz in PITCHES.items()}
LONG = "We sell lamps and mugs and chairs and tables and much more than that " * 3
_HINTS = {
    "The line broke for some seconds": "Sorry, I lost you for a moment.",
    "has just joined": "Good day, how can I help you?",
    "The caller waits for a tool": "One moment, please.",
    "Something has ended": "News: the catalogue is on its way.",
    "You now hold the call": "How can I help you with that?",
    "Go on from there": "And so I go on.",
    "A tool has returned meanwhile": "And we are open from nine to five.",
}
_TOOLS = {
    "When does order 1042 arrive?": CallTool("find_order", '{"order_number": 1042}'),
    "When are you open?": CallTool("opening_hours"),
    "Please send me your catalogue.": CallTool("send_catalogue"),
    "I want to return a lamp.": CallTool("transfer_to_returns"),
    "I have a question about my bill.": CallTool("transfer_to_billing"),
}


_NOTE = re.compile(r"\[Note, not said by the caller: \w+ returned: (\".*\")\]")


def understand(sample_rate: int, pcm: bytes) -> str:
    """The phrases in PCM16 mono, each a tone, in order."""
    heard, frame = np.frombuffer(pcm, "<i2"), sample_rate // 50
    pitches = [loudest(heard[start : start + frame], sample_rate) for start in range(0, len(heard), frame)]
    long_enough = [hz for hz, group in groupby(pitches) if hz in _PHRASES and len(list(group)) >= 5]
    return " ".join(_PHRASES[hz] for hz, _ in groupby(long_enough))


def play(asked: Asked) -> Sequence[Step]:
    """A hint is followed, a result is passed on, and all else answers what the caller said last."""
    hint = told_last(asked)
    for words, answer in _HINTS.items():
        if words in hint:
            return [Say(answer, ms=1200)]
    if (result := result_of(asked)) is not None:
        return [Say(f"I see: {result}", ms=1500)]
    if shows(asked):
        return [Say("Thank you for showing me.", ms=1200)]
    said = caller_said(asked)
    for phrase, call in _TOOLS.items():
        if said.endswith(phrase) and call.name in asked.tools:
            return [call]
    if said.endswith("about your shop."):
        return [Say(LONG.strip(), ms=12_000)]
    return [Say(f"You said: {said}", ms=1200)]


def result_of(asked: Asked) -> str | None:
    """What a tool has returned since the caller spoke; Gemini may be told so in a note, or more along with it."""
    if result := asked.result:
        return str(json.loads(result)["output"]) if result.startswith("{") else result
    for text in reversed(texts(asked)):
        if found := _NOTE.fullmatch(text):
            return str(json.loads(found[1]))
        if caller_said(asked) in text:
            return None
    return None


def told_last(asked: Asked) -> str:
    """The hint for this reply. OpenAI has it in its instructions, Gemini in what was said last or in a tool's result."""
    return "\n".join([asked.instructions, *texts(asked)[-2:]])


def shows(asked: Asked) -> bool:
    """Whether the caller has shown something last, and said nothing since."""
    told = [asked.meanings.get(str(item.get("id")), _text(item)) for item in asked.items if item.get("role") == "user"]
    spoken = [words for words in told if words and words != "." and not words.startswith("[Note")]
    return bool(spoken) and spoken[-1].startswith("[The caller shows")


def caller_said(asked: Asked) -> str:
    """Their last words. Notes are in brackets, and a lone full stop is LiveKit's way to ask Gemini for a reply."""
    spoken = [
        asked.meanings.get(str(item.get("id")), _text(item)) for item in asked.items if item.get("role") == "user"
    ]
    return next((words for words in reversed(spoken) if words and words != "." and not words.startswith("[")), "")


def texts(asked: Asked) -> list[str]:
    """All that the model remembers, in order: of what is neither speech nor text, its JSON."""
    return [asked.meanings.get(str(item.get("id")), "") or _text(item) or str(item) for item in asked.items]


def _text(item: object) -> str:
    assert isinstance(item, dict)
    parts = item.get("content") or item.get("parts") or []
    return " ".join(str(part.get("transcript") or part.get("text") or "") for part in parts).strip()
