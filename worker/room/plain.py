"""What anybody may have written, as text that can be kept, shown and read aloud. Pure."""

import unicodedata

_KEPT = frozenset("\n\t\u200c\u200d")  # the last two join and part letters, in Persian as in emoji
_MARKS = 4  # accents on one letter; more are no writing, and stand over the lines above and below


def plain(text: str) -> str:
    """Without what cannot be seen: control characters, and those that turn the direction of what follows."""
    kept, marks = list[str](), 0
    for char in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.combining(char) else 0
        seen = char in _KEPT or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        if seen and marks <= _MARKS:
            kept.append(char)
    return "".join(kept).strip()
