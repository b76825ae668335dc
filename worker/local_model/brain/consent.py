"""That a call is recorded: said first, or asked for, and the answer noted."""

import json
import re
from collections.abc import Sequence

from agents.orchestrator import NOTE
from agents.recording import CONSENT
from worker.local_model.brain.slots import said_yes
from worker.local_model.conversation import Say, Tool, ToolCall

Thought = Say | ToolCall

THANKS = "Thank you. What can I do for you?"
UNRECORDED = "All right, this call is not recorded. What can I do for you?"
_LONGEST = 6  # words of a yes; a longer sentence with an "okay" in it is about something else
_FIRST = re.compile(r'Begin with (?:this sentence|it), in their language: "([^"]+)"')
_LAST = re.compile(r'End with this question, in their language: "([^"]+)"')
_STOP = re.compile(r"(?i)\b(?:stop|don't|do not|not want|rather not)\b.{0,30}\b(?:record(?:ing|ed)?|tap(?:e|ing|ed))\b")


def announced(instructions: str, thoughts: Sequence[Thought]) -> list[Thought]:
    """What is said, with what the caller is to be told or asked of recording."""
    hint = instructions.rsplit("\n\n", 1)[-1]
    first, last = _FIRST.search(hint), _LAST.search(hint)
    return [*([Say(first[1])] if first else []), *thoughts, *([Say(last[1])] if last else [])]


def noted(instructions: str, tools: Sequence[Tool], said: str) -> ToolCall | None:
    """The caller has answered whether they may be recorded, or does not want it any more; None when it is not that."""
    if not any(tool.name == NOTE and CONSENT in (tool.parameters.get("properties") or {}) for tool in tools):
        return None
    if _STOP.search(said):
        return ToolCall(NOTE, json.dumps({CONSENT: False}))
    open_ = re.search(rf"Your next steps, in this order: .*\bfind out {CONSENT}\b", instructions)
    answer = said_yes(said)
    if not open_ or answer is None or (answer and len(said.split()) > _LONGEST):
        return None
    return ToolCall(NOTE, json.dumps({CONSENT: answer}))


def thanks(call: ToolCall | None) -> Say | None:
    """For the result of such a note; None when it is the result of another call."""
    if call is None or call.name != NOTE or CONSENT not in call.arguments:
        return None
    return Say(THANKS if json.loads(call.arguments)[CONSENT] else UNRECORDED)
