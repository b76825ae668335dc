"""Caller's audio that says of each of its slots which it is, and the judge of what arrived.

code = ToneCode(ms=30_000); ... line.hear(code.pcm()) ...; verdict = code.judge([(bytes(c.audio), 24000), ...])

A slot lasts 40 ms and is six tones at once, one of eight in each of six bands, up to 5.1 kHz: five digits of its number
and one that checks them. Any 20 ms within a slot tell its number, and where they lie in it to the sample. Numbers are
scrambled, so that a slot has no tone of its neighbours'. In pauses the code goes on at a whisper, which voice detection does
not take for speech: silence is counted too.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

SAMPLE_RATE = 24000
SLOT_MS = 40
_BANDS, _TONES = 6, 8
_LOWEST_HZ, _STEP_HZ = 400, 100
_OFF_HZ = (-15, 11, -7, 19, -11, 7)  # of each band: else all would repeat every 10 ms
_SLOTS = _TONES ** (_BANDS - 1)
_SCRAMBLE = 0o35243  # no digit of it is 0 or 7: each digit of a number changes with the next one
_CHECK = (1, 3, 5, 7, 1)
_LOUD, _WHISPER = 2500, 80  # amplitude of a tone, of 32768
_FADE_MS = 1
_WINDOW_MS = 20
_HOPS_A_WINDOW = 8
_TICKS = 48  # a millisecond: two for a sample of the code, one for a sample of what came at another rate
_FINE = _TICKS * 1000
_GRACE = _TICKS // 2  # less is the edge of a sample, or of a resampler's filter
_SMEAR_MS = 4  # around a cut, after a resampler

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From `start_ms` until before `end_ms`: of the code, or of what a session received."""

    start_ms: float
    end_ms: float

    def __str__(self) -> str:
        return f"{self.start_ms:.1f}-{self.end_ms:.1f}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the code. Stretches under half a millisecond are left out.

    `missing`: in no session; `twice`: more than once; `late`: for the first time after what follows it. `foreign`: of a
    session, by its number, what is not the code; anything of it that lasts less than 45 ms between two cuts counts as that.
    """

    missing: tuple[Stretch, ...]
    twice: tuple[Stretch, ...]
    late: tuple[Stretch, ...]
    foreign: tuple[tuple[int, Stretch], ...]

    @property
    def complete(self) -> bool:
        """All is there, in order. It may be so twice."""
        return not (self.missing or self.late or self.foreign)

    def __str__(self) -> str:
        told = {
            "missing": self.missing,
            "twice": self.twice,
            "late": self.late,
            "foreign": [f"session {session}: {stretch}" for session, stretch in self.foreign],
        }
        return "; ".join(f"{name} {', '.join(map(str, what))} ms" for name, what in told.items() if what) or "complete"


@dataclass(frozen=True)
class ToneCode:
    """`ms` of it: the caller speaks for `spoken_ms`, pauses for `quiet_ms`, and so on."""

    ms: int
    spoken_ms: int = 1200
    quiet_ms: int = 800

    def pcm(self, sample_rate: int = SAMPLE_RATE) -> bytes:
        """PCM16 mono."""
        return np.round(self._sound(sample_rate)).astype("<i2").tobytes()

    def judge(self, received: Sequence[tuple[bytes, int]], *, sent_ms: float | None = None) -> Verdict:
        """`received`: each session's PCM16 mono and its rate, in the order of the sessions. `sent_ms`: when not all was."""
        seen, twice, late = list[_Range](), list[_Range](), list[_Range]()
        foreign, reached = list[tuple[int, Stretch]](), 0
        for number, (pcm, sample_rate) in enumerate(received):
            heard = np.frombuffer(pcm, "<i2").astype(np.float64)
            if sample_rate != SAMPLE_RATE:  # a cut may lie between two samples of 16 kHz: on a finer grid it does not
                heard, sample_rate = soxr.resample(heard, sample_rate, _FINE), _FINE
            tick = _TICKS * 1000 // sample_rate
            known = 0
            for part in _parts(heard, self._sound(sample_rate), sample_rate):
                foreign += [(number, gap) for gap in _stretches([(known * tick, part.at * tick)])]
                known = part.at + part.samples
                here = (max(0, part.start * tick), (part.start + part.samples) * tick)
                new = _without([here], seen)
                twice += _without([here], new)
                late += [(start, min(end, reached)) for start, end in new if start < reached]
                seen += new
                reached = max(reached, here[1])
            foreign += [(number, gap) for gap in _stretches([(known * tick, len(heard) * tick)])]
        all_of_it = round((self.ms if sent_ms is None else sent_ms) * _TICKS)
        missing = _without([(0, all_of_it)], seen)
        return Verdict(_stretches(missing), _stretches(twice), _stretches(late), tuple(foreign))

    @functools.cache  # noqa: B019 - a code is a value, and there are few of them
    def _sound(self, sample_rate: int) -> Samples:
        count = -(-self.ms // SLOT_MS)
        _digits(count - 1)  # if there are too many, that is known at once
        slots = [self._level(number) * _slot(number) for number in range(count)]
        sound = np.round(np.concatenate(slots)[: self.ms * SAMPLE_RATE // 1000])
        return sound if sample_rate == SAMPLE_RATE else soxr.resample(sound, SAMPLE_RATE, sample_rate)

    def _level(self, slot: int) -> int:
        return _LOUD if slot * SLOT_MS % (self.spoken_ms + self.quiet_ms) < self.spoken_ms else _WHISPER


def slots(pcm: bytes, sample_rate: int = SAMPLE_RATE) -> list[int]:
    """The numbers heard in PCM16 mono, in order: of whole slots, and of such as are cut, for 25 ms at least."""
    numbers = _numbers(np.frombuffer(pcm, "<i2").astype(np.float64), sample_rate)
    found: list[int] = []
    for number in numbers[numbers >= 0].tolist():
        if not found or found[-1] != number:
            found.append(number)
    return found


def sound_of(slot: int) -> npt.NDArray[np.int16]:
    """The sound of one slot, 24 kHz."""
    return np.round(_LOUD * _slot(slot)).astype(np.int16)


def windows(pcm: npt.NDArray[np.int16], sample_rate: int) -> tuple[npt.NDArray[np.int64], int, int]:
    """Of windows that lie `hop` samples apart, the slot each is of, -1 for none; `hop`, and how many samples one has."""
    window = sample_rate * _WINDOW_MS // 1000
    hop = window // _HOPS_A_WINDOW
    heard, batch = pcm.astype(np.float64), 2000
    parts = [_numbers(heard, sample_rate, start, batch) for start in range(0, len(heard), hop * batch)]
    return np.concatenate([*parts, np.empty(0, np.int64)]), hop, window


# ---- a slot


def _digits(number: int) -> list[int]:
    if not 0 <= number < _SLOTS:
        raise ValueError(f"a tone code has no slot {number}: it lasts {_SLOTS * SLOT_MS // 60_000} minutes at most")
    scrambled = number * _SCRAMBLE % _SLOTS
    digits = [scrambled // _TONES**place % _TONES for place in range(_BANDS - 1)]
    return [*digits, sum(weight * digit for weight, digit in zip(_CHECK, digits, strict=True)) % _TONES]


@functools.cache
def _slot(number: int) -> Samples:
    """At 24 kHz; each tone's amplitude is 1."""
    t = np.arange(SLOT_MS * SAMPLE_RATE // 1000) / SAMPLE_RATE
    sound = np.zeros(len(t))
    for band, digit in enumerate(_digits(number)):
        phase = (number * _BANDS + band) * 0.6180339887 % 1  # spread: tones that start together would click
        hz = _LOWEST_HZ + _STEP_HZ * (band * _TONES + digit) + _OFF_HZ[band]
        sound += np.sin(2 * np.pi * (hz * t + phase))
    fade = np.sin(np.linspace(0, np.pi / 2, _FADE_MS * SAMPLE_RATE // 1000)) ** 2
    sound[: len(fade)] *= fade
    sound[-len(fade) :] *= fade[::-1]
    return sound


def _numbers(heard: Samples, sample_rate: int, start: int = 0, windows: int | None = None) -> npt.NDArray[np.int64]:
    """Of each window from `start`, an eighth of one apart, the number of the slot; -1 for what is none."""
    window = sample_rate * _WINDOW_MS // 1000
    if len(heard) - start < window:
        return np.empty(0, np.int64)
    views = np.lib.stride_tricks.sliding_window_view(heard[start:], window)[:: window // _HOPS_A_WINDOW][:windows]
    first, step = _LOWEST_HZ * _WINDOW_MS // 1000, _STEP_HZ * _WINDOW_MS // 1000  # bins of the spectrum
    spectrum = np.abs(np.fft.rfft(views, axis=1))[:, first : first + step * _BANDS * _TONES : step] * 2 / window
    strengths = spectrum.reshape(-1, _BANDS, _TONES)
    digits = strengths.argmax(axis=2)
    ranked = np.sort(strengths, axis=2)
    clear = ((ranked[:, :, -1] > 2 * ranked[:, :, -2]) & (ranked[:, :, -1] > _WHISPER / 3)).all(axis=1)
    checked = (digits[:, :-1] * np.array(_CHECK)).sum(axis=1) % _TONES == digits[:, -1]
    scrambled = (digits[:, :-1] * _TONES ** np.arange(_BANDS - 1)).sum(axis=1)
    return np.where(clear & checked, scrambled * pow(_SCRAMBLE, -1, _SLOTS) % _SLOTS, -1)


# ---- what was received, piece by piece


@dataclass(frozen=True, slots=True)
class _Part:
    """`samples` of what was received, from `at`, are those of the code from `start`."""

    at: int
    start: int
    samples: int


def _parts(heard: Samples, code: Samples, sample_rate: int) -> Iterator[_Part]:
    """In the order of receipt, none over another."""
    known, last = 0, None
    while (anchor := _anchor(heard, code, sample_rate, known)) is not None:
        at, offset = anchor
        begin = at - _same(heard[known:at][::-1], code[max(0, known + offset) : at + offset][::-1], sample_rate)
        end = at + _same(heard[at:], code[at + offset :], sample_rate)
        if last is not None:
            near = begin - known <= _SMEAR_MS * sample_rate // 1000
            cut = min(begin, known) if near else known
            yield _Part(last.at, last.start, cut - last.at)
            begin = cut if near else begin
        last, known = _Part(begin, begin + offset, end - begin), end
    if last is not None:
        yield last


def _anchor(heard: Samples, code: Samples, sample_rate: int, known: int) -> tuple[int, int] | None:
    """The first place from `known` on that is of the code for sure, and how far the code is ahead of it there."""
    window = sample_rate * _WINDOW_MS // 1000
    slot = sample_rate * SLOT_MS // 1000
    hop, batch = window // _HOPS_A_WINDOW, 400
    for start in range(known, len(heard), hop * batch):
        numbers = _numbers(heard, sample_rate, start, batch)
        for place in np.flatnonzero(numbers >= 0).tolist():
            at, lowest = start + place * hop, max(0, int(numbers[place]) * slot - window)
            around = code[lowest : (int(numbers[place]) + 1) * slot + window]
            if len(around) < window:
                continue
            here = heard[at : at + window]
            energy = np.convolve(around**2, np.ones(window), "valid")
            found = lowest + int((energy - 2 * np.correlate(around, here, "valid")).argmin())
            if _same(here, code[found : found + window], sample_rate) == window:
                return at, found - at
    return None


def _same(heard: Samples, code: Samples, sample_rate: int) -> int:
    """For how many samples from the beginning the two are the same, but for a resampler."""
    length = min(len(heard), len(code))
    block = sample_rate * 2 // 1000
    whole = length // block * block
    error = ((heard[:whole] - code[:whole]) ** 2).reshape(-1, block).sum(axis=1)
    energy = (code[:whole] ** 2).reshape(-1, block).sum(axis=1)
    wrong = np.flatnonzero(error > 0.1 * energy + block)
    start = int(wrong[0]) * block if len(wrong) else whole
    rest = slice(max(0, start - block), min(length, start + block))  # a cut in a block's last samples passed for noise
    off = np.flatnonzero(np.abs(heard[rest] - code[rest]) > 3 + 0.1 * np.abs(code[rest]).max(initial=0))
    return rest.start + int(off[0]) if len(off) else rest.stop


# ---- ranges of ticks

_Range = tuple[int, int]


def _without(ranges: Iterable[_Range], taken: Iterable[_Range]) -> list[_Range]:
    left = list(ranges)
    for start, end in taken:
        left = [
            piece
            for low, high in left
            for piece in ((low, min(high, start)), (max(low, end), high))
            if piece[0] < piece[1]
        ]
    return left


def _stretches(ranges: Iterable[_Range]) -> tuple[Stretch, ...]:
    """Those that count, in order, joined where they touch."""
    joined: list[_Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + _GRACE:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(Stretch(start / _TICKS, end / _TICKS) for start, end in joined if end - start > _GRACE)
