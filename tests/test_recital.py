"""The ear of a recital, against what was really done to it: coded by Opus, cut, with a piece of what nobody may hear."""

import io
import os
import random
from fractions import Fraction

import av
import numpy as np
import pytest
import soxr

from bench.recital import TIMINGS, Book, Pcm, Piece, Reply, Sentence, Timing, hear
from bench.tone_code import SAMPLE_RATE

pytestmark = pytest.mark.parts

TEXTS = (
    "The first sentence is a plain one.",
    "A second one follows it, with somewhat more to say about nothing at all.",
    "Short.",
    "And the last of them ends here!",
)
WITHIN_MS = 10
SOAK = bool(os.environ.get("BATON_SOAK"))


def opus(pcm: Pcm) -> Pcm:
    """There and back at a voice's bit rate, mono, 24 kHz; without the coder's delay."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48000, options={"application": "voip"})
        stream.bit_rate, stream.layout = 24000, "mono"
        sound = np.clip(soxr.resample(pcm.astype(np.float64), SAMPLE_RATE, 48000), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    file.seek(0)
    with av.open(file, "r") as coded:
        heard = np.concatenate([frame.to_ndarray().ravel() for frame in coded.decode(audio=0)])
    floats = heard / 1.0 if heard.dtype == np.int16 else heard * 32767.0
    back: Pcm = np.clip(soxr.resample(floats, 48000, SAMPLE_RATE), -32768, 32767).astype(np.int16)
    return back


@pytest.fixture(scope="module")
def book() -> Book:
    book = Book(random.Random(11))
    for _ in range(12 if SOAK else 4):
        book.reply(TEXTS)
    return book


def of(pieces: list[Piece], sentence: Sentence) -> list[Piece]:
    return [piece for piece in pieces if piece.sentence is sentence]


def test_given_all_of_it_through_opus_then_each_sentence_is_heard_from_its_first_to_its_last_sample(book: Book) -> None:
    pieces = hear(opus(np.concatenate([reply.pcm for reply in book.replies])), SAMPLE_RATE, book)
    assert not [piece for piece in pieces if piece.sentence is None]
    errors = []
    for sentence in book.sentences:
        heard = of(pieces, sentence)
        assert len(heard) == (2 if sentence.breath else 1)
        errors += [abs(heard[0].from_ms), abs(heard[-1].to_ms - sentence.ms)]
    print(f"\n  {len(errors)} edges, off by {np.median(errors):.1f} ms in the middle, {max(errors):.1f} at most")
    assert max(errors) <= WITHIN_MS


@pytest.mark.parametrize("after_ms", [45, 90, 333, 517, 801])
def test_given_a_cut_then_its_place_is_known(book: Book, after_ms: int) -> None:
    for reply in book.replies[:5]:
        sentence = reply.sentences[1]
        if any(slot * 40 <= after_ms <= (slot + 1) * 40 for slot in sentence.breath):
            continue
        end = (reply.begins[1] + after_ms) * SAMPLE_RATE // 1000
        sound = np.concatenate([reply.pcm[:end], np.zeros(SAMPLE_RATE // 2, np.int16)])
        assert of(hear(opus(sound), SAMPLE_RATE, book), sentence)[-1].to_ms == pytest.approx(after_ms, abs=WITHIN_MS)


@pytest.mark.parametrize("leak_ms", [3, 5, 10, 30])
def test_given_the_very_beginning_of_what_nobody_may_hear_then_it_is_heard(book: Book, leak_ms: int) -> None:
    for reply in book.replies:
        leak = reply.sentences[1].pcm[: leak_ms * SAMPLE_RATE // 1000]
        after = np.zeros(SAMPLE_RATE // 2, np.int16)
        sound = np.concatenate([reply.pcm[: reply.begins[1] * SAMPLE_RATE // 1000], leak, after])
        pieces = hear(opus(sound), SAMPLE_RATE, book)
        assert [piece for piece in pieces if piece.sentence in (None, reply.sentences[1])], (
            "as one of no sentence, or its own"
        )


@pytest.mark.parametrize("timing", TIMINGS)
def test_given_any_timing_then_all_words_are_sent_in_order(book: Book, timing: Timing) -> None:
    for reply in book.replies:
        told = reply.recite(timing)
        assert told.text == reply.text == " ".join(TEXTS)
        dues = [due for due, _ in told.words]
        assert dues == sorted(dues)
        assert told.ms == reply.ms


def test_given_words_in_step_then_each_is_due_when_it_has_been_spoken() -> None:
    reply: Reply = Book(random.Random(5)).reply(["One two three four.", "Five six seven eight."], pace=12)
    assert reply.spoken_ms(0) == reply.begins[0]
    assert reply.spoken_ms(19) == reply.begins[0] + reply.sentences[0].ms
    assert reply.spoken_ms(20) == reply.begins[1]
    assert reply.spoken_ms(len(reply.text)) == reply.begins[1] + reply.sentences[1].ms
