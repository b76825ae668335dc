"""What of a call is in no event yet, for a worker that would have to go on with it."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class Moment(BaseModel):
    """How much has been heard of a message, and whether the caller speaks."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    item: str = ""
    text: str = ""
    heard_ms: int = 0
    caller_speaks: bool = False


class Noting:
    """`note` gets the moment, as the fields of a `Moment`, whenever it may be another."""

    def __init__(self, note: Callable[[Mapping[str, Any]], None]) -> None:
        self._note = note
        self._moment: dict[str, Any] = {}

    def heard(self, item: str, text: str, heard_ms: int) -> None:
        """So much of an agent's message has been heard so far."""
        self._change(item=item, text=text, heard_ms=heard_ms)

    def caller(self, *, speaks: bool) -> None:
        """`speaks`: or what they have said is in no words yet."""
        self._change(caller_speaks=speaks)

    def _change(self, **fields: Any) -> None:
        self._moment = {**self._moment, **fields}
        self._note(self._moment)
