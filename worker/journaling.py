"""What happens in a call goes into its journal, and to all that learn from it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.references import References
from worker.gate.known import Known
from worker.journal import events as journal
from worker.journal import pointing
from worker.journal.journal import Journal


class Journaling:
    """`references` is what the caller may point at later, `known` what is held against what agents claim.

    `past` is the journal of a call that goes on here. `epoch` and `facts` are those of the moment. `used` hears of what a
    sub-agent's model has used.
    """

    def __init__(
        self,
        journal: Journal,
        past: Sequence[journal.JournalEvent] = (),
        *,
        epoch: Callable[[], int],
        facts: Callable[[], Mapping[str, Any]],
        used: Callable[[journal.ModelUsed], None],
    ) -> None:
        self._journal, self._epoch, self._used = journal, epoch, used
        self.references, self.known = References(), Known(facts)
        for event in past:
            self._note(event, event)

    def keep(self, event: journal.JournalEvent) -> journal.JournalEvent:
        """In the journal alone. Returns it stamped."""
        return self._journal.record(event, self._epoch())

    def record(self, event: journal.JournalEvent) -> None:
        self._note(self.keep(event), event)
        if isinstance(event, journal.ModelUsed):
            self._used(event)

    def shown(self, shown: journal.UserShowed) -> None:
        """Its text is told to an agent when the guards have let it pass, and not with its name."""
        pointing.note(self.references, self.keep(shown).model_copy(update={"description": ""}))

    def _note(self, stamped: journal.JournalEvent, event: journal.JournalEvent) -> None:
        pointing.note(self.references, stamped)
        self.known.note(event)
