"""A call's journal while the call lasts."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from worker.journal.events import AgentSaid, JournalEvent, ToolFinished, UserDialled, UserSaid
from worker.journal.lease import Lease
from worker.journal.recorder import Recorder
from worker.redaction.kept import Redaction
from worker.redaction.standing import KeptStanding

LARGE = 8000  # characters of a tool's output: to look through them takes some 20 ms
MARGIN_MS = 300  # more than a microphone's way to us takes; no provider tells its times more precisely
Mute = Callable[[Literal["caller", "agent"], int, int], None]


class Journal:
    """One call's events in order, stamped and handed to the recorder and to `publish` (the page).

    Neither gets what `redaction` takes out. What may turn out to be a piece of something more the page of who said it
    gets by `whisper` at once, all others by `reveal` when it is settled. `count` is how many there are already. With a
    `lease`, how the call stands goes with each event, as `standing` tells, and without what may not be kept.

    `measure` gets each event once, whole: it keeps no words.
    """

    def __init__(
        self,
        call: str,
        recorder: Recorder,
        *,
        elapsed_ms: Callable[[], int],
        publish: Callable[[JournalEvent], None],
        redaction: Redaction | None = None,
        whisper: Callable[[JournalEvent], None] | None = None,
        reveal: Callable[[JournalEvent], None] = lambda _: None,
        measure: Callable[[JournalEvent], None] = lambda _: None,
        lease: Lease | None = None,
        count: int = 0,
    ) -> None:
        self.call = call
        self._recorder, self._elapsed_ms, self._publish = recorder, elapsed_ms, publish
        self._redaction = redaction
        self._mute: Mute = lambda *_: None
        self._whisper, self._reveal = whisper or publish, reveal
        self._measure, self._lease, self._count = measure, lease, count
        if lease and redaction:
            lease.mask = KeptStanding(redaction)
        self._stood: Mapping[str, Any] | None = None
        self.standing: Callable[[], Mapping[str, Any] | None] = lambda: None

    @property
    def now_ms(self) -> int:
        """Since the call began."""
        return self._elapsed_ms()

    def note(self, moment: Mapping[str, Any]) -> None:
        """What another worker would have to know, and what is in no event yet."""
        if self._lease:
            self._lease.moment = moment

    def record(self, event: JournalEvent, epoch: int) -> JournalEvent:
        """Stamps `at` and `epoch`, and keeps it. Returns it whole, as nobody may keep it."""
        stamped = event.model_copy(update={"at": self._elapsed_ms(), "epoch": epoch})
        number, self._count = self._count, self._count + 1
        self._measure(stamped)
        lease = self._lease
        if not self._redaction:
            self._recorder.record(self.call, number, stamped, lease, self._stands(anew=False))
            self._publish(stamped)
            return stamped
        if isinstance(event, ToolFinished) and len(event.output) > LARGE:
            stands = self._stands(anew=False)
            self._recorder.record_large(self.call, number, stamped, self._redaction.text, self._publish, lease, stands)
            return stamped
        kept = self._redaction.take(number, stamped)
        stands = self._stands(anew=bool(kept.values or kept.again))
        self._recorder.record(self.call, number, kept.event, lease, stands)
        for earlier, changed in kept.again:
            self._recorder.rewrite(self.call, earlier, changed, lease)
        if kept.values:
            self._recorder.take_out(self.call, kept.values, self._silence, lease)
        for settled in kept.settled:
            self._reveal(settled)
        (self._whisper if kept.open else self._publish)(kept.event)
        for secret in kept.secret:
            self._silence(secret)
        return stamped

    async def past(self) -> list[JournalEvent]:
        """What was recorded until now, as everybody may see it: without what may turn out to be a piece of a secret."""
        held_back = self._redaction.held_back if self._redaction else frozenset()
        events = await self._recorder.written(self.call)
        return [event for number, event in events.items() if number not in held_back]

    def _stands(self, *, anew: bool) -> Mapping[str, Any] | None:
        """How the call stands, if that has changed, or something is to be taken out of it."""
        stands = self.standing() if self._lease else None
        before, self._stood = self._stood, stands
        return stands if anew or stands != before else None

    def follow(self, facts: Mapping[str, Any]) -> None:
        """What the call establishes, as it grows: some of it may not be kept."""
        if self._redaction:
            self._redaction.follow(facts)

    def mutes(self, mute: Mute) -> None:
        """`mute` gets whose sound a secret was in, and from when to when, in ms since the call began."""
        self._mute = mute

    def close(self) -> None:
        """Nothing more will be recorded: what waits to be told to everybody is told now."""
        for settled in self._redaction.settle() if self._redaction else ():
            self._reveal(settled)

    def _silence(self, event: JournalEvent) -> None:
        match event:
            case UserSaid(started_ms=int(start)) | UserDialled(started_ms=start):
                self._mute("caller", max(0, start - MARGIN_MS), (event.ended_ms or event.at) + MARGIN_MS)
            case AgentSaid(started_ms=int(start), at=end):
                self._mute("agent", max(0, start - MARGIN_MS), end + MARGIN_MS)
