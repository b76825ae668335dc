"""The ears against people: readings of LibriVox and playing cards, from pocketsphinx's test data; and telephones."""

import re
import wave
from collections.abc import Iterator
from pathlib import Path

import jiwer
import numpy as np
import pytest

from tests.phone import line
from tests.speech import RATE, say
from worker.local_model.ears import Ears
from worker.local_model.voice import Voice

pytestmark = [pytest.mark.system, pytest.mark.needs("pocketsphinx-testdata")]
DATA = Path("/usr/share/pocketsphinx/test/data")
_NUMBERS = dict(zip(["4", "5", "7", "8", "10"], ["four", "five", "seven", "eight", "ten"], strict=True))

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def speaker() -> Iterator[Voice]:
    voice = Voice()
    yield voice
    voice.close()


def words(text: str) -> str:
    """Lower case, numbers and titles in words, nothing else: what was said, however it is written."""
    text = re.sub(r"\bmr\b\.?", "mister", text.lower())
    text = re.sub(r"\d+", lambda found: _NUMBERS.get(found[0], found[0]), text)
    return " ".join(re.sub(r"[^a-z' ]", " ", text.replace("-", " ")).split())


def recordings() -> list[tuple[Path, str]]:
    found = []
    for folder, transcript in (("librivox", "transcription"), ("cards", "cards.transcription")):
        for reading in (DATA / folder / transcript).read_text().splitlines():
            if match := re.match(r"(?:<s> )?(.*?)(?: </s>)? \((\S+)\)", reading):
                found.append((DATA / folder / f"{Path(match[2]).name}.wav", match[1]))
    return found


def test_people_are_understood(ears: Ears) -> None:
    said, heard = [], []
    for path, text in recordings():
        with wave.open(str(path)) as file:
            recognised = ears.recognise_now(file.readframes(file.getnframes()), file.getframerate())
        said.append(words(text))
        heard.append(words(recognised))
    said.append("go forward ten meters")
    heard.append(words(ears.recognise_now((DATA / "goforward.raw").read_bytes(), 16000)))
    rate = jiwer.wer(said, heard)
    print(f"\nword error rate on {len(said)} human recordings: {rate:.1%}")
    assert len(said) == 11
    assert rate <= 0.12


@pytest.mark.needs("flite")
def test_every_digit_of_a_number_comes_through_a_telephone(ears: Ears) -> None:
    """Wherever in the recogniser's steps of 10 ms the sound begins and ends."""
    before = np.random.default_rng(0)
    heard = []
    for _ in range(12):
        start, end = before.integers(0, 14400), before.integers(2400, 14400)
        sound = line(np.pad(say("It is one zero eight eight."), (start, end)))
        heard.append("".join(filter(str.isdigit, ears.recognise_now(sound.tobytes(), RATE))))
    assert heard.count("1088") >= 11, heard


@pytest.mark.parametrize(
    ("voice", "number"),
    [
        ("nova", "4752"),
        ("alloy", "47195"),
        ("heart", "8275"),
        ("alloy", "8474"),
        ("shimmer", "94474"),
        ("heart", "783"),
    ],
)
def test_digits_by_themselves_are_speech(ears: Ears, speaker: Voice, voice: str, number: str) -> None:
    """Whisper has its doubts whether anybody speaks there."""
    said = " ".join(_DIGITS[int(digit)] for digit in number)
    heard = ears.recognise_now(speaker.speak_now(f"{said}.", voice), 24_000)
    assert "".join(filter(str.isdigit, heard)) == number, heard


@pytest.mark.parametrize("sound", ["silence", "noise", "hum", "keys"])
def test_what_nobody_says_has_no_words(ears: Ears, sound: str) -> None:
    time = np.arange(48_000) / 24_000
    samples = {
        "silence": np.zeros(48_000),
        "noise": np.random.default_rng(0).normal(0, 3000, 48_000),
        "hum": 8000 * np.sin(2 * np.pi * 50 * time),
        "keys": 6000 * (np.sin(2 * np.pi * 770 * time) + np.sin(2 * np.pi * 1336 * time)),
    }[sound]
    assert ears.recognise_now(samples.astype(np.int16).tobytes(), 24_000) == ""
