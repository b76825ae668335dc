"""What a call has brought to light, as text: what a claim is held against."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents import context
from worker.journal import events as journal


class Known:
    """What tools have told, failed ones too (why they failed is told to the caller), and what the caller has."""

    def __init__(self, facts: Callable[[], Mapping[str, Any]]) -> None:
        self._facts = facts
        self._told: list[str] = []

    def note(self, event: journal.JournalEvent) -> None:
        match event:
            case journal.ToolFinished(output=text) | journal.ToolProgressed(text=text):
                self._told.append(text)
            case (
                journal.UserSaid(text=text) | journal.UserWrote(text=text) | journal.PictureDescribed(description=text)
            ):
                self._told.append(text)
            case journal.UserPressed():
                self._told.append(context.pressed(event.title, event.choice, event.values))
            case _:
                pass

    def told(self) -> Sequence[str]:
        """All of it, and the facts as they are now."""
        return [*self._told, *(f"{name}: {value}" for name, value in self._facts().items())]
