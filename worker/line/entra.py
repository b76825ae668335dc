"""A Microsoft Entra token in place of a key: always one that is good for a while."""

import importlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from worker.settings import SettingsError

logger = logging.getLogger(__name__)

SCOPE = "https://cognitiveservices.azure.com/.default"
_EARLY_S = 240.0  # before it expires, another is asked for; earlier than 300 the library returns the one it has
_SOON_S = 30.0  # at least so long between two requests

Schedule = Callable[[float, Callable[[], None]], None]


class EntraToken:
    """Asked for on a thread of its own before the last one expires, so that no dial waits for it, or fails by it.

    `fetch` returns a token and when it expires, in seconds since the epoch, and takes its time.
    """

    def __init__(self, fetch: Callable[[], tuple[str, float]], schedule: Schedule | None = None) -> None:
        self._fetch, self._schedule = fetch, schedule or _after
        self._token = ""

    @classmethod
    def of_this_machine(cls) -> Self:
        """Whoever is signed in here: a managed identity, variables of the environment, `az login`. Raises SettingsError."""
        try:
            identity: Any = importlib.import_module("azure.identity")
        except ImportError as error:
            raise SettingsError(
                "AZURE_OPENAI_API_KEY is not set, and signing in by Microsoft Entra needs `pip install azure-identity`. "
                "Do one of the two."
            ) from error
        logging.getLogger("azure.identity").setLevel(
            logging.ERROR
        )  # a page for each failure, which is told in a sentence
        credential = identity.DefaultAzureCredential()

        def fetch() -> tuple[str, float]:
            found = credential.get_token(SCOPE)
            return found.token, found.expires_on

        return cls(fetch)

    def sign_in(self) -> None:
        """Waits for the first token. Raises SettingsError. Not for an event loop's thread."""
        try:
            self._renew()
        except Exception as error:  # each kind of credential has its own
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SettingsError(
                f"Microsoft Entra gives no token for Azure OpenAI: {reason} Sign in (`az login`), or set "
                "AZURE_OPENAI_API_KEY."
            ) from error

    @property
    def value(self) -> str:
        """The newest token."""
        assert self._token, "sign_in comes first"
        return self._token

    def _renew(self) -> None:
        self._token, expires_at = self._fetch()
        self._schedule(max(_SOON_S, expires_at - time.time() - _EARLY_S), self._renew_later)

    def _renew_later(self) -> None:
        try:
            self._renew()
        except Exception as error:
            logger.warning("no new Entra token yet: %s", type(error).__name__)
            self._schedule(_SOON_S, self._renew_later)


def _after(seconds: float, what: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, what)
    timer.daemon = True  # the worker's end is not waited with
    timer.start()
