"""Numbers as people say them: `1042`, `10 42`, `ten forty two`, `one oh four two`, `a thousand and forty-two`."""

import re

_ONES = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {"oh": 0, "o": 0, "nought": 0, "nil": 0, "a": 1, "an": 1, "for": 4, "to": 2, "too": 2, "won": 1, "ate": 8}
_TENS = {
    w: v
    for v, w in zip(
        range(20, 100, 10), ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], strict=True
    )
}
_SCALES = {"hundred": 100, "thousand": 1000}
_SOUNDALIKES = frozenset({"a", "an", "for", "to", "too", "won", "ate", "o"})  # numbers only between numbers
_FILLERS = frozenset({"uh", "um", "er", "and", "dash", "comma"})


def runs(text: str) -> list[list[int]]:
    """For each run of number words, the numbers it may mean, the likeliest first."""
    found, run = [], list[str]()
    for token in [*_tokens(text), ""]:
        if (
            (token in _FILLERS and run)
            or token.isdigit()
            or token in _ONES
            or token in _TENS
            or token in _SCALES
            or token in ("double", "triple")
        ):
            run.append(token)
        elif run:
            if numbers := meanings(run):
                found.append(numbers)
            run = []
    return found


def cardinal(words: str) -> int:
    """`thirty five` as 35."""
    return _cardinal(words.split())


def is_number_word(word: str) -> bool:
    return word in _ONES or word in _TENS or word in _SCALES


def _tokens(text: str) -> list[str]:
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text.lower())
    text = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1 th", text)  # an ordinal ends a run: it belongs to a date
    text = re.sub(r"[.!?;](?!\d)", " | ", text)
    return re.findall(r"\d+|[a-z]+|\|", text.replace("-", " "))


def meanings(run: list[str]) -> list[int]:
    """The numbers that a row of number words and digits may mean, the likeliest first."""
    while run and (run[-1] in _FILLERS or run[-1] in _SOUNDALIKES):
        run.pop()
    while run and run[0] in _SOUNDALIKES and not (run[0] in ("a", "an") and run[1:2] and run[1] in _SCALES):
        run.pop(0)
    words = [word for word in run if word not in _FILLERS]
    if not words:
        return []
    digits, cardinal = _digits(words), _cardinal(words)
    scaled = any(word in _SCALES for word in words)
    return list(dict.fromkeys([cardinal, digits] if scaled else [digits, cardinal]))


def _digits(words: list[str]) -> int:
    """The groups one after the other: `ten forty two` is 10, 42."""
    groups, times = list[str](), 1
    for word in words:
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        if word in _SCALES:
            groups.append("0" * (len(str(_SCALES[word])) - 1))
            continue
        value = word if word.isdigit() else str(_ONES.get(word, _TENS.get(word, 0)))
        joins = groups and word in _ONES and 0 < int(value) < 10 and re.fullmatch(r"[2-9]0", groups[-1])
        if joins and times == 1 and not groups[-1].isspace() and words[words.index(word) - 1] in _TENS:
            groups[-1] = groups[-1][0] + value
        else:
            groups.append(value * times)
        times = 1
    return int("".join(groups) or "0")


def _cardinal(words: list[str]) -> int:
    total = part = 0
    for word in words:
        if word in _SCALES:
            part = max(1, part) * _SCALES[word]
            if word == "thousand":
                total, part = total + part, 0
        elif word.isdigit():
            part += int(word)
        else:
            part += _ONES.get(word, _TENS.get(word, 0))
    return total + part
