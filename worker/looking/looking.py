"""Looking at people's cameras and screens: which frames the model has before it, and what the journal tells of it."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agents import context
from agents.showing import SOURCES, ShowingSpec, Source
from worker.background import Start
from worker.describing import Describer
from worker.journal import events as journal
from worker.keeping import Keeping
from worker.line.line import Line
from worker.looking.glimpse import Glimpse
from worker.looking.sampler import Pace, Sampler
from worker.looking.view import View
from worker.room.events import Filming
from worker.shown.result import Size

COMES_S = 2.0  # an answer waits so long for the first frame: who turns a camera on asks about what is before it
MOMENT_S = 0.8  # and so long for the frame of the moment
FRESH_S = 1.0  # a frame that was taken for words so short a time ago is the one of the moment
READ_S = 8.0  # for what somebody sees on it, as with pictures
KEPT_TURNS = 2  # of the caller's, after they have ended: then what was seen last is forgotten
_NEVER = -math.inf


class Seen(Protocol):
    """A frame that was looked at."""

    @property
    def glimpse(self) -> Glimpse: ...

    async def jpeg(self, size: Size) -> tuple[bytes, int, int]:
        """Of at most this size; its width and height in px."""


class Camera(Protocol):
    """What of the caller can be looked at."""

    def watch(self, views: frozenset[View]) -> None:
        """From now on these, and no others."""

    async def see(self, view: View) -> Seen | None:
        """The newest frame; None: none that was not seen before."""


class NoCamera:
    """Of a caller who has none."""

    def watch(self, views: frozenset[View]) -> None: ...

    async def see(self, view: View) -> None: ...


@dataclass(slots=True)
class _Watch:
    """A camera or screen that is looked at."""

    sampler: Sampler
    whose: str  # as the model knows it
    since: tuple[str, int]  # who has had the call since then
    awaited_until: float  # an answer waits for a frame
    looks: bool = False  # at this moment
    given: int = 0  # frames
    unkept: bool = False  # the last of them could not be kept
    reading: dict[str, float] = field(default_factory=dict)  # what our eyes are at: until when an answer waits for it


class Looking:
    """While an agent has the call who watches, and somebody shows, frames are given to the model as `Sampler` says.

    What is said of "this" is answered with the frame of that moment before the model. What nobody watches is not even
    received. Of several people's cameras and screens, as many are looked at as the model remembers frames; they share what
    its provider takes in a second.

    Times are seconds on `clock`; call `watch` at `deadline`, and after whatever has happened, and `hear` with each frame of
    their microphone. `past` is the journal of a call that goes on here. `present` is who has the call, `watches` what they
    look at, `called` what the model calls a person. `size` is what all providers of the call take. `describer` says what is
    on a frame, for a model that takes none, and where what a model says it has read is checked (`reads`).
    """

    def __init__(
        self,
        spec: ShowingSpec,
        line: Line,
        camera: Camera,
        keeping: Keeping,
        past: Sequence[journal.JournalEvent] = (),
        *,
        size: Size,
        clock: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
        present: Callable[[], tuple[str, int]],
        watches: Callable[[], frozenset[Source]],
        called: Callable[[str], str],
        reads: Callable[[], bool],
        tick: Callable[[], None],
        describer: Describer,
    ) -> None:
        self._line, self._camera, self._keeping, self._size = line, camera, keeping, size
        self._clock, self._record, self._tick, self._describer = clock, record, tick, describer
        self._present, self._watches, self._called, self._reads = present, watches, called, reads
        self._most = max(len(SOURCES), spec.frames)  # one person's are looked at in any case
        self._filming: dict[View, None] = {}  # what people show, in the order in which they began
        self._left_out = frozenset[View]()
        self._watching: dict[View, _Watch] = {}
        refs = [event.ref for event in past if isinstance(event, journal.FrameGiven)]
        self._count = Counter(ref.rpartition("-")[0] for ref in refs)
        self._turns_since: int | None = None  # of the caller's since nothing is looked at any more
        self._loud = False

    # ---- what happens

    def filming(self, event: Filming) -> None:
        """Somebody has turned their camera or screen on, or off."""
        view = View(event.participant, event.source)
        if event.on:
            self._filming[view] = None
        else:
            self._filming.pop(view, None)

    def hear(self, *, loud: bool) -> bool:
        """Whether something is at their microphone. Returns whether `deadline` may be another one."""
        if loud == self._loud:
            return False
        self._loud = loud
        edges = [watch.sampler.speech(self._clock(), loud=loud) for watch in self._watching.values()]
        return any(edges)

    def turn(self) -> None:
        """The caller took a turn: what it is about is what they show now."""
        now = self._clock()
        for watch in self._watching.values():
            watch.sampler.turn(now, FRESH_S)
            due = watch.sampler.deadline
            if watch.looks or (due is not None and due <= now):
                watch.awaited_until = max(watch.awaited_until, now + MOMENT_S)
        if self._turns_since is not None and not self._watching:
            self._turns_since += 1
            if self._turns_since > KEPT_TURNS:
                self._turns_since = None
                self._line.look_away()

    # ---- what is to be waited for

    @property
    def busy(self) -> bool:
        """A frame is being taken that an answer is to be given to."""
        now = self._clock()
        return any(until > now for watch in self._watching.values() for until in self._waits(watch))

    @property
    def deadline(self) -> float | None:
        now = self._clock()
        dates = [until for watch in self._watching.values() for until in self._waits(watch) if until > now]
        looks = [watch.sampler.deadline for watch in self._watching.values() if not watch.looks]
        return min((at for at in (*dates, *looks) if at is not None), default=None)

    def _waits(self, watch: _Watch) -> list[float]:
        return [watch.awaited_until, *watch.reading.values()]

    def watch(self, start: Start) -> None:
        """Begins and ends looking, and looks where it is time to."""
        self._follow()
        now = self._clock()
        for view, watch in self._watching.items():
            watch.sampler.pace = self._pace
            due = watch.sampler.deadline
            if due is not None and due <= now and not watch.looks:
                watch.looks = True
                start(self._look(view, watch, words=watch.sampler.look(now)))

    @property
    def _pace(self) -> Pace:
        profile = self._line.profile
        return Pace(profile.video_fps / max(1, len(self._watching)), profile.watches and not self._reads())

    def _follow(self) -> None:
        present, watched = self._present(), self._watches() & self._line.armed.watches
        before = frozenset(self._watching)
        wished = [view for view in self._filming if view.source in watched]
        wanted = wished[: self._most]
        self._leave_out(frozenset(wished[self._most :]))
        for view in before.difference(wanted):
            self._end(view, self._watching[view])
        for view in wanted:
            watch = self._watching.get(view)
            if watch is None:
                self._begin(view, present)
                continue
            if watch.since != present:  # who has come may know nothing of what was seen before
                watch.sampler, watch.since = Sampler(view.source, self._clock(), self._pace), present
            if watch.whose != (whose := self._called(view.participant)):
                watch.whose = whose
                self._line.note(context.belongs(view.source, whose))
        if before != (after := frozenset(self._watching)):
            self._camera.watch(after)

    def _leave_out(self, views: frozenset[View]) -> None:
        """There are more than are looked at."""
        for view in views - self._left_out:
            whose = self._called(view.participant)
            detail = f"{whose}'s {view.source} is not looked at: {self._most} others are. Turn one of them off."
            self._record(journal.CallWarned(code="looking.many", detail=detail[0].upper() + detail[1:]))
        self._left_out = views

    def _begin(self, view: View, present: tuple[str, int]) -> None:
        now, whose = self._clock(), self._called(view.participant)
        self._watching[view] = _Watch(Sampler(view.source, now, self._pace), whose, present, now + COMES_S)
        self._turns_since = None
        self._record(journal.LookingStarted(participant=view.participant, source=view.source, agent=present[0]))
        self._line.note(context.looking(view.source, whose))

    def _end(self, view: View, watch: _Watch) -> None:
        del self._watching[view]
        off = view not in self._filming
        self._record(
            journal.LookingStopped(
                participant=view.participant,
                source=view.source,
                reason="off" if off else "unwatched",
                frames=watch.given,
            )
        )
        self._line.off(view.source, view.participant)
        if off:
            self._line.note(context.looked(view.source, watch.whose))
        if not self._watching:
            self._turns_since = 0

    # ---- a frame

    async def _look(self, view: View, watch: _Watch, *, words: bool) -> None:
        try:
            seen = await self._camera.see(view)
            if seen is None or not watch.sampler.gives(self._clock(), seen.glimpse, words=words):
                if watch.given:
                    watch.awaited_until = _NEVER  # the model has it before it
                return
            sampler = watch.sampler
            jpeg, width_px, height_px = await seen.jpeg(self._size)
            if self._watching.get(view) is not watch or watch.sampler is not sampler:
                return  # it was turned off meanwhile, or somebody else has the call
            ref = self._name(view.source)
            watch.given += 1
            files = await self._keep(watch, ref, jpeg)
            self._record(
                journal.FrameGiven(
                    participant=view.participant,
                    ref=ref,
                    source=view.source,
                    why="words" if words else "change",
                    width_px=width_px,
                    height_px=height_px,
                    files=files,
                )
            )
            await self._give(view, watch, ref, jpeg)
            watch.awaited_until = _NEVER
        finally:
            watch.looks = False
            self._tick()

    async def _give(self, view: View, watch: _Watch, ref: str, jpeg: bytes) -> None:
        told, blind = context.frame(view.source, watch.whose), not self._line.profile.images
        if not blind:
            self._line.see(view.source, told, jpeg, whose=view.participant)
        if blind or self._reads():
            watch.reading[ref] = self._clock() + READ_S
            looking = self._describer.describe(ref, [jpeg]) if blind else self._describer.read([jpeg])
            described = await looking
            watch.reading.pop(ref)
            self._record(described.event(ref))
            if blind:
                self._line.see(view.source, told, jpeg, described.about, view.participant)

    def _name(self, source: Source) -> str:
        self._count[source] += 1
        return f"{source}-{self._count[source]}"

    async def _keep(self, watch: _Watch, ref: str, jpeg: bytes) -> tuple[str, ...]:
        """The names of the files it is in. That frames cannot be kept is told once, not with each of them."""
        if not self._keeping.on:
            return ()
        name = f"{ref}.jpg"
        kept = await self._keeping.write(ref, {name: jpeg}, tells=not watch.unkept)
        watch.unkept = not kept
        return (name,) if kept else ()
