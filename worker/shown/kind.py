"""What a file is, by its bytes: neither its name nor what its sender says of it counts. Pure."""

import re
from enum import Enum

_HEAD = 1024  # browsers and readers of PDF look so far for what a file is
_ZIP_TAIL = 65_557  # a zip is read from its end, where its directory may be followed by so long a comment
_OTHERS = re.compile(rb"%PDF-|<!doctype html|<html|<script|<svg|<\?php|^#!|^PK\x03\x04|^MZ|^\x7fELF", re.IGNORECASE)
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis"})
_TEXT_CONTROLS = frozenset("\t\n\r\f\x1b")
_TEXT_SHARE = 0.02  # of other control characters: more, and it is no text


class Kind(Enum):
    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIC = "HEIC"
    PDF = "PDF"
    TEXT = "text"


class Ambiguous(ValueError):
    """A file that is of two kinds at once, as somebody makes who wants it to pass for another."""


def kind_of(data: bytes) -> Kind | None:
    """None: a kind that nothing here reads. Raises Ambiguous.

    What follows the end of a picture alone makes nothing of it: telephones put a short film there.
    """
    kind = _begins_as(data)
    if kind in (None, Kind.TEXT):
        return kind
    head = data[:_HEAD] if kind is not Kind.PDF else data[5:_HEAD]
    if _OTHERS.search(head):
        raise Ambiguous(f"a {kind.value} that is something else besides")
    if _ends_as_zip(data):
        raise Ambiguous(f"a {kind.value} that is an archive besides")
    return kind


def _begins_as(data: bytes) -> Kind | None:
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Kind.WEBP
    if is_heic(data):
        return Kind.HEIC
    if data.startswith(b"%PDF-"):
        return Kind.PDF
    return Kind.TEXT if text_of(data) is not None else None


def is_heic(data: bytes) -> bool:
    """By its first box, which names the kinds of picture that are in it: ISO/IEC 23008-12."""
    length = int.from_bytes(data[:4], "big")
    brands = data[8:12] + data[16 : min(length, _HEAD)]
    return data[4:8] == b"ftyp" and not _HEVC.isdisjoint(brands[at : at + 4] for at in range(0, len(brands), 4))


def _ends_as_zip(data: bytes) -> bool:
    """Its end record says how long the comment after it is: a match by chance does not fit."""
    tail = data[-_ZIP_TAIL:]
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) >= at + 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def text_of(data: bytes) -> str | None:
    """A text in UTF-8 or UTF-16 (with its mark), or, failing that, in Windows' Western encoding; None: it is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in data:
        return None
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        controls = sum(not char.isprintable() and char < " " and char not in _TEXT_CONTROLS for char in text[:10_000])
        return text if controls <= len(text[:10_000]) * _TEXT_SHARE else None
    return None
