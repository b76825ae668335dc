"""A call's recording: when it may begin, what goes on it, and that it is written while the call goes on."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.recording import CONSENT, Announced, RecordingSpec
from worker.gate.audio_gate import AudioSink
from worker.journal import events as journal
from worker.journal.files import Files, FilesError, Taken, recording
from worker.recording.tape import Pcm, Side, Tape

if TYPE_CHECKING:
    from worker.recording.ogg import Ogg

logger = logging.getLogger(__name__)

WRITE_S = 0.25
_FAILURES = (OSError, FilesError, RuntimeError)  # the latter is libsndfile's
REDACT_S = 30.0  # where sound may have to be muted, it waits for its words so long: transcripts come after the speech


class Recording:
    """Both sides of a call, sample by sample on one clock, as one file of the call.

    `tap` is the way to the speaker, so that it is known what was played; `hear` gets what the microphone gave. Positions
    are samples at `sample_rate` since the call began, `now_s` the seconds. `redacts`: somebody may call `mute`.
    """

    def __init__(
        self,
        spec: RecordingSpec,
        files: Files | None,
        call: str,
        *,
        sample_rate: int,
        now_s: Callable[[], float],
        record: Callable[[journal.JournalEvent], None],
        redacts: bool = False,
    ) -> None:
        self._spec, self._files, self._call, self._rate = spec, files, call, sample_rate
        self._now_s, self._record = now_s, record
        self._held_s = max(spec.held_s, REDACT_S) if redacts else spec.held_s
        self._announced = Announced(spec)
        self._tape: Tape | None = None
        self._ogg: Ogg | None = None
        self._on = False  # what is heard and played goes on the tape
        self._failed = False
        self._begun = asyncio.Event()
        self._file = ""  # its name
        self._began_ms = 0
        self._late_ms = 0
        self._work: asyncio.Future[None] | None = None  # in a thread

    @property
    def now(self) -> int:
        """The position that is heard now."""
        return round(self._now_s() * self._rate)

    # ---- when

    def begin(self) -> None:
        """The call begins."""
        self._follow(agreed=self._announced.agreed({}))

    def heard(self, text: str, *, interrupted: bool) -> None:
        """Of a message of an agent, the caller has heard this."""
        self._announced.heard(text, interrupted=interrupted)

    def caller_spoke(self) -> str:
        """The caller took a turn; returns what the answer to it is told besides."""
        return self._announced.caller_spoke()

    def follow(self, facts: dict[str, Any]) -> None:
        """Facts may have changed: recording begins, stops or goes on. What cannot be consent is no fact."""
        if self._spec.when == "consent" and self._announced.too_early(facts):
            del facts[CONSENT]
            logger.warning("call %s: consent was noted before the caller could give it", self._call)
        self._follow(agreed=self._announced.agreed(facts))

    def _follow(self, *, agreed: bool) -> None:
        if agreed == self._on or self._failed or self._files is None:
            return
        self._on = agreed
        if self._tape is None:
            self._tape = Tape(self._rate, self.now, self._held_s)
            self._began_ms = round(self._now_s() * 1000)
            self._begun.set()
        elif not self._file:
            pass  # it is being opened
        elif agreed:
            self._started()
        else:
            self._stopped("the caller wishes so")

    # ---- what

    def tap(self, sink: AudioSink) -> AudioSink:
        """The same sink, listened to."""
        return sink if self._spec.when == "off" or self._files is None else _Tap(sink, self)

    def hear(self, pcm: bytes) -> None:
        """A frame of the caller's microphone."""
        if self._tape and self._on:
            self._tape.hear(np.frombuffer(pcm, np.int16), self.now)

    def play(self, pcm: bytes, queued_s: float) -> None:
        """The speaker gets a frame; before it, it has yet to play `queued_s`."""
        if self._tape and self._on:
            self._tape.play(np.frombuffer(pcm, np.int16), self.now, queued_s)

    def take_back(self) -> None:
        """The speaker is silent from now on."""
        if self._tape:
            self._tape.take_back(self.now)

    def mute(self, start: int, end: int, side: Side) -> None:
        """Silences one side between two positions; `end` may be yet to come.

        What was written cannot be taken back. Where the team redacts, sound waits in memory for REDACT_S, 30 s: a mute of
        what is older comes too late, and the journal says of which part (`late_ms`). For what is found out later still,
        the whole file must go: `recording.stopped` tells in `late_ms` whether there is such a part.
        """
        if not self._tape or start >= end:
            return
        late_ms = self._tape.mute(start, end, side) * 1000 // self._rate
        self._late_ms += late_ms
        if late_ms:
            logger.warning("call %s: %d ms of the recording were to be muted too late", self._call, late_ms)
        at, until = (round(position * 1000 / self._rate) for position in (start, end))
        self._record(journal.RecordingMuted(side=side, from_ms=at, to_ms=until, late_ms=late_ms))

    # ---- the file

    async def run(self) -> None:
        """Writes, from when recording begins, until cancelled."""
        await self._begun.wait()
        assert self._tape
        try:
            await self._in_thread(self._open)
            if self._on:
                self._started()
            now = self.now
            while True:
                await asyncio.sleep(WRITE_S)
                # a loop that was busy has frames to handle yet, which are older than now
                now = min(self.now, now + round(2 * WRITE_S * self._rate))
                await self._in_thread(partial(self._write, self._tape.take(now)))
        except _FAILURES as error:
            self._fail(error)

    async def close(self) -> None:
        """The call is over: the rest is written, and the file ends."""
        if self._on:
            self._on = False
            self._stopped("the call is over")
        try:
            if self._work and not self._failed:
                await self._work  # the last of `run`, which was cancelled
            if self._tape and not self._failed:
                await self._in_thread(partial(self._write, self._tape.take(self.now, all_of_it=True)))
            if self._ogg:
                await self._in_thread(self._ogg.close)
        except _FAILURES as error:
            logger.warning("the recording of call %s has no end: %s", self._call, type(error).__name__)
        self._tape = self._ogg = None

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """One thing after the other; what has begun is done, though nobody waits any longer."""
        self._work = asyncio.ensure_future(asyncio.to_thread(work))
        await asyncio.shield(self._work)

    def _open(self) -> None:
        from worker.recording.ogg import Ogg  # a worker that records nothing has no need of its library

        assert self._files
        for part in count(1):
            name = recording(part)
            try:
                self._ogg = Ogg(self._files.create(self._call, name), self._rate)
            except Taken:
                continue
            self._file = name
            return

    def _write(self, pcm: Pcm) -> None:
        if self._ogg and len(pcm):
            self._ogg.write(pcm)

    def _fail(self, error: Exception) -> None:
        """The call goes on without."""
        self._failed = True
        logger.error("the recording of call %s has failed: %s", self._call, error)
        if self._on:
            self._on = False
            self._stopped(f"it failed: {type(error).__name__}")

    def _started(self) -> None:
        self._record(journal.RecordingStarted(file=self._file, began_ms=self._began_ms))

    def _stopped(self, why: str) -> None:
        lost_ms = self._tape.lost * 1000 // self._rate if self._tape else 0
        self._record(journal.RecordingStopped(file=self._file, reason=why, late_ms=self._late_ms, lost_ms=lost_ms))


class _Tap:
    """A speaker, and a recording that knows what it plays."""

    def __init__(self, sink: AudioSink, recording: Recording) -> None:
        self._sink, self._recording = sink, recording

    @property
    def queued(self) -> float:
        return self._sink.queued

    def put(self, pcm: bytes) -> None:
        self._recording.play(pcm, self._sink.queued)
        self._sink.put(pcm)

    def clear(self) -> None:
        self._sink.clear()
        self._recording.take_back()
