"""What a browser is told to keep to, with every answer."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from worker.desk.origins import Origins


def security_headers(livekit_url: str, origins: Origins) -> Mapping[str, str]:
    """No foreign script runs and no foreign address is asked, LiveKit's excepted; who may show the page is `origins`'."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "connect-src": " ".join(["'self'", *_livekit(livekit_url)]),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": origins.ancestors,
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": (
            "microphone=(self), camera=(self), display-capture=(self), "
            "geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), midi=()"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _livekit(url: str) -> list[str]:
    """LiveKit Cloud sends a client on to a host of its region; one's own server has one address."""
    host = urlsplit(url).netloc
    hosts = [host, *(["*.livekit.cloud"] if host.endswith(".livekit.cloud") else [])]
    return [f"{scheme}://{host}" for host in hosts for scheme in ("wss", "https", "ws", "http")]
