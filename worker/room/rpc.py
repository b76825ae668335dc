"""What the callers' pages ask of the call by LiveKit's RPC: a press on a card, and replies in speech or text."""

import asyncio
from collections.abc import Container
from typing import Annotated, Literal

from livekit import rtc
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tools.card import LONGEST
from worker.room.events import Press, Replying, Tell

PRESS, REPLIES = "baton.press", "baton.replies"
REFUSED, AWAY = (
    1,
    2,
)  # codes of errors: the message is for the caller; or nobody has taken it, and it may be tried again
BYTES = 12_000  # LiveKit lets 15 KiB through
_ANSWERED_S = 5.0  # a call that has not answered by then is over

_Value = Annotated[str, StringConstraints(max_length=LONGEST)]
_Key = Annotated[str, StringConstraints(max_length=64)]


class _Press(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    card: Annotated[str, StringConstraints(max_length=64)]
    choice: int | None = Field(default=None, ge=0, le=1000)
    values: dict[_Key, _Value] = Field(default={}, max_length=20)


class _Replies(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    how: Literal["speech", "text"]


class Rpc:
    """Each request is answered: with nothing when it is taken, or with an error."""

    def __init__(self, room: rtc.Room, people: Container[str], *, tell: Tell) -> None:
        self._room, self._people, self._tell = room, people, tell

    async def run(self) -> None:
        here = self._room.local_participant
        here.register_rpc_method(PRESS, self._on_press)
        here.register_rpc_method(REPLIES, self._on_replies)
        try:
            await asyncio.Event().wait()
        finally:
            here.unregister_rpc_method(PRESS)
            here.unregister_rpc_method(REPLIES)

    async def _on_press(self, request: rtc.RpcInvocationData) -> str:
        self._check(request)
        try:
            given = _Press.model_validate_json(request.payload)
        except ValidationError:  # without what is in it
            raise rtc.RpcError(REFUSED, "This is not what is on the card.") from None
        answered = asyncio.get_running_loop().create_future()

        def answer(why: str) -> None:
            if not answered.done():
                answered.set_result(why)

        self._tell(Press(request.caller_identity, given.card, given.choice, given.values, answer))
        try:
            async with asyncio.timeout(_ANSWERED_S):
                why: str = await answered
        except TimeoutError:
            raise rtc.RpcError(AWAY, "Nobody has taken this. Try again in a moment.") from None
        if why:
            raise rtc.RpcError(REFUSED, why)
        return ""

    async def _on_replies(self, request: rtc.RpcInvocationData) -> str:
        self._check(request)
        try:
            how = _Replies.model_validate_json(request.payload).how
        except ValidationError:
            raise rtc.RpcError(REFUSED, "Replies come as speech or as text.") from None
        self._tell(Replying(request.caller_identity, how))
        return ""

    def _check(self, request: rtc.RpcInvocationData) -> None:
        if request.caller_identity not in self._people:
            raise rtc.RpcError(REFUSED, "Only who is heard in this call may do this.")
        if len(request.payload.encode()) > BYTES:
            raise rtc.RpcError(REFUSED, "This is too long.")
