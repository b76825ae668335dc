"""The door of a process's logs: whatever is logged there, by whomever, goes through the team's policy first."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from agents.redaction import RedactionSpec
from agents.spec import SpecError
from agents.team_file import read_team
from worker.redaction.kept import without_parts
from worker.redaction.policy import Policy
from worker.settings import Settings

# They log at DEBUG all that goes to a model or a database, in pieces of which none is a secret by itself.
_TALKATIVE = ("aiosqlite", "google_genai", "httpcore", "openai", "websockets")


class Redacted(logging.Filter):
    """Lets every record through, with its words as they may be kept: of a message, an exception, and a traceback."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a message that does not fit its arguments: what it holds is not known
            message = str(record.msg)
        record.msg, record.args = self.text(message), None
        if record.exc_info:
            record.exc_text = record.exc_text or "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            record.exc_info = None  # a formatter would write it again
        record.exc_text = self.text(record.exc_text) if record.exc_text else None
        record.stack_info = self.text(record.stack_info) if record.stack_info else None
        return True

    def text(self, text: str) -> str:
        return without_parts(self._policy.text(text))


def guard(spec: RedactionSpec) -> None:
    """From now on nothing goes to this process's logs, or to standard error when it dies, that may not be kept."""
    if not spec.what:
        return
    redacted = Redacted(Policy(spec))
    for handler in logging.getLogger().handlers:
        handler.addFilter(redacted)
    for name in _TALKATIVE:
        if logging.getLogger(name).getEffectiveLevel() < logging.INFO:
            logging.getLogger(name).setLevel(logging.INFO)

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        print(redacted.text("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")

    sys.excepthook = tell
    threading.excepthook = lambda hook: tell(hook.exc_type, hook.exc_value or hook.exc_type(), hook.exc_traceback)


def of_team(settings: Settings) -> RedactionSpec:
    """What the team's file says; what it says by itself where there is none that can be read."""
    try:
        return read_team(settings.team).redact
    except SpecError:
        return RedactionSpec()
