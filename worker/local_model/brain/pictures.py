"""What the caller has shown, as a conversation tells of it: the line says what was shown, and the eyes what is on it."""

import re
from collections.abc import Mapping, Sequence

from worker.local_model.conversation import Item, Message

NOTHING = "I have the picture, but there is nothing on it that I can read."
UNSEEN = "I cannot look at pictures here. Please tell me what is on it."
_SHOWN = re.compile(r"\[The caller shows [^\n]*?\]")
_NAME = re.compile(r"\[The caller shows ([a-z]+-\d+)")
_FRAME = re.compile(r"\[[^\[\]\n]+'s (?:camera|screen), at this moment\.\]")
_TEXT = re.compile(r'the text "([^"]*)"')
_CODE = re.compile(r'the ([\w .+-]*\bcode) "([^"]*)"', re.IGNORECASE)
_SEEN = "(A picture that shows: "
_WRITTEN = "\nIts text:\n"
_MOST = 90  # words: half a minute
_LATELY = 3  # turns
_ASKED = re.compile(
    r"\b(?:read (?:it|this|that|them|out|me|aloud)|read the (?:picture|photo|slip|text|letter|document|page|label|screen)|"
    r"what (?:does|do) (?:it|this|that|the \w+) say|what(?:'s| is| was) (?:on |in )?(?:it|this|that|the "
    r"(?:picture|photo|slip|letter|document|page|label|screen))\b(?! (?:for|about|called|going))|"
    r"what (?:do|can) you see|can you (?:see|read))\b",
    re.IGNORECASE,
)


def is_shown(text: str) -> bool:
    """Whether a message of the caller's is something they show, rather than words."""
    return bool(_SHOWN.match(text))


def name_of(text: str) -> str:
    """What is shown is called so: `photo-1`."""
    found = _NAME.match(text)
    return found[1] if found else ""


def frame_of(item: Item) -> str:
    """Whose camera or screen it is a frame of: neither words nor a turn of theirs. Empty for everything else."""
    found = _FRAME.match(item.text) if isinstance(item, Message) and item.role == "user" else None
    return found[0] if found else ""


def asks_to_read(text: str) -> bool:
    return bool(_ASKED.search(text))


def naming(text: str, words: Sequence[str]) -> list[str]:
    """The lines that can be read on what is shown, and the codes: those with one of the words in them first."""
    every = [*_lines(text), *(code for _, code in _codes(text))]
    return sorted(every, key=lambda line: not any(word in line.lower() for word in words))


def aloud(text: str) -> str:
    """What can be read on what is shown, to be said."""
    if _SEEN not in text and _WRITTEN not in text:
        return UNSEEN
    words = " ".join(f"{line.rstrip('.')}." for line in _lines(text)).split()
    said = [f"It says: {' '.join(words[:_MOST])}"] if words else []
    more = ["And so on."] if len(words) > _MOST else []
    codes = [f"The {kind} says {code}." for kind, code in _codes(text)]
    return " ".join([*said, *more, *codes]) or NOTHING


def in_words(text: str) -> str:
    """What can be read on what is shown, as a question may quote it; empty if nothing can."""
    return ", ".join(_lines(text))


def _lines(text: str) -> list[str]:
    written = text.partition(_WRITTEN)[2].splitlines()
    seen = [line for found in _TEXT.findall(text.partition(_SEEN)[2]) for line in found.split(" / ")]
    return [line.strip() for line in (*written, *seen) if line.strip()]


def _codes(text: str) -> list[tuple[str, str]]:
    """Kind and content of each."""
    return _CODE.findall(text.partition(_SEEN)[2])


def lately(items: Sequence[Item], frames: Mapping[int, str]) -> str:
    """What was shown last, if that was not long ago; empty if nothing was. `frames`: each comes after so many items."""
    newest = max(frames, default=0)
    if frames and not any(isinstance(item, Message) and is_shown(item.text) for item in items[newest:]):
        return frames[newest]
    said = [item.text for item in items if isinstance(item, Message) and item.role == "user"][-_LATELY:]
    return next((text for text in reversed(said) if is_shown(text)), "")
