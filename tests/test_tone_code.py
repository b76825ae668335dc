"""The tone code's judge, against what was really done to it: cut, left out, doubled, put in another order, resampled."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit import rtc

from bench.tone_code import SAMPLE_RATE, SLOT_MS, Stretch, ToneCode, Verdict, _digits, slots
from tests.simulators.openai_realtime.hearing import Hearing

pytestmark = pytest.mark.parts

CODE = ToneCode(ms=6_000)
PCM = CODE.pcm()
TOTAL = 6_000 * 24  # samples
EXAMPLES = 1000 if os.environ.get("BATON_SOAK") else 60

Piece = tuple[int, int]  # samples of the code, from and until before


def cut(start: int, end: int) -> bytes:
    return PCM[start * 2 : end * 2]


def resampled(pcm: bytes, rate: int) -> bytes:
    sound = soxr.resample(np.frombuffer(pcm, "<i2").astype(np.float64), SAMPLE_RATE, rate)
    return bytes(np.clip(np.round(sound), -32768, 32767).astype("<i2"))


def truth(sessions: Sequence[Sequence[Piece]]) -> Verdict:
    """What was done, sample by sample."""
    times, late = np.zeros(TOTAL, int), np.zeros(TOTAL, bool)
    reached = 0
    for start, end in (piece for session in sessions for piece in session):
        late[start : min(end, reached)] |= times[start : min(end, reached)] == 0
        times[start:end] += 1
        reached = max(reached, end)
    return Verdict(stretches(times == 0), stretches(times > 1), stretches(late), ())


def stretches(marked: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> tuple[Stretch, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    return tuple(Stretch(int(low) / 24, int(high) / 24) for low, high in edges.reshape(-1, 2))


def assert_same(found: Verdict, expected: Verdict, within_ms: float) -> None:
    """Each stretch that lasts long enough, at its place; and no foreign sound."""
    assert not [stretch for _, stretch in found.foreign if length(stretch) > 2 * within_ms], str(found)
    for name in ("missing", "twice", "late"):
        seen, true = (mask(getattr(verdict, name)) for verdict in (found, expected))
        wrong = [stretch for stretch in stretches(seen != true) if length(stretch) > within_ms]
        assert not wrong, f"{name}: {[str(stretch) for stretch in wrong]}: {found}; in truth {expected}"


def length(stretch: Stretch) -> float:
    return stretch.end_ms - stretch.start_ms


def mask(found: Iterable[Stretch]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    marked = np.zeros(TOTAL, bool)
    for stretch in found:
        marked[round(stretch.start_ms * 24) : round(stretch.end_ms * 24)] = True
    return marked


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Piece]]:
    """The code cut into pieces, some of them left out, doubled or out of their place, in a few sessions."""
    cuts = sorted(draw(st.sets(st.integers(1440, TOTAL - 1440), max_size=7)))
    edges = [0]
    for at in cuts:
        if at - edges[-1] >= 1440:  # 60 ms
            edges.append(at)
    pieces = list(zip(edges, [*edges[1:], TOTAL], strict=True))
    kept = [piece for piece in pieces if draw(st.integers(0, 3)) > 0]
    replayed = [
        (max(0, start - draw(st.integers(0, 24_000))), end) if draw(st.booleans()) else (start, end)
        for start, end in kept
    ]
    ordered = draw(st.permutations(replayed)) if draw(st.booleans()) else replayed
    sessions: list[list[Piece]] = [[]]
    for piece in ordered:
        if draw(st.booleans()):
            sessions.append([])
        sessions[-1].append(piece)
    return sessions


@given(deliveries())
@settings(max_examples=EXAMPLES, deadline=None)
def test_given_anything_done_to_it_then_the_judge_says_just_that(sessions: list[list[Piece]]) -> None:
    received = [(b"".join(cut(*piece) for piece in session), SAMPLE_RATE) for session in sessions]
    assert_same(CODE.judge(received), truth(sessions), within_ms=0.75)


@given(deliveries(), st.data())
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_given_sessions_of_different_rates_then_the_judge_says_the_same(
    sessions: list[list[Piece]], data: st.DataObject
) -> None:
    received = []
    for session in sessions:
        pcm, rate = b"".join(cut(*piece) for piece in session), data.draw(st.sampled_from([16000, 24000, 48000]))
        received.append((resampled(pcm, rate), rate))
    assert_same(CODE.judge(received), truth(sessions), within_ms=2.5)


def test_given_all_of_it_then_nothing_is_wrong() -> None:
    verdict = CODE.judge([(PCM, SAMPLE_RATE)])
    assert verdict == Verdict((), (), (), ())
    assert verdict.complete
    assert str(verdict) == "complete"


def test_given_one_lost_millisecond_then_it_is_missed() -> None:
    lost = 24 * 3017
    verdict = CODE.judge([(cut(0, lost) + cut(lost + 24, TOTAL), SAMPLE_RATE)])
    assert [str(stretch) for stretch in verdict.missing] == ["3017.0-3018.0"]
    assert not verdict.complete


def test_given_what_was_sent_then_the_rest_is_not_missed() -> None:
    part = [(cut(0, 24 * 2500), SAMPLE_RATE)]
    assert CODE.judge(part, sent_ms=2500).complete
    assert CODE.judge(part).missing == (Stretch(2500, 6000),)


def test_given_nothing_then_all_of_it_is_missing() -> None:
    assert CODE.judge([]).missing == CODE.judge([(b"", SAMPLE_RATE)]).missing == (Stretch(0, 6000),)


@pytest.mark.parametrize("noise", [bytes(48 * 300), np.full(24 * 300, 900, "<i2").tobytes()])
def test_given_other_sound_in_between_then_it_is_foreign(noise: bytes) -> None:
    verdict = CODE.judge([(PCM, SAMPLE_RATE), (cut(0, 24 * 500) + noise + cut(24 * 500, TOTAL), SAMPLE_RATE)])
    [(session, stretch)] = verdict.foreign
    assert session == 1
    assert abs(stretch.start_ms - 500) <= 0.5
    assert abs(stretch.end_ms - 800) <= 0.5
    assert not verdict.missing
    assert not verdict.complete


@given(st.integers(0, TOTAL - 24 * 100), st.sampled_from([16000, 24000]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_given_any_hundred_milliseconds_then_their_slots_are_read(start: int, rate: int) -> None:
    first, last = start // 960, (start + 2399) // 960
    sure = range(first + (start % 960 > 360), last + ((start + 2400) % 960 >= 600))
    read = slots(resampled(cut(start, start + 2400), rate) if rate != SAMPLE_RATE else cut(start, start + 2400), rate)
    assert set(sure) <= set(read) <= set(range(first, last + 1))
    assert read == sorted(read)


def test_given_livekits_resampler_then_the_code_survives_it() -> None:
    resampler = rtc.AudioResampler(SAMPLE_RATE, 16000)
    heard = bytearray()
    for start in range(0, len(PCM), 4800):
        pcm = PCM[start : start + 4800]
        for frame in resampler.push(rtc.AudioFrame(pcm, SAMPLE_RATE, 1, len(pcm) // 2)):
            heard += frame.data
    for frame in resampler.flush():
        heard += frame.data
    assert CODE.judge([(bytes(heard), 16000)]).complete


def test_given_its_pauses_then_voice_detection_hears_utterances() -> None:
    edges = list(Hearing().take(PCM, {"silence_duration_ms": 500}))
    assert [edge.started for edge in edges] == [True, False] * 3
    assert [edge.ms for edge in edges] == [0, 1700, 2000, 3700, 4000, 5700]


def test_given_neighbours_then_they_share_no_tone() -> None:
    for number in range(0, 32_000, 997):
        pair = zip(_digits(number)[:-1], _digits(number + 1)[:-1], strict=True)
        assert all(one != other for one, other in pair)


def test_given_more_than_it_can_number_then_that_is_said() -> None:
    with pytest.raises(ValueError, match="21 minutes"):
        ToneCode(ms=22 * 60_000).pcm()


def test_given_tones_that_are_no_number_then_none_is_read() -> None:
    t = np.arange(960) / SAMPLE_RATE
    for wrong in range(8):
        digits = [*_digits(7)[:-1], wrong]
        hz = [400 + 100 * (8 * band + digit) for band, digit in enumerate(digits)]
        sound = sum((2500 * np.sin(2 * np.pi * one * t) for one in hz), np.zeros(960))
        assert slots(sound.astype("<i2").tobytes()) == ([7] if wrong == _digits(7)[-1] else [])


def test_given_a_long_one_then_its_last_slots_are_read() -> None:
    long = ToneCode(ms=91_010)  # a quarter of the last one is too little
    assert slots(long.pcm()[-48 * 130 :])[-1] == 91_010 // SLOT_MS - 1
