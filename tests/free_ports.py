"""Ports of this machine that nobody uses: for tests and benches, many at a time."""

import contextlib
import itertools
import secrets
import socket

_numbers = itertools.count(secrets.randbelow(17_000))  # other processes look for ports, too


def free_port() -> int:
    """A port of this machine that nobody uses, neither TCP nor UDP, and another each time.

    From below those that systems give to whoever asks for any (from 32768 on, Linux; 49152, macOS): else some client's
    socket might have it before it is bound.
    """
    while True:
        port = 15_000 + next(_numbers) % 17_000
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


def with_free_ports(config: dict[str, object]) -> dict[str, object]:
    """LiveKit's configuration on ports that nobody uses."""
    rtc = config["rtc"]
    assert isinstance(rtc, dict)
    return {**config, "port": free_port(), "rtc": {**rtc, "tcp_port": free_port(), "udp_port": free_port()}}
