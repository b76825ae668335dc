"""docs/tutorial.md, followed word by word in an empty folder: its files are made, its commands are run as they stand, and
what they print is what it shows."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

from tests.system.conftest import READY_S, ROOT, environment

PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Step:
    """What a reader does: saves a `file`, or runs `text` and sees `shown`."""

    text: str
    file: str = ""
    shown: str | None = None

    @property
    def starts_all(self) -> bool:
        return self.text.startswith("baton up")


def steps() -> Iterator[Step]:
    blocks = list(re.finditer(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        kind, text = block[1], block[2]
        if kind == "sh":
            is_output = following is not None and following[1] == "text"
            yield Step(text, shown=following[2] if following is not None and is_output else None)
        elif kind in ("python", "yaml"):
            yield Step(text, file=re.findall(r"Save this as `([\w.]+)`", PAGE[: block.start()])[-1])


STEPS = list(steps())


def follow(steps: list[Step], folder: Path, settings: dict[str, str]) -> None:
    with ExitStack() as stack:
        for step in steps:
            if step.file:
                (folder / step.file).write_text(step.text, encoding="utf-8")
                continue
            if step.starts_all:
                printed = stack.enter_context(running(step.text, folder, settings))
            else:
                printed = printed_by(step.text, folder, settings)
            if step.shown is not None:
                assert_shown(printed, step.shown.replace(":8080", f":{settings['BATON_HTTP_PORT']}"))


def printed_by(command: str, folder: Path, settings: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=settings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=150,
    )
    return done.stdout


@contextmanager
def running(command: str, folder: Path, settings: dict[str, str]) -> Iterator[str]:
    """Runs what goes on until it is stopped; yields what it has printed once it is ready."""
    process = subprocess.Popen(
        f"exec {command}",
        shell=True,
        cwd=folder,
        env=settings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout
    try:
        deadline = time.monotonic() + READY_S
        printed = [""]
        while time.monotonic() < deadline and "Ctrl-C" not in printed[-1] and (line := process.stdout.readline()):
            printed.append(line)
        yield "".join(printed)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def assert_shown(printed: str, shown: str) -> None:
    """Line by line; `…` stands for what is different each time."""
    said, expected = lines(printed), lines(shown)
    patterns = [".*?".join(map(re.escape, line.split("…"))) for line in expected]
    fits = len(said) == len(expected) and all(map(re.fullmatch, patterns, said))
    assert fits, "\n".join(["printed:", *said, "", "shown in the tutorial:", *expected])


def lines(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]


def surroundings(folder: Path) -> dict[str, str]:
    """A reader's terminal, on ports of its own."""
    settings = environment(folder)
    del settings["BATON_TEAM"]
    path = os.pathsep.join([str(Path(sys.executable).parent), settings["PATH"]])
    return {**settings, "PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.system
def test_given_an_empty_folder_when_the_tutorial_is_followed_then_each_check_prints_what_it_shows(
    tmp_path: Path,
) -> None:
    before = list(takewhile(lambda step: not step.starts_all, STEPS))
    assert [step.file for step in before if step.file] == ["cinema.py", "team.yaml", "cinema.py", "team.yaml"]
    assert len([step for step in before if step.shown]) == 3
    follow(before, tmp_path, surroundings(tmp_path))


@pytest.mark.system
@pytest.mark.soak
def test_given_an_empty_folder_when_the_tutorial_is_followed_to_its_end_then_the_call_is_as_it_shows(
    tmp_path: Path,
) -> None:
    assert any(step.text.startswith("baton talk") and step.shown for step in STEPS)
    follow(STEPS, tmp_path, surroundings(tmp_path))


def test_what_the_tutorial_promises_first_is_what_it_shows_in_the_end() -> None:
    promised = lines(re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S)[0])
    shown = next(step.shown or "" for step in STEPS if step.text.startswith("baton talk"))
    told = iter(re.sub(r"^… | \(… s\)$", "", line) for line in lines(shown))
    assert all(line in told for line in promised), "in this order"
