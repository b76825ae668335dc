"""A tool's parameters: what they are called when asked for, and their values in what a caller says."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from tools.spoken import clock
from worker.spoken.dates import find_day
from worker.spoken.numbers import runs
from worker.spoken.times import find_minutes, find_time

_HESITATIONS = re.compile(r"(?i)\b(?:uh+|um+|er+|hmm+|you know|i mean|like,|well,|so,)[,.]?\s*")
_EMAIL_WORDS = ((" at ", "@"), (" dot ", "."), (" underscore ", "_"), (" dash ", "-"))
_LETTER_NAMES = {
    "bee": "b",
    "cee": "c",
    "see": "c",
    "dee": "d",
    "gee": "g",
    "jay": "j",
    "kay": "k",
    "are": "r",
    "tea": "t",
    "you": "u",
    "why": "y",
    "zed": "z",
    "zee": "z",
}
NO_CONTENT = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "our",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "i",
        "you",
        "we",
        "they",
        "me",
        "he",
        "she",
        "of",
        "for",
        "with",
        "in",
        "on",
        "at",
        "to",
        "from",
        "by",
        "about",
        "and",
        "or",
        "but",
        "is",
        "are",
        "was",
        "were",
        "be",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "can",
        "could",
        "will",
        "would",
        "should",
        "may",
        "might",
        "what",
        "which",
        "who",
        "how",
        "when",
        "where",
        "why",
        "much",
        "many",
        "cost",
        "costs",
        "price",
        "tell",
        "know",
        "want",
        "like",
        "need",
        "please",
        "hello",
        "hi",
        "yes",
        "no",
        "not",
        "there",
        "any",
        "some",
        "more",
        "get",
        "got",
    ]
)
_ANY_NAME = frozenset(["number", "code", "e", "mail"])  # of something written, that may be anything's
_LEADING = frozenset(
    ("", "i'd", "i'm", "i'll", "we'd", "it's", "what's", "that's", "let's", "there's", "where's", "who's", "when's")
) | {"how's", "us", "let", "also", "then"}
_TRAILING = frozenset(
    ("", "a", "an", "the", "my", "your", "our", "in", "on", "at", "to", "for", "from", "by", "of", "with", "about")
) | {
    "is",
    "are",
    "and",
    "it",
    "that",
    "cost",
    "costs",
    "please",
    "again",
    "as",
    "instead",
    "until",
    "can",
    "you",
    "would",
}
_COMPLAINT = re.compile(
    r"(?i)\b(because .+|(?:it|they|this|that|one|which|\w+)\s?(?:is|'s|was|are|has|have|does|do|did|doesn't|don't|didn't|"
    r"isn't|arrived|came|got|looks?|smells?|stopped)\b[^,.;?!]*?\b(?:broken|cracked|damaged|scratched|wrong|faulty|defective|dead|missing|"
    r"late|dirty|leak\w*|work\w*|fit\w*|small|big|large|heavy|dark|colou?r|size|like|need|want)\b.*|(?:the )?wrong \w+.*|"
    r"changed my mind.*|(?:do not|don't|no longer) (?:need|want|like) .+|(?:too|so) (?:small|big|large|heavy|dark)\b.*)"
)

_YES = re.compile(
    r"\b(yes|yeah|yep|yup|sure|correct|right|okay|ok|exactly|please do|go ahead|do it|fine|confirm|perfect|absolutely|"
    r"of course|that's it|sounds good)\b"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of a tool, from its JSON Schema."""

    name: str
    schema: dict[str, Any]
    required: bool

    @property
    def label(self) -> str:
        """`the card number`, of `the card number, five digits`."""
        described = str(self.schema.get("description") or self.name.replace("_", " "))
        return re.split(r"[,.;(]", described)[0].strip()

    @property
    def question(self) -> str:
        label = self.label
        if self.is_day:
            return "Which day would you like?"
        if self.is_time:
            return "At what time?"
        if self.is_shown:
            return "Could you show me a picture of it?"
        if re.match(r"(?i)(which|what|how|when|where|who)\b", label):
            return f"{label[0].upper()}{label[1:]}, please?"
        article = "" if re.match(r"(?i)(the|a|an|your)\b", label) else "the "
        return f"What is {article}{label}?"

    @property
    def is_day(self) -> bool:
        return self.schema.get("format") == "date"

    @property
    def is_time(self) -> bool:
        return self.schema.get("format") == "time"

    @property
    def is_length(self) -> bool:
        """How long something takes, in minutes."""
        return self.is_number and self.name.endswith("minutes")

    @property
    def is_number(self) -> bool:
        return self._type in ("integer", "number")

    @property
    def is_free(self) -> bool:
        """Text that can be anything, so that an answer to its question is always one."""
        plain = not (self.schema.get("enum") or self.schema.get("pattern") or self.schema.get("format"))
        return self._type == "string" and plain and not self.is_email

    @property
    def is_reason(self) -> bool:
        return bool(re.search(r"(?i)reason|why|problem|fault|complain|issue|wrong", f"{self.name} {self.label}"))

    @property
    def is_question(self) -> bool:
        """Text that something is looked for by."""
        return self.is_free and bool(re.search(r"(?i)question|query|search|topic", f"{self.name} {self.label}"))

    @property
    def is_whole(self) -> bool:
        """Text that is wanted as it was said: a request to somebody who has not heard it."""
        return "whole sentences" in str(self.schema.get("description"))

    @property
    def is_shown(self) -> bool:
        """The name of a picture that the caller shows."""
        pattern, named = self.schema.get("pattern"), re.search(r"(?i)photo|picture", f"{self.name} {self.label}")
        return bool(named and pattern and re.fullmatch(str(pattern), "photo-1"))

    @property
    def is_email(self) -> bool:
        return "mail" in self.name or self.schema.get("format") == "email"

    @property
    def lasts(self) -> bool:
        """A number or code that means the same for another tool of the call."""
        return (self.is_number and self._limit("minimum", 0) >= 100) or bool(self.schema.get("pattern"))

    def find(self, text: str, today: date, *, answering: bool) -> Any:
        """The value in what was said, None if there is none. `answering`: this parameter was asked for."""
        text = clean(text)
        if self.schema.get("enum"):
            return self._find_enum(text)
        if self.is_length:
            return find_minutes(text)
        if self.is_number:
            return self._find_number(text)
        if self.is_time:
            at = find_time(text, answering=answering)
            return at.isoformat() if at else None
        if self.is_day:
            day = find_day(text, today)
            return day.isoformat() if day else None
        if self._type == "boolean":
            return said_yes(text) if said_yes(text) is not None and answering else None
        if self.is_email:
            return _find_email(text)
        if self.schema.get("pattern"):
            return self._find_code(text)
        return self._find_words(text, answering=answering)

    def points(self, text: str) -> bool:
        """Whether what was said is no value, but points at one: `that order`, `the same one`, `the one I sent you`."""
        said = clean(text).lower()
        mine = "|".join(sorted(_words(f"{self.name} {self.label}")) or ["one"])
        return bool(
            re.search(rf"\b(?:the same|that|this) (?:one|{mine})\b|\bthe same\b", said)
            or re.search(
                r"\bi (?:just )?(?:sent|wrote|typed|gave|showed)\b|\b(?:we|you) (?:talked|spoke|found)\b", said
            )
            or re.fullmatch(r"\W*(?:yes,? )?(?:for )?(?:that|this|it)(?: please)?\W*", said)
        )

    def take(self, name: str, value: str) -> Any:
        """A value that bears a name elsewhere (`order`: `1042`), if it can be this parameter's; None if not."""
        mine, theirs = _words(f"{self.name} {self.label}"), _words(name)
        if not (mine & theirs or theirs <= _ANY_NAME):
            return None
        if self.is_number:
            low, high = self._limit("minimum", 0), self._limit("maximum", 10**12)
            return int(value) if value.isdecimal() and low <= int(value) <= high else None
        if pattern := self.schema.get("pattern"):
            return value if re.fullmatch(pattern, value) else None
        if self.is_email:
            return _find_email(value)
        return value if self._type == "string" and mine & theirs else None

    def read_back(self, value: Any) -> str:
        """A value as it is said to the caller."""
        if self.is_day:
            day = date.fromisoformat(str(value))
            return f"{day:%A} the {ordinal(day.day)} of {day:%B}"
        if self.is_time:
            return clock(time.fromisoformat(str(value)))
        if self.is_number and self.lasts:
            return " ".join(str(value))
        return str(value)

    @property
    def _type(self) -> str:
        found = self.schema.get("type")
        if not found and "anyOf" in self.schema:
            found = next((one.get("type") for one in self.schema["anyOf"] if one.get("type") != "null"), "string")
        return str(found or "string")

    def _limit(self, name: str, default: float) -> float:
        found = self.schema.get(name)
        return float(found) if isinstance(found, int | float) else default

    def _find_number(self, text: str) -> int | None:
        low, high = self._limit("minimum", 0), self._limit("maximum", 10**12)
        said = runs(text)
        fitting = [next((value for value in meanings if low <= value <= high), None) for meanings in said]
        if known := [value for value in fitting if value is not None]:
            return known[-1]  # a correction comes last
        whole = "".join(str(meanings[0]) for meanings in said) or "-1"
        twice = (
            whole[: len(whole) // 2] if whole[: len(whole) // 2] * 2 == whole else whole
        )  # said, or heard, two times
        for candidate in (whole, twice, re.sub(r"0+", "0", whole)):  # a long "oh" is heard as two
            if low <= int(candidate) <= high:
                return int(candidate)
        return None

    def _find_enum(self, text: str) -> str | None:
        said = text.lower()
        named = [(said.rfind(str(value).lower().replace("_", " ")), value) for value in self.schema["enum"]]
        place, value = max(named, key=lambda pair: pair[0])
        return str(value) if place >= 0 else None

    def _find_code(self, text: str) -> str | None:
        pattern = re.compile(self.schema["pattern"])
        spelled = re.sub(r"(?i)\b([a-z]) (?:as in|for|like) \w+", r"\1", text)
        spelled = " ".join(_LETTER_NAMES.get(word.lower(), word) for word in spelled.split())
        for words in range(1, 12):
            parts = spelled.split()
            for start in range(len(parts) - words, -1, -1):
                joined = re.sub(r"[^A-Za-z0-9]", "", "".join(parts[start : start + words]))
                for candidate in (joined, joined.upper()):
                    if pattern.fullmatch(candidate):
                        return candidate
        return None

    def _find_words(self, text: str, *, answering: bool) -> str | None:
        if self.is_whole:
            return text or None
        if self.is_reason:
            if found := _COMPLAINT.search(text):
                return found[0].strip(" .")
        elif content := trimmed(text):
            return content
        return text.strip(" .") or None if answering else None


def trimmed(text: str, framing: frozenset[str] = frozenset()) -> str:
    """What something is about: without the words around it that tell nothing, and without those of the request."""
    words = text.strip(" .?!").split()
    while words and _bare(words[0]) in NO_CONTENT | _LEADING | framing:
        del words[0]
    while words and _bare(words[-1]) in _TRAILING | framing:
        del words[-1]
    return " ".join(words).strip(" ,:;.?!")


def _bare(word: str) -> str:
    return re.sub(r"[^\w']", "", word.lower())


def slots_of(parameters: dict[str, Any]) -> list[Slot]:
    required = parameters.get("required") or []
    return [Slot(name, schema, name in required) for name, schema in (parameters.get("properties") or {}).items()]


def clean(text: str) -> str:
    """What was said, without hesitations, and without what a correction takes back."""
    text = _HESITATIONS.sub("", text)
    return re.sub(
        r"(?i)^.*\b(?:no,? w(?:ait|eight)|sorry,? i meant|scratch that|correction)\b[,.:]?\s*(?=\S)", "", text
    ).strip()


def said_yes(text: str) -> bool | None:
    """Whether that was a yes, a no, or neither."""
    said = re.sub(r"[^a-z' ]", " ", text.lower())
    if re.match(r"\s*(no|nope|nah|not|don't|do not|wrong|cancel|stop)\b", said):
        return False
    return True if _YES.search(said) else None


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if word not in NO_CONTENT}


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _find_email(text: str) -> str | None:
    said = f" {text.lower().rstrip('.')} "
    for words, sign in _EMAIL_WORDS:
        said = said.replace(words, sign)
    found = re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", said.replace(" @ ", "@"))
    return found[-1] if found else None
