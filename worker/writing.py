"""What the caller writes and dials: turns of theirs that are not spoken, on their way past the guards to the model."""

from collections.abc import Callable
from dataclasses import asdict

from agents import context
from worker.cards import Cards
from worker.gate.listening import Listening
from worker.journal import events as journal
from worker.journal import pointing
from worker.journaling import Journaling
from worker.line.line import Line
from worker.people import People
from worker.room.events import Dialled, Typed
from worker.team.delegation import Delegation
from worker.turns.endings import Endings
from worker.turns.floor import Floor


class Writing:
    """`listening` is there where guards listen to the caller, `insists` tells whether last words are said, whoever speaks.

    `now_ms` is how old the call is.
    """

    def __init__(
        self,
        line: Line,
        floor: Floor,
        endings: Endings,
        people: People,
        cards: Cards,
        delegation: Delegation,
        journaling: Journaling,
        *,
        listening: Listening | None,
        insists: Callable[[], bool],
        now_ms: Callable[[], int],
    ) -> None:
        self._line, self._floor, self._endings, self._people = line, floor, endings, people
        self._cards, self._delegation, self._journaling = cards, delegation, journaling
        self._listening, self._insists, self._now_ms = listening, insists, now_ms

    def typed(self, typed: Typed) -> None:
        written = journal.UserWrote(participant=typed.participant, text=typed.text, at=self._now_ms())
        self._journaling.keep(written)
        self.take(written)

    def dialled(self, dialled: Dialled) -> None:
        self._journaling.record(journal.UserDialled(**asdict(dialled)))
        self.take(journal.UserWrote(participant=dialled.participant, text=context.dialled(dialled.digits)))

    def take(self, written: journal.UserWrote) -> None:
        """A turn of the caller that is not spoken."""
        self.pass_on(written)
        self._endings.caller_is_there()
        if not self._insists():
            self._floor.typed()

    def pass_on(self, written: journal.UserWrote) -> None:
        """To the guards, where they listen, and to the model."""
        self._journaling.known.note(written)
        if self._listening and self._listening.watches:
            self._listening.wrote(written)
        else:
            self.write(written)

    def write(self, written: journal.UserWrote) -> None:
        """The model is told what the caller wrote, and may be told later what of it the caller points at."""
        pointing.note(self._journaling.references, written)
        self._line.write(self._people.names.said(written.text, written.participant))
        self._cards.passed(written)
        self._delegation.rearm()
