"""The people of a call: their sound as one, who of them said what, and what the model, the journal and the page are told."""

from collections.abc import Callable, Iterable, Iterator

from agents import people as told
from agents.people import Names
from worker.journal import events as journal
from worker.line.line import Line
from worker.room.events import Came, Gone
from worker.room.mixer import Mixed, Mixer
from worker.room.outbox import Outbox
from worker.room.spoken_times import Times
from worker.room.voices import Voices

_MOST = 64  # turns whose words have not come: noise has none


class People:
    """`linked`: several may be heard, and the journal tells who comes and leaves. `first` is with whom the call began,
    `names` are those that are known of a call which goes on here.

    The session that hears a turn is told whose it was as soon as it is over, when that is somebody else than before; what
    the model remembers as text has the name in it.
    """

    def __init__(
        self,
        first: str,
        line: Line,
        outbox: Outbox,
        *,
        linked: bool,
        names: Names | None = None,
        clock: Callable[[], float],
        now_ms: Callable[[], int],
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        self._first, self._line, self._outbox, self._linked = first, line, outbox, linked
        self._clock, self._now_ms, self._record = clock, now_ms, record
        self.names = names or Names()
        self._mixer = Mixer[tuple[str, str]]()
        self._voices = Voices(line.profile.sample_rate)
        self._spoke: dict[str, tuple[str, ...]] = {}  # by turn, until its words come
        self._told: tuple[str, ...] = ()  # who speaks, as the present session knows it
        self._tracks: dict[str, str] = {}  # by person, the one they were heard on last

    @property
    def several(self) -> bool:
        return self.names.several

    # ---- who is there

    def came(self, event: Came) -> bool:
        """Returns whether they are new to a call in which others are."""
        if not self._linked or event.participant in self.names.here:
            return False
        name = self.names.came(event.participant, event.name)
        self._record(journal.PersonCame(participant=event.participant, name=name))
        if self.several:
            self._line.note(told.joined(self.names, event.participant))
        return self.several

    def gone(self, event: Gone) -> None:
        self._voices.forget(event.participant)
        self._tracks.pop(event.participant, None)
        if not self._linked:
            return
        self.names.left(event.participant)
        self._record(journal.PersonLeft(participant=event.participant))
        if self.names.here:
            self._line.note(told.gone(self.names, event.participant))

    # ---- what they say

    def hear(self, who: str, track: str, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Frames of somebody's microphone: PCM16 mono, FRAME_MS. Gives those that are to be heard now, of all together."""
        self._tracks[who] = track
        for pcm in frames:
            yield from self._heard(self._mixer.take((who, track), pcm, self._clock()))

    def ended(self, who: str, track: str) -> Iterator[bytes]:
        """No more comes of a track."""
        yield from self._heard(self._mixer.end((who, track)))

    def _heard(self, mixed: list[Mixed[tuple[str, str]]]) -> Iterator[bytes]:
        for frame in mixed:
            if self._linked:
                self._voices.take(self._now_ms(), {who: pcm for (who, _), pcm in frame.of.items()})
            yield frame.pcm

    def stopped(self, item: str, times: Times) -> None:
        """A turn is over, and will be answered: it is time to know whose it was."""
        spoke = self._spoke[item] = self._voices.spoke(times["started_ms"], times["ended_ms"]) or (self._first,)
        if len(self._spoke) > _MOST:
            del self._spoke[next(iter(self._spoke))]
        if self.several and spoke != self._told:
            self._told = spoke
            self._line.tell(told.spoke(self.names, *spoke))

    def said(self, item: str, text: str, times: Times) -> journal.UserSaid:
        """The words of a turn are there: the model remembers them with their names, and captions show them."""
        spoke = (
            self._spoke.pop(item, ()) or self._voices.spoke(times["started_ms"], times["ended_ms"]) or (self._first,)
        )
        if self.several:
            self._line.word(item, self.names.said(text, *spoke))
        self._outbox.caller_caption(spoke[0], self._tracks.get(spoke[0], ""), text, spoke[1:])
        return journal.UserSaid(participant=spoke[0], together_with=spoke[1:], text=text, item=item, **times)

    def moved(self) -> None:
        """Another session is there, and knows what was said as text."""
        self._told = ()

    def shown(self, shown: journal.UserShowed) -> None:
        if self.several:
            self._line.note(told.showed(self.names, shown.ref, shown.participant))
