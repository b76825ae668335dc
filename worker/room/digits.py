"""Keys that are pressed on a telephone, put together to what the caller dials. LiveKit's SIP bridge sends one at a time."""

import asyncio
from collections.abc import Callable

from agents.redaction import DigitsSpec
from worker.room.events import Dialled, Pressed, RoomEvent


class Digits:
    """Complete with the terminator, after a while without a key, or with as many keys as there may be.

    `tell` gets Pressed with the first key, and Dialled; the terminator alone is nothing dialled. `now_ms`: since the call
    began.
    """

    def __init__(
        self, spec: DigitsSpec, participant: str, *, tell: Callable[[RoomEvent], None], now_ms: Callable[[], int]
    ) -> None:
        self._spec, self._participant, self._tell, self._now_ms = spec, participant, tell, now_ms
        self._keys = ""
        self._started_ms = self._ended_ms = 0
        self._timer: asyncio.TimerHandle | None = None

    def press(self, key: str) -> None:
        """A key, as the bridge names it: a digit, `*`, `#`, `A` to `D`."""
        if key == self._spec.terminator:
            self.end()
            return
        self._ended_ms = self._now_ms()
        if not self._keys:
            self._started_ms = self._ended_ms
            self._tell(Pressed(self._participant))
        self._keys += key
        self._forget_timer()
        if len(self._keys) >= self._spec.max:
            self.end()
        else:
            self._timer = asyncio.get_running_loop().call_later(self._spec.timeout_ms / 1000, self.end)

    def end(self) -> None:
        """Nothing more is dialled: what there is, is complete."""
        self._forget_timer()
        keys, self._keys = self._keys, ""
        if keys:
            self._tell(Dialled(self._participant, keys, self._started_ms, self._ended_ms))

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
