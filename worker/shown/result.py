"""What comes of a file, and how the process that read it tells so. Light: whoever only asks need not load what reads."""

import json
from dataclasses import dataclass

from worker.shown.kind import Kind


class Refused(Exception):
    """A file that is not taken: `code` is a short stable word, the message tells a person what they can do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Size:
    """What a provider likes: the longer side in px, and the most bytes of a JPEG."""

    px: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Read:
    """JPEGs without metadata, and the text. `pages`: of a document, how many it has; 0: it has none."""

    kind: Kind
    pictures: tuple[bytes, ...] = ()
    text: str = ""
    pages: int = 0


class Broken(Exception):
    """What came out of the process is no answer."""


def answer(found: Read) -> bytes:
    """A line of JSON, and the pictures one after the other."""
    head = {
        "kind": found.kind.value,
        "text": found.text,
        "pages": found.pages,
        "lengths": [len(picture) for picture in found.pictures],
    }
    return json.dumps(head).encode() + b"\n" + b"".join(found.pictures)


def understood(told: bytes) -> Read:
    """The other end of `answer`. Raises Refused, if that is what it says, and Broken."""
    head, newline, body = told.partition(b"\n")
    if not newline:
        raise Broken
    found = json.loads(head)
    if "code" in found:
        raise Refused(found["code"], found["detail"])
    pictures = []
    for length in found["lengths"]:
        pictures.append(body[:length])
        body = body[length:]
    return Read(Kind(found["kind"]), tuple(pictures), found["text"], found["pages"])
