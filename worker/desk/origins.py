"""Which pages may join calls here, and show ours within theirs."""

from collections.abc import Iterable
from urllib.parse import urlsplit


def parse(origins: str) -> tuple[str, ...]:
    """Origins with commas between, as browsers write them. Raises ValueError, which names the wrong one."""
    return tuple(_origin(one) for part in origins.split(",") if (one := part.strip()))


def _origin(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    plain = f"{parts.scheme}://{parts.netloc}".lower()
    odd = any(letter in parts.netloc for letter in "@*;'\" ") or not parts.hostname or port == -1
    if parts.scheme not in ("http", "https") or odd or text.lower().rstrip("/") != plain:
        raise ValueError(f"{text!r} is no origin such as https://www.example.org or http://localhost:3000")
    default = {"http": 80, "https": 443}[parts.scheme]
    return plain.removesuffix(f":{default}") if port == default else plain


class Origins:
    """The pages of other sites that a deployment allows, beside our own."""

    def __init__(self, others: Iterable[str]) -> None:
        self._others = frozenset(others)

    def welcome(self, origin: str | None, host: str) -> bool:
        """Whether a page may ask for a call. A program sends no `Origin`; a browser does, and no page can change it."""
        return origin is None or urlsplit(origin).netloc == host or self.other(origin)

    def other(self, origin: str | None) -> bool:
        """Whether it is a page of another site that may."""
        return origin in self._others

    @property
    def ancestors(self) -> str:
        """Who may show our page within theirs, as the policy of contents says it."""
        return " ".join(["'self'", *sorted(self._others)]) if self._others else "'none'"
