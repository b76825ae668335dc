"""A sound in the pauses of a voice, on the voice's own track."""

import asyncio

import numpy as np

from worker.gate.audio_gate import AudioSink
from worker.room.sounds import Sound
from worker.turns.background_sound import BackgroundSound

FRAME_S = 0.05
LEAD_S = 0.08  # of the sound may wait in the sink
FADE_S = 0.08


class SoundBed:
    """The voice's way to the speaker. Where it pauses because a tool takes its time, a sound is there.

    Both go through one queue, one after the other: so they never sound together, a recording has the sound where it was
    heard, and whoever hears the agent's track hears it: a telephone too. It fades out within 100 ms; a voice that begins
    before that cuts it off. PCM16 mono at `sample_rate` Hz.
    """

    def __init__(self, sink: AudioSink, sound: Sound, sample_rate: int, after_s: float) -> None:
        self._sink, self._sound, self._rate = sink, sound, sample_rate
        self._policy = BackgroundSound(after_s)
        self._next = 0  # of the sound, in samples
        self._gain = 0.0  # at the end of what was put
        self._playing = False  # ours is in the sink, and nothing else
        self._wanted = asyncio.Event()

    # ---- the voice's side

    @property
    def queued(self) -> float:
        """Seconds of the voice."""
        return 0.0 if self._playing else self._sink.queued

    def put(self, pcm: bytes) -> None:
        """A frame of the voice: the sound is over, at once."""
        self._drop()
        self._sink.put(pcm)

    def clear(self) -> None:
        self._playing, self._gain = False, 0.0
        self._sink.clear()

    # ---- the sound's side

    @property
    def deadline(self) -> float | None:
        """When `follow` has something to do, if nothing happens before."""
        return self._policy.deadline

    def follow(self, now: float, *, waiting: bool, speech: bool) -> None:
        """What goes on: see `BackgroundSound`. Call it whenever that may have changed."""
        if self._policy.wanted(now, waiting=waiting, speech=speech):
            self._wanted.set()
        elif self._wanted.is_set():
            self._wanted.clear()
            self._fade()

    def _fade(self) -> None:
        if self._playing and (left := self._sink.queued) > 0:
            self._next = max(0, self._next - round(left * self._rate))
            self._sink.clear()
            self._put(round(FADE_S * self._rate), until=0.0)

    async def run(self) -> None:
        """Plays, as long as it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            if self._playing or not self._sink.queued:
                while self._sink.queued < LEAD_S:
                    self._put(round(FRAME_S * self._rate), until=1.0)
            await asyncio.sleep(FRAME_S / 2)

    def _put(self, samples: int, until: float) -> None:
        """So much of the sound, its loudness going from where it is to `until`."""
        places = np.arange(self._next, self._next + samples) % len(self._sound)
        faded = self._sound[places] * np.linspace(self._gain, until, samples)
        self._next, self._gain, self._playing = int(places[-1]) + 1, until, True
        self._sink.put((faded * 32767).astype(np.int16).tobytes())

    def _drop(self) -> None:
        """The sound is over: what of it waits is not heard."""
        if self._playing:
            self._sink.clear()
            self._playing, self._gain = False, 0.0
