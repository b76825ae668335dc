"""So many a minute of one address."""

import ipaddress
from collections import OrderedDict, deque

_WINDOW_S = 60.0


class RateLimit:
    """Counts what addresses have done within the last minute; time is the caller's, in seconds.

    Who has done nothing for a minute is forgotten, so that memory is bounded by what a minute brings.
    """

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._times = OrderedDict[str, deque[float]]()  # who came last stands last

    def reached(self, address: str, now_s: float) -> bool:
        """Whether this address has had its share."""
        self._forget(now_s)
        times = self._times.get(network(address))
        return times is not None and len(times) == self._most and now_s - times[0] < _WINDOW_S

    def count(self, address: str, now_s: float) -> None:
        times = self._times.setdefault(network(address), deque(maxlen=self._most))
        times.append(now_s)
        self._times.move_to_end(network(address))

    def _forget(self, now_s: float) -> None:
        while self._times and now_s - next(iter(self._times.values()))[-1] >= _WINDOW_S:
            self._times.popitem(last=False)


def network(address: str) -> str:
    """Whom an address belongs to: one line is given a whole /64 of IPv6, and may take any address of it."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((int(ip) >> 64 << 64, 64)))


def caller_address(peer: str, forwarded: str, proxies: int) -> str:
    """Who asks, where so many proxies of our own stand before us: each adds whom it was asked by to `X-Forwarded-For`.

    What stands before those entries is what somebody says of themselves.
    """
    told = [entry for part in forwarded.split(",") if (entry := part.strip())]
    return told[-proxies] if 0 < proxies <= len(told) else peer
