"""What a process knows of its providers: one that has just failed is not the first to be tried.

A circuit breaker: https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from worker.line.endpoint import Endpoint
from worker.line.events import Failure

_TOLERATED = {Failure.NETWORK: 1, Failure.OVERLOAD: 1}  # failures in a row that open nothing yet; of others none
_REST_S = {Failure.RATE_LIMIT: 20.0, Failure.QUOTA: 300.0, Failure.AUTH: 300.0}  # before it is tried again
_USUAL_REST_S, _LONGEST_REST_S = 10.0, 300.0
_HARMLESS = (Failure.SESSION, Failure.CONTENT)  # they say nothing of the next session


@dataclass(slots=True)
class _Record:
    failures: int = 0  # in a row
    rest_s: float = 0.0  # the last one
    rests_until: float = 0.0


class Breaker:
    """Shared by all calls of a process, in whatever thread. `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._records: dict[tuple[str, str, str], _Record] = {}

    def choose(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """The first that does not rest; when all do, the one whose rest ends first."""
        with self._lock:
            now = self._clock()
            fit = (endpoint for endpoint in endpoints if self._record(endpoint).rests_until <= now)
            return next(fit, None) or min(endpoints, key=lambda endpoint: self._record(endpoint).rests_until)

    def rests(self, endpoint: Endpoint) -> bool:
        with self._lock:
            return self._record(endpoint).rests_until > self._clock()

    def failed(self, endpoint: Endpoint, failure: Failure) -> None:
        if failure in _HARMLESS:
            return
        with self._lock:
            record = self._record(endpoint)
            record.failures += 1
            if record.failures > _TOLERATED.get(failure, 0):
                record.rest_s = min(_LONGEST_REST_S, max(_REST_S.get(failure, _USUAL_REST_S), record.rest_s * 2))
                record.rests_until = self._clock() + record.rest_s

    def worked(self, endpoint: Endpoint) -> None:
        """It has said something: whatever was wrong is over."""
        with self._lock:
            self._records.pop(_key(endpoint), None)

    def _record(self, endpoint: Endpoint) -> _Record:
        return self._records.setdefault(_key(endpoint), _Record())


def _key(endpoint: Endpoint) -> tuple[str, str, str]:
    return endpoint.profile.provider, endpoint.profile.model, endpoint.base_url


PROCESS = Breaker()
