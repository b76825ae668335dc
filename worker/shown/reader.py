"""The process that reads one file: its bytes on standard input, what it shows on standard output.

    python -m worker.shown.reader PX BYTES

A file made to exhaust whoever opens it, or to crash a decoder, ends this process, and nothing else.
"""

import json
import sys

from worker.shown.limits import bound
from worker.shown.reading import read
from worker.shown.result import Refused, Size, answer


def main(arguments: list[str]) -> None:
    bound(writes=0)
    px, size = map(int, arguments)
    try:
        told = answer(read(sys.stdin.buffer.read(), Size(px, size)))
    except Refused as refused:
        told = json.dumps({"code": refused.code, "detail": refused.detail}).encode() + b"\n"
    sys.stdout.buffer.write(told)


if __name__ == "__main__":
    main(sys.argv[1:])
