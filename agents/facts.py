"""What a call has established: typed values that travel with the caller, whoever has the call. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from agents.spec import FactSpec

_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "yes_no": {"type": "boolean"},
}


def schema(spec: FactSpec) -> dict[str, Any]:
    """A fact as a JSON Schema property."""
    limits = {"minimum": spec.minimum, "maximum": spec.maximum, "pattern": spec.pattern}
    given = {key: value for key, value in limits.items() if value is not None}
    return {**_SCHEMAS[spec.type], "description": spec.description, **given}


def typed(spec: FactSpec, value: Any) -> Any:
    """The value as the team wants it. Raises ValueError with a sentence for the model."""
    match spec.type:
        case "text":
            text = str(value).strip()
            if not text or (spec.pattern and not re.fullmatch(spec.pattern, text)):
                raise ValueError(f"{value!r} does not look like {spec.description}")
            return text
        case "integer" | "number":
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise ValueError(f"{value!r} is no number") from None
            if isinstance(value, bool) or (spec.type == "integer" and not number.is_integer()):
                raise ValueError(f"{value!r} is no whole number")
            if (
                not (spec.minimum if spec.minimum is not None else number)
                <= number
                <= (spec.maximum if spec.maximum is not None else number)
            ):
                raise ValueError(f"{value} is out of range")
            return int(number) if spec.type == "integer" else number
        case "date":
            try:
                return date.fromisoformat(str(value)).isoformat()
            except ValueError:
                raise ValueError(f"{value!r} is no date of the form YYYY-MM-DD") from None
        case "yes_no":
            if not isinstance(value, bool):
                raise ValueError(f"{value!r} is neither true nor false")
            return value


class Facts:
    """The values so far. A later value takes the place of an earlier one: callers correct themselves."""

    def __init__(self, specs: Mapping[str, FactSpec]) -> None:
        self._specs = specs
        self.values: dict[str, Any] = {}

    def note(self, name: str, value: Any) -> bool:
        """Sets a fact; False if it stood there already. Raises ValueError: unknown, or not of its type."""
        if name not in self._specs:
            raise ValueError(f"there is no fact {name!r}")
        new = typed(self._specs[name], value)
        changed = bool(self.values.get(name) != new)
        self.values[name] = new
        return changed

    def take(self, arguments: str) -> bool:
        """Notes what a tool's arguments tell, as far as they are facts by name and type. Whether anything changed."""
        try:
            given = json.loads(arguments or "{}")
        except ValueError:
            return False
        changed = False
        for name, value in given.items() if isinstance(given, dict) else ():
            try:
                changed |= self.note(name, value)
            except ValueError:
                continue  # the tool judges its own arguments
        return changed
