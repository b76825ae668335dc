"""Words that somebody said, and how sure whoever recognised them is."""

from typing import Self


class Words(str):
    """A text. `sure`: the mean log probability of its tokens, 0 of no words."""

    sure = 0.0

    @classmethod
    def of(cls, text: str, sure: float) -> Self:
        words = cls(text)
        words.sure = sure
        return words
