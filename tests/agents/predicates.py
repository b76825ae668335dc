"""Functions of the facts, for tests."""

from collections.abc import Mapping
from typing import Any

SEVEN = 7


def is_seven(facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("number") == SEVEN)
