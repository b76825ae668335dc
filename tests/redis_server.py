"""A Redis server of the machine's own, in a temporary folder, on loopback."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.free_ports import free_port


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Runs a server until the body ends, which keeps nothing; yields its port. LiveKit waits until it is there."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)
