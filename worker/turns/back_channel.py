"""What a listener says while somebody else speaks, without wanting the floor. Pure."""

import re
from itertools import groupby

_WORDS_AT_MOST = 4
_SYLLABLES_A_SECOND = 7.5  # few speak faster: more is what a recogniser makes of a hum
_SURE_MS, _SHORT_MS = 100, 450  # as long as a hum may be
_UNSURE = -1.0  # mean log probability: below, a recogniser has made words of a hum or of laughter, as a rule
_HUMS_MS = 800  # as long as hums and laughter are of which words are made
# a hum, in whatever letters a recogniser puts it: uh-huh, mm-hmm, mhm, aha, oh, er, um
_HUM = re.compile(r"(?:(?:u+h+|h+u+h+|m+|h+m+|a+h+a*|o+h+|e+h+|e+r+m*|u+m+)-?)+|(?:h+[ae]+)+h*")
_LISTENS = re.compile(
    "okay|ok|kay|right|yeah|yep|yup|yes|sure|alright|all|good|great|fine|cool|nice|perfect|exactly|true|i|see|got|it|"
    "thanks|thank|you|really"
)
_BEGINNINGS = frozenset(("and", "so", "well", "like"))  # alone, they were thinking aloud
_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?")  # [music], (coughs), *laughs*


def says_nothing(text: str) -> bool:
    """Whether there is no word in what a recogniser wrote."""
    return not re.search(r"\w", _ASIDE.sub(" ", text))


def is_back_channel(text: str) -> bool:
    """Whether it only shows that they listen: `Uh-huh.`, but not `Okay, so…`."""
    words = [word for word, _ in groupby(_words(text))]  # "right, right, right", or a recogniser that goes in circles
    if len(words) == 1 and words[0] in _BEGINNINGS:
        return True
    if words in (["thanks"], ["thank", "you"]):
        return False  # they may be about to go
    return 0 < len(words) <= _WORDS_AT_MOST and all(_LISTENS.fullmatch(word) or _HUM.fullmatch(word) for word in words)


def was_said(text: str, sound_ms: int, sure: float | None = None) -> bool:
    """Whether so many words can have been said in a sound of `sound_ms`. Only one as short as a hum is doubted.

    `sure`: how sure the recogniser is of them (mean log probability), if it says so.
    """
    if sure is not None and sure < _UNSURE and sound_ms <= _HUMS_MS:
        return False
    once = re.sub(r"\b(\w+)(?:[.!?]+ \1\b)+", r"\1", text)  # `Thursday. Thursday.` is a recogniser that stutters
    vowels = [re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouy])e$", "", word)) for word in _words(once)]
    syllables = sum(max(1, len(found)) for found in vowels)
    return not _SURE_MS <= sound_ms <= _SHORT_MS or syllables <= sound_ms / 1000 * _SYLLABLES_A_SECOND


def _words(text: str) -> list[str]:
    """Lower case; letters that stand alone, as in `M H M`, are one word."""
    words = re.findall(r"\w+(?:[-']\w+)*", _ASIDE.sub(" ", text).lower())
    joined = list[str]()
    for word in words:
        if joined and word in ("m", "h") and re.fullmatch("[mh]+", joined[-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return joined
