"""What a file is called by whoever sent it: of a name that anybody can choose, what may be shown and said. Pure."""

import re
import unicodedata

LONGEST = 80
_STREAM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def clean(name: str) -> str:
    """The last part of a path, without markup, quotes and invisible characters; empty if nothing is left.

    A file is never kept under it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name[: 8 * LONGEST]))[-1]
    seen = "".join(char for char in last if char.isprintable() and char not in "<>\"'`&{}[]|")
    words = " ".join(seen.split()).strip(". ")
    if len(words) <= LONGEST:
        return words
    stem, dot, ending = words.rpartition(".")
    return f"{stem[: LONGEST - 10]}….{ending}" if dot and len(ending) <= 8 else f"{words[: LONGEST - 1]}…"


def stream(given: str) -> str:
    """The id of a stream, as LiveKit's clients make them: a UUID. Empty for another, which might be words."""
    return given if _STREAM.fullmatch(given) else ""
