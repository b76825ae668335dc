"""What a listener says while somebody else speaks, without wanting the floor. Pure."""

import re
from itertools import groupby

_WORDS_AT_MOST = 5
_SYLLABLES_A_SECOND = 7.5  # few speak faster: more is what a recogniser makes of a hum
_SURE_MS, _SHORT_MS = 100, 450  # as long as a hum may be
_UNSURE = -1.0  # mean log probability: below, a recogniser has made words of a hum or of laughter, as a rule
_HUMS_MS = 800  # as long as hums and laughter are of which words are made
# a hum, in whatever letters a recogniser puts it, each but once: uh-huh, mhm, aha, oh, er, um; ha-ha
_HUM = re.compile(r"(?:(?:uh|huh|m|hm|aha?|oh|eh|erm?|um)-?)+|(?:h[ae])+h?")
_BREATH = re.compile(r"([b-df-hj-np-tv-xz]{1,2})(?:-\1)*-?")  # p-p-p, ph ph ph: laughter, as a rule
# What listeners say by the SWBD-DAMSL coders' manual (acknowledge, agree, appreciate; Jurafsky, Shriberg and Biasca 1997).
# Its "oh no", "that's too bad" and the like are not among them: who says that to an agent wants something of it.
_ACKNOWLEDGES = (
    "okay|ok|kay|right|yeah|yea|yep|yup|yes|sure|alright|all|i|see|got|it|gotcha|thanks|thank|you|really|wow|gosh|gee"
)
_AGREES = "exactly|true|definitely|absolutely|totally|indeed|agreed|understood|(?:of )?course|fair enough|no kidding"
_APPRECIATES = (
    "good|great|fine|fair|cool|nice|neat|perfect|lovely|wonderful|excellent|awesome|amazing|fantastic|brilliant|"
    "interesting"
)
_PHRASES = (
    rf"(?:that's|that is|it's|how|sounds|very|pretty) (?:very |really |pretty )?(?:{_APPRECIATES}|right|true)|"
    r"(?:that )?makes sense|good to (?:know|hear)|i (?:know|understand|agree|can imagine)|"
    r"my (?:god|goodness|gosh)|is that (?:right|so)"
)
_LISTENS = re.compile(rf"(?:(?:hm|{_PHRASES}|{_ACKNOWLEDGES}|{_AGREES}|{_APPRECIATES})(?: |$))+")
_BEGINNINGS = frozenset(("and", "so", "well", "like"))  # alone, they were thinking aloud; before "I see", too
_ASKS = frozenset(("no", "stop", "wait", "hello", "what", "what's", "who", "why", "sorry", "pardon", "help"))
_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?")  # [music], (coughs), *laughs*


def says_nothing(text: str) -> bool:
    """Whether there is no word in what a recogniser wrote."""
    return not re.search(r"\w", _ASIDE.sub(" ", text))


def is_back_channel(text: str) -> bool:
    """Whether it only shows that they listen: `Uh-huh.`, but not `Okay, so…`."""
    said = ["hm" if _HUM.fullmatch(re.sub(r"(.)\1+", r"\1", word)) else word for word in _words(text)]
    words = [word for word, _ in groupby(said)]  # "right, right, right", or a recogniser that goes in circles
    if words and words[0] in _BEGINNINGS:
        del words[0]
        if not words:
            return True
    if len(words) == 1 and _BREATH.fullmatch(words[0]):
        return True
    if words in (["thanks"], ["thank", "you"]):
        return False  # they may be about to go
    return 0 < len(words) <= _WORDS_AT_MOST and bool(_LISTENS.fullmatch(" ".join(words)))


def was_said(text: str, sound_ms: int, sure: float | None = None) -> bool:
    """Whether so many words can have been said in a sound of `sound_ms`. Only one as short as a hum is doubted.

    `sure`: how sure the recogniser is of them (mean log probability), if it says so. Nobody is of a quick "what?", and hums
    do not sound like it.
    """
    if sure is not None and sure < _UNSURE and sound_ms <= _HUMS_MS and not _ASKS.intersection(_words(text)[:1]):
        return False
    once = re.sub(r"\b(\w+)(?:[.!?]+ \1\b)+", r"\1", text)  # `Thursday. Thursday.` is a recogniser that stutters
    vowels = [re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeiouy])e$", "", word)) for word in _words(once)]
    syllables = sum(max(1, len(found)) for found in vowels)
    return syllables <= max(1, sound_ms / 1000 * _SYLLABLES_A_SECOND) or not _SURE_MS <= sound_ms <= _SHORT_MS


def _words(text: str) -> list[str]:
    """Lower case; letters that stand alone, as in `M H M`, are one word."""
    words = re.findall(
        r"\w+(?:[-']\w+)*", _ASIDE.sub(" ", text).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    joined = list[str]()
    for word in words:
        if joined and word in ("m", "h") and re.fullmatch("[mh]+", joined[-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return joined
