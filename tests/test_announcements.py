"""Sentences in the embedded voice, made by a real process of its own."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.announcements import AnnouncementsSpec
from agents.loader import load_team
from worker import announcements
from worker.announcements import SAMPLE_RATE, Announcements, of_team

MOMENT, SORRY = ("One moment please.", "warm"), ("I am sorry.", "calm")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def no_process(*_: object, **__: object) -> None:
    raise AssertionError("a process was started")


@pytest.mark.system
async def test_given_sentences_that_were_prepared_then_they_are_spoken_from_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = Announcements(tmp_path / "made" / "here")
    await voice.prepare([MOMENT, SORRY])
    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_process)
    await voice.prepare([MOMENT, SORRY])
    said = [np.frombuffer(await voice.speak(*sentence), np.int16) for sentence in (MOMENT, SORRY)]
    for pcm in said:
        assert 0.5 < len(pcm) / SAMPLE_RATE < 4
        assert np.abs(pcm).max() > 3000
    assert files(tmp_path) == sorted([voice.file(MOMENT), voice.file(SORRY)]), "and nothing else is left"


@pytest.mark.system
async def test_given_a_sentence_for_one_caller_then_nothing_of_it_is_kept(tmp_path: Path) -> None:
    assert await Announcements(tmp_path).speak(*MOMENT, keep=False)
    assert files(tmp_path) == []


@pytest.mark.system
async def test_given_a_file_that_is_no_sound_then_it_is_made_again(tmp_path: Path) -> None:
    voice = Announcements(tmp_path)
    voice.file(MOMENT).write_bytes(b"RIFF")
    made = await voice.speak(*MOMENT)
    assert made
    assert await voice.speak(*MOMENT) == made


@pytest.mark.system
async def test_given_no_voice_or_no_folder_then_there_is_no_sound_or_no_file_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    assert await Announcements(tmp_path / "file").speak(*MOMENT), "said, if not kept"
    for program in ("false", str(tmp_path / "nobody")):
        monkeypatch.setattr(sys, "executable", program)
        await Announcements(tmp_path / "none").prepare([MOMENT])
        assert await Announcements(tmp_path / "none").speak(*MOMENT) == b""


def test_a_file_is_another_one_for_other_words_another_voice_and_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = Announcements(tmp_path)
    files = {voice.file((text, role)) for text in ("Yes.", "No.") for role in ("warm", "calm")}
    monkeypatch.setattr(announcements, "version", lambda _: "99")
    assert len({*files, voice.file(("Yes.", "warm"))}) == 5


def test_a_team_may_say_its_sentences_in_the_voices_of_all_who_take_callers() -> None:
    team = load_team(Path("agents/shop/team.yaml"))
    sentences = of_team(team)
    assert {role for _, role in sentences} == {"warm", "bright", "calm"}
    assert len(sentences) == 3 * len(AnnouncementsSpec.model_fields)
    assert (team.announcements.waiting, "calm") in sentences
