"""Tokens in place of keys, with a directory that behaves: its tokens expire, and sometimes it does not answer."""

import time
from collections.abc import Callable

import pytest

from worker.line.entra import EntraToken
from worker.settings import SettingsError

HOUR_S = 3600.0


class Directory:
    """Gives out tokens that are good for an hour. `answers`: False for each request that fails."""

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)
        self.given = 0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def fetch(self) -> tuple[str, float]:
        if self._answers and not self._answers.pop(0):
            raise ConnectionError("The directory is away.\nA trace that nobody wants.")
        self.given += 1
        return f"token-{self.given}", time.time() + HOUR_S

    def schedule(self, seconds: float, what: Callable[[], None]) -> None:
        self.timers.append((seconds, what))

    def pass_time(self) -> float:
        """Until the next timer; returns how long that was."""
        seconds, what = self.timers.pop()
        what()
        return seconds


def test_a_token_is_renewed_before_it_expires_and_then_again() -> None:
    directory = Directory()
    token = EntraToken(directory.fetch, directory.schedule)
    token.sign_in()
    assert token.value == "token-1"
    for number in (2, 3):
        assert HOUR_S / 2 < directory.pass_time() < HOUR_S - 120
        assert token.value == f"token-{number}"


def test_given_a_directory_that_is_away_when_renewing_then_the_old_token_serves_and_it_is_asked_again_soon() -> None:
    directory = Directory(True, False, True)
    token = EntraToken(directory.fetch, directory.schedule)
    token.sign_in()
    directory.pass_time()
    assert token.value == "token-1"
    assert directory.pass_time() == 30.0
    assert token.value == "token-2"


def test_given_nobody_signed_in_at_the_start_then_it_is_said_in_a_sentence() -> None:
    token = EntraToken(Directory(False).fetch, lambda *_: None)
    with pytest.raises(SettingsError) as caught:
        token.sign_in()
    assert "no token for Azure OpenAI: The directory is away. Sign in" in str(caught.value)
    assert "trace" not in str(caught.value)
