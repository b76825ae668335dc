"""Whether the caller reads what agents say, or hears it."""

from collections.abc import Callable
from dataclasses import asdict

from worker.gate.audio_gate import AudioGate
from worker.journal import events as journal
from worker.people import People
from worker.room.events import Replying


class TextReplies:
    """A caller who is alone may wish for replies in text. Where others listen, the agent goes on speaking."""

    def __init__(self, gate: AudioGate, people: People, *, record: Callable[[journal.JournalEvent], None]) -> None:
        self._gate, self._people, self._record = gate, people, record

    def wish(self, wanted: Replying) -> None:
        """From now on, and in the middle of a message, too."""
        if wanted.how == "text" and self._people.several:
            detail = "Others in this call listen: the agent goes on speaking."
            self._record(journal.CallWarned(code="replies.several", detail=detail))
        elif (silent := wanted.how == "text") is not self._gate.silent:
            self._record(journal.RepliesSwitched(**asdict(wanted)))
            self._gate.silence(silent)

    def came(self, participant: str) -> None:
        """Somebody is there: if they are not alone, they hear."""
        if self._people.several:
            self.wish(Replying(participant, "speech"))
