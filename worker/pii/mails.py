"""E-mail addresses, written, or as they are said: `jane dot doe at example dot org`."""

import re
from collections.abc import Iterator

_WRITTEN = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_JOINT = r"(?:dot|point|underscore|dash|hyphen|minus|plus)"
_ENDING = r"(?:com|org|net|edu|gov|info|biz|eu|uk|de|fr|es|it|nl|at|ch|ie|be|us|ca|au|io|dev|app|me)"
_SPOKEN = re.compile(
    rf"(?i)(?<!\w)(?:\w{{1,40}} {_JOINT} ){{0,5}}\w{{1,40}},? (?:at|@)(?: sign)? "
    rf"(?:\w{{1,40}} {_JOINT} ){{0,4}}\w{{1,40}} ?(?:dot |\.){_ENDING}(?: dot uk)?(?!\w)"
)


def mails(text: str) -> Iterator[tuple[int, int]]:
    """Where they are in the text."""
    if "@" in text:
        for match in _WRITTEN.finditer(text):
            yield match.span()
    for match in _SPOKEN.finditer(text):
        yield match.span()
