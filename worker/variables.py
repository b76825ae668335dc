"""Variables that a file names: `${NAME}`."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class Unset(Exception):
    """A variable that the file names has no value."""

    __match_args__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def fill(text: str, variables: Mapping[str, str]) -> str:
    """With the values of the variables it names. Raises Unset, for one that is empty too: a container gets those so."""

    def value(match: re.Match[str]) -> str:
        if not (found := variables.get(match[1])):
            raise Unset(match[1])
        return found

    return _VARIABLE.sub(value, text)
