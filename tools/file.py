"""A file or a picture that a tool gives the caller."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_BYTES = 2 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}\.([a-z]{3})")
_KINDS: Mapping[str, tuple[str, bytes]] = {  # by ending: the type, and how such a file begins
    "pdf": ("application/pdf", b"%PDF-"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "ics": ("text/calendar", b"BEGIN:VCALENDAR"),
    "csv": ("text/csv", b""),
    "txt": ("text/plain", b""),
}


@dataclass(frozen=True, slots=True)
class GivenFile:
    """`name` is what it is saved as, and tells its kind: pdf, png, jpg, ics, csv or txt. 2 MB at most.

    `words` tell what is on it: they stand beside a file, are read out in place of a picture, and are what the agent has for
    a caller without a screen. Raises ValueError for what is no such file.
    """

    name: str
    data: bytes
    words: str

    def __post_init__(self) -> None:
        found = _NAME.fullmatch(self.name)
        if found is None or found[1] not in _KINDS:
            raise ValueError(f"{self.name!r}: a name is letters, digits, - and _, and ends in {', '.join(_KINDS)}.")
        if not self.data.startswith(_KINDS[found[1]][1]):
            raise ValueError(f"{self.name!r}: its bytes are not those of such a file.")
        if not 0 < len(self.data) <= MOST_BYTES:
            raise ValueError(f"{self.name!r}: it has {len(self.data)} bytes; from 1 to {MOST_BYTES} are possible.")
        if not 0 < len(self.words.strip()) <= 1000:
            raise ValueError(f"{self.name!r}: say in words what is on it, in 1000 characters at most.")

    @property
    def mime(self) -> str:
        return _KINDS[self.name[-3:]][0]
