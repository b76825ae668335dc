"""What callers do while an agent speaks, as sounds: those that want the floor, and those that do not.

Made by code from synthetic voices (flite, espeak-ng, the embedded model's) and from the free recordings of people that
come with pocketsphinx's test data, and kept as files in the cache. Each is PCM16 mono at 24 kHz, at a stated level.
"""

import hashlib
import os
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.turns.clips import sounds
from worker.local_model.voice import Voice

RATE = 24000
Pcm = NDArray[np.int16]
Kind = Literal["turn", "back_channel", "vocal_tic", "non_directed", "noise"]
LIBRIVOX = "librivox/sense_and_sensibility_01_austen_64kb-{}.wav"
VOICE_DBFS = -22.0  # of a caller who speaks into their microphone
_DATA = Path("/usr/share/pocketsphinx/test/data")
CACHE = Path(os.environ.get("BATONCACHE", ".cache")) / "clips"
_FLITE = ("slt", "rms", "awb", "kal16")
_ESPEAK = {
    "espeak": "en-gb",
    "espeak-us": "en-us+m3",
    "espeak-f": "en-gb+f3",
    "espeak-scots": "en-gb-scotland",
    "espeak-us-f": "en-us+f4",
}
_OURS = ("heart", "deep", "bright", "male")
_VERSION = "1"  # of how sounds are made: another one makes them anew


@dataclass(frozen=True)
class Clip:
    """`kind`, as tau-voice has it: what is no turn is to be talked through. `level_dbfs`: of its loud parts.

    `after_question`: the agent has just asked something when it is heard.
    """

    name: str
    kind: Kind
    make: Callable[[], Pcm]
    level_dbfs: float = VOICE_DBFS
    after_question: bool = False

    @property
    def is_turn(self) -> bool:
        return self.kind == "turn"

    def pcm(self) -> Pcm:
        path = CACHE / f"{hashlib.sha256(f'{_VERSION} {self.name}'.encode()).hexdigest()[:20]}.wav"
        if not path.exists():
            _write(path, _at(self.level_dbfs, self.make()))
        return read(path)


def _spoken(text: str, voice: str) -> Callable[[], Pcm]:
    def make() -> Pcm:
        if voice in _OURS:
            return np.frombuffer(our_voice().speak_now(text, voice), np.int16)
        path = CACHE / f"voice-{os.getpid()}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        if voice in _ESPEAK:
            command = ["espeak-ng", "-v", _ESPEAK[voice], "-s", "155", "-w", str(path), text]
        else:
            command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        try:
            return read(path)
        finally:
            path.unlink()

    return make


@cache
def our_voice() -> Voice:
    return Voice()


def made(sound: sounds.Sound) -> Callable[[], Pcm]:
    """A sound that is no voice."""
    return lambda: (sound / np.abs(sound).max() * 30_000).astype(np.int16)


def person(name: str, from_ms: int = 0, to_ms: int | None = None) -> Callable[[], Pcm]:
    """A recording of a human voice, or a part of it."""

    def make() -> Pcm:
        path = _DATA / name
        raw = path.suffix == ".raw"
        pcm = resampled(np.frombuffer(path.read_bytes(), np.int16), 16000) if raw else read(path)
        return pcm[RATE * from_ms // 1000 : None if to_ms is None else RATE * to_ms // 1000]

    return make


def babble() -> Pcm:
    """Four people at once."""
    files = sorted((_DATA / "librivox").glob("*.wav"))[:4]
    voices = [_at(VOICE_DBFS, read(path))[RATE // 2 : RATE * 3] for path in files]
    shortest = min(map(len, voices))
    return np.asarray(sum(voice[:shortest].astype(np.float64) for voice in voices) / 4, np.int16)


def _at(dbfs: float, pcm: Pcm) -> Pcm:
    """At a level, measured where it is loud; silence before and after it is left out."""
    sound = pcm.astype(np.float64)
    frame = RATE // 100
    whole = len(sound) // frame * frame
    power = (sound[:whole].reshape(-1, frame) ** 2).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 1000)
    sound = sound[loud[0] * frame : (loud[-1] + 1) * frame]
    level = np.sqrt(power[loud].mean()) / 32768
    return np.asarray((sound * 10 ** (dbfs / 20) / level).clip(-32768, 32767), np.int16)


def resampled(pcm: Pcm, rate: int) -> Pcm:
    return pcm if rate == RATE else np.asarray(soxr.resample(pcm, rate, RATE), np.int16)


def read(path: Path) -> Pcm:
    with wave.open(str(path)) as file:
        return resampled(np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate())


def _write(path: Path, pcm: Pcm) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    part.replace(path)


def say(
    kind: Kind, text: str, *voices: str, level_dbfs: float = VOICE_DBFS, after_question: bool = False
) -> list[Clip]:
    """The same words in several voices."""
    asked = ", asked" if after_question else ""
    return [
        Clip(f"{text} ({voice}{asked})", kind, _spoken(text, voice), level_dbfs, after_question) for voice in voices
    ]


def clips() -> list[Clip]:
    """Those that turn-taking was made with, in order; `unseen` has others."""
    return [
        # ---- they listen
        *say("back_channel", "uh-huh", "slt", "rms", "awb", "espeak", "heart", "deep"),
        *say("back_channel", "mm-hmm", "slt", "espeak-us", "bright"),
        *say("back_channel", "right", "slt", "rms", "heart"),
        *say("back_channel", "okay", "awb", "espeak", "bright"),
        *say("back_channel", "yeah", "slt", "espeak-f", "deep"),
        *say("back_channel", "I see", "rms", "heart"),
        *say("back_channel", "got it", "slt", "deep"),
        *say("back_channel", "right, right", "awb", "heart"),
        *say("back_channel", "oh, okay", "rms", "bright"),
        *say("back_channel", "sure", "espeak", "heart"),
        *say("back_channel", "aha", "slt"),
        *say("back_channel", "great, thank you", "heart"),
        # ---- it escapes them
        Clip("cough", "vocal_tic", made(sounds.cough(1, 1))),
        Clip("cough, cough", "vocal_tic", made(sounds.cough(2, 5))),
        Clip("a fit of coughing", "vocal_tic", made(sounds.cough(5, 9))),
        Clip("throat", "vocal_tic", made(sounds.throat(2))),
        Clip("throat, soft", "vocal_tic", made(sounds.throat(7)), -32.0),
        Clip("laughter", "vocal_tic", made(sounds.laughter(4, 210, 3))),
        Clip("laughter, long and low", "vocal_tic", made(sounds.laughter(8, 120, 4))),
        Clip("breath", "vocal_tic", made(sounds.breath(5)), -34.0),
        *say("vocal_tic", "um", "slt", "espeak"),
        *say("vocal_tic", "er", "rms"),
        # ---- things
        Clip("keyboard", "noise", made(sounds.keyboard(12, 1)), -30.0),
        Clip("keyboard, near", "noise", made(sounds.keyboard(20, 40)), -22.0),
        Clip("door", "noise", made(sounds.door(1)), -18.0),
        Clip("cup", "noise", made(sounds.cup(2)), -26.0),
        Clip("key 5", "noise", made(sounds.tone("5", 180)), -18.0),
        Clip("key 1, held", "noise", made(sounds.tone("1", 700)), -18.0),
        Clip("another telephone", "noise", made(sounds.ringing()), -28.0),
        Clip("music", "noise", made(sounds.music(3000)), -28.0),
        Clip("music, soft", "noise", made(sounds.music(3000)), -40.0),
        Clip("a tap", "noise", made(sounds.hiss(2500, 3)), -32.0),
        # ---- others speak, not to the agent
        Clip("somebody reads, far", "non_directed", person(LIBRIVOX.format("0870"), 300, 3300), -50.0),
        Clip("somebody reads, next door", "non_directed", person(LIBRIVOX.format("0880"), 300, 3300), -44.0),
        Clip("somebody reads, in the room", "non_directed", person(LIBRIVOX.format("0890"), 300, 3300), -39.0),
        Clip("four people, far", "non_directed", babble, -48.0),
        Clip("four people, in the room", "non_directed", babble, -40.0),
        *say("non_directed", "dinner is ready", "awb", level_dbfs=-42.0),
        *say("non_directed", "where did you put the keys?", "slt", level_dbfs=-46.0),
        # ---- they want the floor
        *say("turn", "okay, so what about my refund?", "slt", "heart"),
        *say("turn", "right, but it is broken", "rms", "bright"),
        *say("turn", "yeah, but I never got it", "awb"),
        *say("turn", "no, wait", "slt", "espeak", "deep"),
        *say("turn", "stop", "rms", "heart"),
        *say("turn", "wait", "slt"),
        *say("turn", "hold on a second", "awb", "bright"),
        *say("turn", "actually, I meant Friday", "slt", "heart"),
        *say("turn", "what does it cost?", "rms", "espeak"),
        *say("turn", "can you say that again?", "slt", "deep"),
        *say("turn", "sorry, who is this?", "heart"),
        *say("turn", "I want to cancel my order", "rms", "bright"),
        *say("turn", "that is not what I asked for", "awb"),
        *say("turn", "four two one seven", "slt", "heart"),
        *say("turn", "yes, please", "slt", "deep", after_question=True),
        *say("turn", "yes", "rms", "heart", after_question=True),
        *say("turn", "Thursday", "slt", "bright", after_question=True),
        *say("turn", "okay", "slt", after_question=True),
        *say("turn", "no", "heart", "awb"),
        *say("turn", "no, no, that is wrong", "slt"),
        Clip("go forward ten meters (a person)", "turn", person("goforward.raw", 300)),
        Clip("cards 1 (a person)", "turn", person("cards/001.wav")),
        Clip("cards 2 (a person)", "turn", person("cards/002.wav")),
        Clip("cards 5 (a person)", "turn", person("cards/005.wav")),
        Clip("a sentence (a person)", "turn", person(LIBRIVOX.format("0920"), 300, 4300)),
    ]


OPENER = Clip("tell me about my order, please (rms)", "turn", _spoken("tell me about my order, please", "rms"))


def in_a_room(pcm: Pcm, *, before_ms: int = 0, after_ms: int = 0) -> Pcm:
    """With the quiet of a room in it, and around it."""
    whole = np.concatenate([np.zeros(RATE * before_ms // 1000), pcm, np.zeros(RATE * after_ms // 1000)])
    quiet = np.random.default_rng(1).normal(0, 20, len(whole))
    return np.asarray((whole + quiet).clip(-32768, 32767), np.int16)
