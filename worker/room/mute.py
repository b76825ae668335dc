"""The button that mutes the agent: an RPC of LiveKit's, which any of the people in the call may send."""

import asyncio
from collections.abc import Callable, Container

from livekit import rtc
from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from worker.room.events import MuteAsked, RoomEvent

METHOD = "baton.mute"
PRESSES, WINDOW_S = 20, 60.0  # at most so many, of all people together, in so long a time
_BAD, _STRANGER, _TOO_MANY = 400, 403, 429


class Mute(BaseModel):
    """What is sent, as JSON."""

    model_config = ConfigDict(extra="forbid")
    muted: StrictBool


class MuteButton:
    def __init__(self, room: rtc.Room, people: Container[str], *, tell: Callable[[RoomEvent], None]) -> None:
        self._room, self._people, self._tell = room, people, tell
        self._pressed: list[float] = []

    async def run(self) -> None:
        """Until cancelled."""
        ours = self._room.local_participant
        ours.register_rpc_method(METHOD, self._on_press)
        try:
            await asyncio.Event().wait()
        finally:
            ours.unregister_rpc_method(METHOD)

    def _on_press(self, sent: rtc.RpcInvocationData) -> str:
        """Returns what is so from now on. Raises RpcError."""
        if sent.caller_identity not in self._people:
            raise rtc.RpcError(_STRANGER, "Only who is heard in this call may mute its agent.")
        now = asyncio.get_running_loop().time()
        self._pressed = [at for at in self._pressed if at > now - WINDOW_S]
        if len(self._pressed) >= PRESSES:
            raise rtc.RpcError(_TOO_MANY, "That was pressed too often. Wait a minute.")
        self._pressed.append(now)
        try:
            wanted = Mute.model_validate_json(sent.payload)
        except ValidationError:
            raise rtc.RpcError(_BAD, 'Send {"muted": true} or {"muted": false}.') from None
        self._tell(MuteAsked(sent.caller_identity, wanted.muted))
        return wanted.model_dump_json()
