"""LiveKit's key and secret on this machine: made once, random, kept where only their owner reads."""

import os
import secrets
import string
from pathlib import Path

import yaml

_LETTERS = string.ascii_letters + string.digits


def machine_keys(folder: Path) -> tuple[str, str]:
    """Key and secret from `folder`/keys.yaml, the form that livekit-server's `key_file` has; made when missing."""
    path = folder / "keys.yaml"
    if path.exists():
        [(key, secret)] = yaml.safe_load(path.read_text()).items()
        return str(key), str(secret)
    folder.mkdir(parents=True, exist_ok=True)
    key = "API" + "".join(secrets.choice(_LETTERS) for _ in range(12))
    secret = "".join(secrets.choice(_LETTERS) for _ in range(43))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{key}: {secret}\n")
    return key, secret
