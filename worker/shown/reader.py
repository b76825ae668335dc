"""The process that reads one file: its bytes on standard input, what it shows on standard output.

    python -m worker.shown.reader PX BYTES

A file made to exhaust whoever opens it, or to crash a decoder, ends this process, and nothing else.
"""

import json
import resource
import sys
from dataclasses import dataclass

from worker.shown.kind import Kind
from worker.shown.reading import Read, Refused, Size, read

MEMORY = 1 << 30  # of addresses: a picture of 50 million pixels takes 400 MB on its way
CPU_S = 15


@dataclass(frozen=True, slots=True)
class Broken(Exception):
    """What came out of the process is no answer."""


def main(arguments: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    px, size = map(int, arguments)
    try:
        told = answer(read(sys.stdin.buffer.read(), Size(px, size)))
    except Refused as refused:
        told = json.dumps({"code": refused.code, "detail": refused.detail}).encode() + b"\n"
    sys.stdout.buffer.write(told)


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


if __name__ == "__main__":
    main(sys.argv[1:])
