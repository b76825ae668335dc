"""How a part of `baton up` tells that it is ready, and ends with whoever started it."""

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Coroutine
from typing import Any, Literal

CHILD = "BATON_PART"  # set for a process that `baton up` started
READY = "ready"


class PortError(Exception):
    """A port cannot be had, most often as something else has it."""

    def __init__(self, port: int, why: OSError, setting: str) -> None:
        in_use = f"Port {port} is in use. Stop what uses it, or set another ({setting})."
        super().__init__(
            in_use if why.errno == errno.EADDRINUSE else f"Port {port}: {why.strerror}. Set {setting} to another."
        )


def need_port(port: int, setting: str) -> None:
    """Raises PortError when it cannot be had: for who leaves it to others to open it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortError(port, error, setting) from None


def ready(what: str) -> None:
    """Says on standard output that this part may be used."""
    print(f"{READY} {what}", flush=True)


def end_with_parent() -> None:
    """A part whose parent is gone ends too, however the parent ended: its standard input closes then."""
    if CHILD not in os.environ:
        return

    def watch() -> None:
        while os.read(
            sys.stdin.fileno(), 1024
        ):  # not through the buffer, which a daemon thread may not hold at the end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def until_told() -> Coroutine[Any, Any, Literal[True]]:
    """To be awaited: Ctrl-C or TERM, which from this call on no longer end the process where it stands."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    end_with_parent()
    return told.wait()
