"""Whether a caller is in the middle of a number: they pause between its parts, and are not done. Pure."""

import re
from collections.abc import Sequence

from agents.spec import FactSpec

_DIGITS = dict(
    zip(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), "0123456789", strict=True)
)
_DIGITS |= {"oh": "0", "o": "0"}
_PART = re.compile(
    "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|"
    "seventy|eighty|ninety|hundred|thousand|double|triple|and|dot|at|dash|hyphen|slash|underscore|point|plus|minus"
)
_NAMED = re.compile(
    r"(?i)\b(?:number|code|phone|telephone|mobile|e-?mail|post ?code|zip|iban|account|reference|digits)\b"
)
_SPELT = 3  # parts in a row, where nobody has asked for a number


def like_a_number(spec: FactSpec) -> bool:
    """Whether people say such a fact bit by bit: digits, letters that are spelt, an address."""
    digits = bool(spec.pattern) and bool(re.search(r"\\d|0-9|A-Z", spec.pattern or ""))
    return spec.type in ("integer", "number") or (
        spec.type == "text" and (digits or bool(_NAMED.search(spec.description)))
    )


def dictates(said: str, *, wanted: bool, known: Sequence[FactSpec]) -> bool:
    """Whether more of a number may follow what was said. `wanted`: one is asked for now; `known`: how they may look."""
    spelt = _spelt(said)
    if len(spelt) < (1 if wanted else _SPELT):
        return False
    return not any(_complete("".join(_DIGITS.get(part, part) for part in spelt), spec) for spec in known)


def _spelt(said: str) -> list[str]:
    """The digits, letters and the like that it ends in."""
    parts = re.findall(r"[a-z]+|\d", said.lower())
    start = len(parts)
    while start and _is_part(parts[start - 1]):
        start -= 1
    return parts[start:]


def _is_part(word: str) -> bool:
    return len(word) == 1 or word in _DIGITS or _PART.fullmatch(word) is not None


def _complete(value: str, spec: FactSpec) -> bool:
    if spec.type in ("integer", "number"):
        most = spec.maximum
        return value.isdigit() and most is not None and len(value) >= len(str(int(most)))
    return bool(spec.pattern) and any(
        re.fullmatch(spec.pattern or "", form) is not None for form in (value, value.upper())
    )
