"""A text as its digits and letters: `four one one one`, `4111-1111` and `D E eight nine` as a form would have them.

Written digits may be parted by anything that is neither letter nor digit, spoken ones also by what people say in between.
Number words are English; single digits are known in German, French, Spanish and Italian too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_DIGITS = {
    word: str(value)
    for words in (
        "zero one two three four five six seven eight nine",
        "null eins zwei drei vier fünf sechs sieben acht neun",
        "zéro un deux trois quatre cinq six sept huit neuf",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
        "zero uno due tre quattro cinque sei sette otto nove",
    )
    for value, word in enumerate(words.split())
} | {"nought": "0", "nil": "0", "zwo": "2"}
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {
    **_DIGITS,
    **{word: str(value) for value, word in enumerate(_TEENS, 10)},
    **{word: f"{value}0" for value, word in enumerate(_TENS, 2)},
}
_SOUND_ALIKE = {"oh": "0", "o": "0", "for": "4", "to": "2", "too": "2", "won": "1", "ate": "8"}
_ZEROS = {"hundred": "00", "thousand": "000"}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_BETWEEN = frozenset(
    ["uh", "um", "er", "erm", "and", "dash", "hyphen", "minus", "space", "dot", "point", "comma", "slash", "then"]
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str  # lower case
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What one word of the text stands for: `chars[at:at + len(chars)]` of the spelling."""

    at: int
    chars: str
    start: int
    end: int


class Spelling:
    """`chars` holds the digits and letters, upper case. `span` leads back from places in it to those in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces = list(_pieces(text))
        self.chars = "".join(piece.chars for piece in self.pieces)
        self._of_char = [piece for piece in self.pieces for _ in piece.chars]
        self.heads = frozenset(piece.at for piece in self.pieces) | {len(self.chars)}

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the text has `chars[start:end]`. Of a spoken word, the whole of it."""
        first, last = self._of_char[start], self._of_char[end - 1]
        begin = first.start + (start - first.at if _written(first) else 0)
        stop = last.start + (end - last.at) if _written(last) else last.end
        return begin, stop

    def whole(self, start: int, end: int) -> bool:
        """Whether words begin and end there: a number is not the middle of another."""
        return start in self.heads and end in self.heads

    def digits(self, least: int) -> Iterator[tuple[int, int]]:
        """Runs of at least so many digits, with no letter between them."""
        for match in re.finditer(rf"[0-9]{{{least},}}", self.chars):
            yield match.span()

    def is_group(self, place: int) -> bool:
        """Whether a word of several digits begins there, as people write them in groups."""
        return place in self.heads and place + 1 not in self.heads

    def stretches(self, start: int, end: int, lengths: range) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Parts of `chars[start:end]` from word to word: where each begins, and where it may end, the farthest first."""
        heads = [start, *(place for place in range(start + 1, end) if place in self.heads), end]
        for number, begin in enumerate(heads):
            following = heads[number + 1 : number + 1 + lengths.stop]
            yield begin, tuple(stop for stop in reversed(following) if stop - begin in lengths)


def _written(piece: Piece) -> bool:
    return len(piece.chars) == piece.end - piece.start


def _pieces(text: str) -> Iterator[Piece]:
    tokens = [_Token(match[0].lower(), *match.span()) for match in _TOKEN.finditer(text)]
    spoken = [_is_spoken(tokens, place) for place in range(len(tokens))]
    at, place = 0, 0
    while place < len(tokens):
        token, begin, times = tokens[place], tokens[place].start, 1
        if token.text in _TIMES and place + 1 < len(tokens) and spoken[place + 1]:
            times, place = _TIMES[token.text], place + 1
            token = tokens[place]
        value = _value(tokens, place, spoken)
        if len(value) > 1 and value.endswith("0") and token.text in _WORDS and token.text in _TENS:
            following = tokens[place + 1].text if place + 1 < len(tokens) else ""
            if len(one := _DIGITS.get(following, "")) == 1 and one != "0":  # forty one
                value, place = value[0] + one, place + 1
        value *= times
        if value:
            yield Piece(at, value, begin, tokens[place].end)
            at += len(value)
        place += 1


def _value(tokens: list[_Token], place: int, spoken: list[bool]) -> str:
    """The characters a word stands for; none for what is only said between digits."""
    token = tokens[place].text
    if token[0].isdecimal():
        return "".join(str(int(digit)) for digit in token)  # of any script
    if spoken[place]:
        return _WORDS.get(token) or _SOUND_ALIKE.get(token) or _ZEROS[token]
    if token in _BETWEEN and 0 < place < len(tokens) - 1 and _is_number(tokens[place - 1], spoken[place - 1]):
        ahead = place + 1
        while ahead < len(tokens) - 1 and tokens[ahead].text in _BETWEEN:
            ahead += 1
        if _is_number(tokens[ahead], spoken[ahead]) or tokens[ahead].text in _TIMES:
            return ""
    upper = token.upper()
    return upper if len(upper) == len(token) else token


def _is_number(token: _Token, spoken: bool) -> bool:
    return spoken or token.text[0].isdecimal()


def _is_spoken(tokens: list[_Token], place: int) -> bool:
    """Whether a word is a number. Some are only where numbers are on both sides, zeros only after one."""
    token = tokens[place].text
    if token in _WORDS:
        return True
    before = tokens[place - 1].text if place else ""
    after = tokens[place + 1].text if place + 1 < len(tokens) else ""
    if token in _ZEROS:
        return before in _WORDS or before in _ZEROS
    if token in ("oh", "o"):
        return any(word in _WORDS or word in _SOUND_ALIKE or word in _TIMES for word in (before, after))
    return token in _SOUND_ALIKE and before in _WORDS and after in _WORDS
