"""The process that reads one file: its bytes on standard input, what it shows on standard output.

    python -m worker.shown.reader PX BYTES

A file made to exhaust whoever opens it, or to crash a decoder, ends this process, and nothing else.
"""

import json
import resource
import sys

from worker.shown.reading import read
from worker.shown.result import Refused, Size, answer

MEMORY = 1 << 30  # of addresses: a picture of 50 million pixels takes 400 MB on its way
CPU_S = 15


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


if __name__ == "__main__":
    main(sys.argv[1:])
