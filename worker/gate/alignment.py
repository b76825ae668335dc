"""Which words of a message have been heard, when only the number of samples heard is known.

No provider says which word a sample belongs to. A finished message is taken to be spoken at an even pace; of one
that still grows, words run ahead of its audio by an unknown lead, so an upper bound of the pace of speech counts.
"""

CHARACTERS_PER_SECOND = 17


def heard_text(text: str, *, heard: int, fed: int, ended: bool, sample_rate: int) -> str:
    """The beginning of `text` that `heard` of the `fed` samples carry, up to the end of the word begun."""
    if ended and heard >= fed:
        return text
    length = len(text) * heard // fed if ended else heard * CHARACTERS_PER_SECOND // sample_rate
    if length <= 0 or length >= len(text):
        return text[: max(0, length)]
    end = text.find(" ", length)
    return text if end < 0 else text[:end]
