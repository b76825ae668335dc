"""A folder of Markdown and text files, searched passage by passage with SQLite's FTS5."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools import words

Question = Annotated[str, Field(description="the question", min_length=2, max_length=300)]

_KINDS = (".md", ".txt")
_LARGEST = 2_000_000  # bytes of a file
_WORDS = 70  # of a passage as it is spoken
_Files = tuple[tuple[Path, int, int], ...]  # path, time of change, bytes: what an index was made of


class DocumentSettings(BaseSettings):
    """A setting of this tool alone: the worker knows nothing of documents."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    folder: Path = Field(
        default=Path(__file__).parents[1] / "agents/assistant/documents",
        validation_alias=AliasChoices("BATON_DOCUMENTS", "folder"),
        description="The folder that is searched, with all below it.",
    )


@function_tool
async def look_up(question: Question) -> str:
    """Look something up in the documents.

    Examples: "How do I bleed the radiators?", "What is the password of the wifi?", "When is the rubbish collected?",
    "What does the manual say about the dishwasher?", "How does the heating work?", "Where is the fuse box?", "What do I
    do when the water leaks?", "Look up the house rules.", "Who do I call when the lift is broken?", "Can you look
    up this error?"
    """
    found = await asyncio.to_thread(search, DocumentSettings().folder, question)
    if found is None:
        raise ToolError("I find nothing about that in the documents.")
    title, text = found
    return f"{title} says: {text}"


def search(folder: Path, question: str) -> tuple[str, str] | None:
    """The passage that fits best, and its document's title; None if none has a word of the question."""
    wanted = " OR ".join(f'"{word}"' for word in words.telling(question))
    if not wanted:
        return None
    best = "SELECT title, text FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, 2.0, 4.0, 1.0) LIMIT 1"
    row = _index(_files(folder)).execute(best, (wanted,)).fetchone()
    return (str(row[0]), _clipped(str(row[1]))) if row else None


@lru_cache(maxsize=4)
def _index(files: _Files) -> sqlite3.Connection:
    """Made anew when a file has come, changed or gone. SQLite is built for several threads, each statement whole."""
    index = sqlite3.connect(":memory:", check_same_thread=False)
    index.execute("CREATE VIRTUAL TABLE passages USING fts5(title, heading, text, tokenize='porter unicode61')")
    for path, _, _ in files:
        index.executemany("INSERT INTO passages VALUES (?, ?, ?)", _passages(path))
    return index


def _files(folder: Path) -> _Files:
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _KINDS and path.is_file()]
    states = [(path, path.stat()) for path in found]
    return tuple((path, state.st_mtime_ns, state.st_size) for path, state in states if state.st_size <= _LARGEST)


def _passages(path: Path) -> Iterator[tuple[str, str, str]]:
    """(title, heading, text) of each paragraph. The title is the `# ` line, a lone first line, or the file's name."""
    title, heading = path.stem.replace("_", " ").replace("-", " ").capitalize(), ""
    for number, block in enumerate(re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace").strip())):
        lines = list[str]()
        for line in block.splitlines():
            if found := re.match(r"(#+)\s+(.+)", line):
                title, heading = (found[2], heading) if len(found[1]) == 1 else (title, found[2])
            elif line.strip():
                lines.append(re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+", "", line).strip())
        if number == 0 and len(lines) == 1 and not lines[0].endswith((".", "!", "?")):
            title = lines[0]
        elif lines:
            yield title, heading, re.sub(r"[*_`]", "", " ".join(lines))


def _clipped(text: str) -> str:
    """Whole sentences, as many as one likes to listen to."""
    said = ""
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if said and len(f"{said} {sentence}".split()) > _WORDS:
            break
        said = f"{said} {sentence}".strip()
    return said
