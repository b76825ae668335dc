"""The recordings that a caller in the terminal may speak."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from worker.settings import SettingsError
from worker.talk import read_wav

SECONDS = 0.5


def tone(rate: int) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * SECONDS)) / rate)


@pytest.mark.parametrize("rate", [8000, 24000, 44100])
@pytest.mark.parametrize("depth", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
def test_a_wav_of_any_rate_and_depth_is_read(tmp_path: Path, rate: int, depth: str, kind: str) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, tone(rate), rate, subtype=depth, format=kind)
    pcm = read_wav(path)
    assert pcm.dtype == np.int16
    assert len(pcm) == pytest.approx(24000 * SECONDS, abs=2)
    wanted = tone(24000)[: len(pcm)] * 32768
    step = {"PCM_U8": 256, "ULAW": 1024}.get(depth, 16)  # the widest, at this loudness
    assert pcm[2400:-2400] == pytest.approx(wanted[2400:-2400], abs=2 * step)


def test_the_channels_become_one(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    left = tone(24000)
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 24000)
    assert np.abs(read_wav(path)).max() == pytest.approx(0.25 * 32768, abs=60)


def test_what_is_too_loud_is_clipped_and_does_not_turn_over(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    soundfile.write(path, 4 * tone(24000), 24000, subtype="FLOAT")
    pcm = read_wav(path).astype(int)
    assert (pcm.max(), pcm.min()) == (32767, -32768)
    assert np.abs(np.diff(pcm)).max() < 12000, "from one end to the other in one step"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("nothing.wav", None, "there is no such file"),
        ("folder.wav", "folder", "there is no such file"),
        ("text.wav", b"Hello, this is text.", "not a recording"),
        ("zero.wav", b"", "not a recording"),
        ("half.wav", b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt ", "not a recording"),
        ("empty.wav", "samples", "empty"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(
    tmp_path: Path, name: str, content: bytes | str | None, told: str
) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content == "samples":
        soundfile.write(path, np.zeros(0), 24000)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        read_wav(path)
    assert str(error.value).startswith(str(path))
    assert told in str(error.value)
    assert "\n" not in str(error.value)
