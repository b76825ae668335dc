"""What opens something by being known: keys of programs by their shape, passwords and PINs by how they are told."""

import re
from collections.abc import Iterator

from worker.pii.spelling import Spelling

_KEYS = re.compile(
    r"(?<![\w-])(?:"
    r"sk-[A-Za-z0-9_-]{16,256}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,256}|(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,256}"
    r"|github_pat_\w{22,256}|glpat-[\w-]{20,64}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|xox[abeoprs]-[\w-]{10,256}"
    r"|hf_[A-Za-z0-9]{30,64}|SG\.[\w-]{16,64}\.[\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,512}"
    r"|eyJ[\w-]{8,2048}\.eyJ[\w-]{8,4096}\.[\w-]{0,1024}"
    r")(?![\w-])|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[\s\S]{0,8192}?-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)
_TOLD = re.compile(
    r"(?i)\b(?P<name>pass ?word|pass ?phrase|pass ?code|api[ _-]?key|access[ _-]?token|secret(?:[ _-]?key)?)"
    r"(?:\s+(?:is|was|are|to)\s+|\s*[:=]\s*)(?P<value>(?:[\"'`«“][^\"'`»”]{1,128}[\"'`»”])|\S{4,128})"
)
_PIN = re.compile(
    r"(?i)\b(?:pin|cvv|cvc|cv2|security code|one[ -]time (?:code|password)|verification code|passcode)"
    r"(?: (?:code|number))?(?: is| was|:)?[ ,:=-]{1,3}"
)
_PIN_DIGITS = range(3, 9)


def secrets(spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Where they are, as places in the text. A word that could as well be a plain one is no password."""
    for match in _KEYS.finditer(spelling.text):
        yield match.span()
    for match in _TOLD.finditer(spelling.text):
        value = match["value"].rstrip(".,;!?")
        if value[:1] in "\"'`«“" or re.search(r"\d|[^\w'\u2019.,;!?-]|_|[a-z][A-Z]", value):
            yield match.start("value"), match.start("value") + len(value)
    if named := {match.end() for match in _PIN.finditer(spelling.text)}:
        for start, end in spelling.digits(_PIN_DIGITS.start):
            if end - start in _PIN_DIGITS and spelling.span(start, end)[0] in named:
                yield spelling.span(start, end)
