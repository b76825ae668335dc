"""What the caller shows: named, kept, put before the model, and answered."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from agents import context
from worker.background import Start
from worker.describing import Describer
from worker.journal import events as journal
from worker.keeping import Keeping
from worker.line.line import Line
from worker.room.events import Sending, Shown

WORDS_S = 1.5  # so long after something was shown, words about it may begin
ON_ITS_WAY_S = 4.0  # an answer waits so long for a file that has begun; longer, and the agent seems to be gone
READ_S = 8.0  # and for what somebody sees on it: on a busy machine, our own eyes take five the first time
_ABOUT = 300  # characters of a document's text, for the journal


class Showing:
    """Gives each thing a name that agents speak of it by, and says when it is a turn of the caller's.

    Who shows something has just said what it is, says so while it comes, or is about to: so it belongs to the turn in
    which it comes, and what is said within `WORDS_S` of it is one turn with it. Who says nothing wants to hear what the
    agent makes of it: that is a turn, too, of all that has come meanwhile. It breaks into nothing that is being said: a
    file arrives when it does, and is no wish to speak. A question that was asked while a file was on its way waits for the
    file.

    `past` is the journal of a call that goes on here. Times are seconds on `clock`; call `watch` at `deadline`, and after
    whatever has happened. `quiet`: nobody speaks, or is about to; `turn_due`: a turn of theirs waits to be answered. `note`
    keeps what was shown, `write` gives the model a text of the caller's, `take_turn` hears that they took one, and when.
    `describer` says what is on pictures, for a model that takes none, and where what a model says it has read there is
    checked (`reads`). A model that takes none is told of each picture, whatever comes of that: an answer that waits no
    longer is given in the knowledge that there is one.
    """

    def __init__(
        self,
        line: Line,
        keeping: Keeping,
        past: Sequence[journal.JournalEvent] = (),
        *,
        clock: Callable[[], float],
        now_ms: Callable[[], int],
        record: Callable[[journal.JournalEvent], None],
        note: Callable[[journal.UserShowed], None],
        write: Callable[[journal.UserWrote], None],
        quiet: Callable[[], bool],
        turn_due: Callable[[], bool],
        reads: Callable[[], bool],
        take_turn: Callable[[float], None],
        tick: Callable[[], None],
        describer: Describer,
    ) -> None:
        self._line, self._keeping = line, keeping
        self._clock, self._now_ms, self._record = clock, now_ms, record
        self._note, self._write, self._take_turn, self._tick = note, write, take_turn, tick
        self._quiet, self._turn_due, self._reads = quiet, turn_due, reads
        self._describer = describer
        refs = [event.ref for event in past if isinstance(event, journal.UserShowed)]
        self._count = Counter(ref.rpartition("-")[0] for ref in refs)  # of each kind
        self._coming: dict[str, float] = {}  # streams: until when an answer waits for them
        self._reading: dict[str, float] = {}  # what is looked at: until when an answer waits for it
        self._untold: dict[str, str] = {}  # and what of it the model knows nothing yet: how it is told of it
        self._due: float | None = None  # when what was shown is a turn of its own
        self._to_do: list[Callable[[Start], object]] = []

    @property
    def busy(self) -> bool:
        """Something is on its way, and nothing is answered before it is there."""
        return max((*self._coming.values(), *self._reading.values()), default=-math.inf) > self._clock()

    @property
    def deadline(self) -> float | None:
        coming = [until for until in (*self._coming.values(), *self._reading.values()) if until > self._clock()]
        due = [self._due] if self._due is not None and self._quiet() and not self.busy else []
        return min([*coming, *due], default=None)

    def sending(self, event: Sending) -> None:
        self._coming[event.stream] = self._clock() + ON_ITS_WAY_S

    def failed(self, stream: str) -> None:
        """Nothing comes of a file; the caller has been told."""
        self._coming.pop(stream, None)

    def turn(self) -> None:
        """The caller took a turn: what they have shown belongs to it."""
        self._due = None

    def shown(self, shown: Shown) -> None:
        self._coming.pop(shown.stream, None)
        ref = self._name("document" if shown.text or shown.pages else "photo")
        files = self._keep(ref, shown)
        self._note(
            journal.UserShowed(
                participant=shown.participant,
                ref=ref,
                description=_beginning(shown.text),
                name=shown.name,
                stream=shown.stream,
                files=tuple(files),
                pages=shown.pages,
            )
        )
        told = context.shown(ref, shown.name, seen=len(shown.pictures), pages=shown.pages)
        blind = not self._line.profile.images
        if shown.pictures and not blind:
            self._line.show(told, shown.pictures)
        if shown.pictures and (blind or self._reads()):
            self._reading[ref] = self._clock() + READ_S
            if blind:
                self._untold[ref] = told
            self._to_do.append(lambda start: start(self._put_in_words(ref, told, shown.pictures, blind=blind)))
        if shown.text:
            text = context.written(told, shown.text)
            self._write(journal.UserWrote(participant=shown.participant, text=text, at=self._now_ms()))
        self._due = None if self._turn_due() else self._clock() + WORDS_S

    def watch(self, start: Start) -> None:
        todo, self._to_do = self._to_do, []
        for do in todo:
            do(start)
        for ref in [ref for ref in self._untold if self._reading[ref] <= self._clock()]:
            self._line.note(context.unseen_yet(self._untold.pop(ref)))
        if self._due is not None and self._clock() >= self._due and self._quiet() and not self.busy:
            self._take_turn(self._clock())

    def _name(self, kind: str) -> str:
        self._count[kind] += 1
        return f"{kind}-{self._count[kind]}"

    async def _put_in_words(self, ref: str, told: str, pictures: Sequence[bytes], *, blind: bool) -> None:
        """`blind`: for the model itself."""
        looking = self._describer.describe(ref, pictures) if blind else self._describer.read(pictures)
        described = await looking
        late = self._reading.pop(ref) <= self._clock()
        self._untold.pop(ref, None)
        self._record(described.event(ref))
        if blind:
            self._line.show(told, pictures, described.about)
            if late and not self._turn_due():
                self._due = self._clock()  # what was answered meanwhile was answered without it
        self._tick()

    # ---- files

    def _keep(self, ref: str, shown: Shown) -> Sequence[str]:
        """The names of the files that are being written. None of them is the caller's."""
        if not self._keeping.on:
            return ()
        several = len(shown.pictures) > 1
        contents = {
            f"{ref}-page-{number}.jpg" if several else f"{ref}.jpg": jpeg
            for number, jpeg in enumerate(shown.pictures, 1)
        }
        if shown.text:
            contents[f"{ref}.txt"] = shown.text.encode()
        self._to_do.append(lambda start: start(self._write_files(ref, contents)))
        return tuple(contents)

    async def _write_files(self, ref: str, contents: Mapping[str, bytes]) -> None:
        await self._keeping.write(ref, contents)


def shown_files(events: Sequence[journal.JournalEvent], most: int) -> list[str]:
    """Of a call's journal: the files with what was shown last, so many things at most."""
    shown = [event for event in events if isinstance(event, journal.UserShowed)]
    return [name for event in shown[-most:] for name in event.files]


def _beginning(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _ABOUT else f"{words[:_ABOUT]} …"
