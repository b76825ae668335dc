"""What is wrong with a team file, as sentences: faults that stop a call, and what a reader of it would stumble over."""

from pathlib import Path

from agents.loader import load_team
from agents.review import review
from agents.spec import SpecError
from agents.team_file import read_with_lines


def check(path: Path) -> list[str]:
    """The problems of a team file, none when it is good. Imports the modules of its tools."""
    try:
        return review(path, load_team(path), read_with_lines(path)[1])
    except SpecError as error:
        return str(error).splitlines()
