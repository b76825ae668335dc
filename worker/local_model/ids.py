"""Ids as the protocol wants them: letters, digits, `_` and `-`, 32 at most."""

from uuid import uuid4


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex[: 31 - len(prefix)]}"
