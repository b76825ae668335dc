"""What is logged, by us or by a library, goes through the policy: messages, arguments, exceptions, tracebacks."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agents.redaction import RedactionSpec
from worker.redaction.logs import Redacted
from worker.redaction.policy import Policy

CARD = "4111 1111 1111 1111"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger, and what its handler has written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(Redacted(Policy(RedactionSpec())))
    logger = logging.getLogger("tests.redaction.logs")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


def test_given_messages_and_arguments_then_they_are_told_as_they_may_be_kept(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    logger.info("paid with %s", CARD)
    logger.debug("body %r", {"card": CARD})
    logger.info(f"100 % of {CARD}")
    logger.info("does not fit %d %d", CARD)
    assert "1111" not in written.getvalue()
    assert "paid with [card number]" in written.getvalue()
    assert "100 % of [card number]" in written.getvalue()


def test_given_an_exception_then_neither_its_text_nor_its_traceback_tells(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    try:
        try:
            raise ValueError(f"cannot charge {CARD}")
        except ValueError as error:
            raise RuntimeError(f"no payment by {CARD}") from error
    except RuntimeError:
        logger.exception("it failed", stack_info=True)
    assert "1111" not in written.getvalue()
    assert "RuntimeError: no payment by [card number]" in written.getvalue()
    assert written.getvalue().count("Traceback") == 2
    assert "Stack (most recent call last)" in written.getvalue()


class Anew(logging.Formatter):
    """Writes a traceback itself, as formatters of JSON do."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage() + (self.formatException(record.exc_info) if record.exc_info else "")


def test_given_a_formatter_of_its_own_kind_then_it_has_no_exception_to_write(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    logger.handlers[0].setFormatter(Anew())
    try:
        raise ValueError(CARD)
    except ValueError:
        logger.exception("it failed")
    assert written.getvalue() == "it failed\n"


@pytest.mark.parametrize("how", ["raise ValueError(text)", "threading.Thread(target=fail).start()"])
@pytest.mark.parametrize("what", [["card_numbers"], []])
def test_given_a_process_that_dies_of_a_secret_then_standard_error_tells_it_only_if_all_is_kept(
    how: str, what: list[str]
) -> None:
    program = f"""
import logging, threading
from agents.redaction import RedactionSpec
from worker.redaction.logs import guard
logging.basicConfig(level=logging.DEBUG)
guard(RedactionSpec(what={what!r}))
text = "charged " + " ".join(["4111", "1111", "1111", "1111"])
def fail(): raise ValueError(text)
logging.getLogger("some.library").debug(text)
{how}
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr
    assert told.count("charged ") == 2
    assert "ValueError: charged " in told
    assert (CARD in told) is not bool(what)


def test_given_drivers_that_log_all_they_carry_then_they_do_not_at_debug() -> None:
    program = """
import logging
from agents.redaction import RedactionSpec
from worker.redaction.logs import guard
logging.basicConfig(level=logging.DEBUG)
guard(RedactionSpec())
logging.getLogger("aiosqlite").debug("INSERT 4111 1111")
logging.getLogger("websockets.client").debug("> TEXT 4111 1111")
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    assert told == ""
