"""Several people in one call: what they are called, and what the model is told of who says what. Pure."""

import unicodedata
from typing import Literal

Linked = Literal["first", "all"]

LONGEST = 40  # characters of a name
_MARKS = 2  # accents on one letter; more are no name, and stand over the lines above
_NOT_IN_NAMES = frozenset('<>"`{}[]|\\:;')


def clean_name(given: str) -> str:
    """A name that anybody can choose, as it may be shown and said: one line without markup, and nothing that cannot be seen.

    Empty if nothing is left.
    """
    kept, marks = list[str](), 0
    for char in unicodedata.normalize("NFC", given[: 8 * LONGEST]):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char.isspace():
            kept.append(" ")
        elif char.isprintable() and char not in _NOT_IN_NAMES and marks <= _MARKS:
            kept.append(char)
    return " ".join("".join(kept).split())[:LONGEST].strip()


class Names:
    """What the people of a call are called, in the order in which they came; who has left keeps their name.

    No two have the same: the second Anna is `Anna 2`.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by identity
        self._here = list[str]()

    def came(self, identity: str, given: str) -> str:
        """Somebody has; returns what they are called from now on."""
        if identity not in self._here:
            self._here.append(identity)
        if identity not in self._names:
            self._names[identity] = self._free(clean_name(given) or "Caller")
        return self._names[identity]

    def left(self, identity: str) -> None:
        if identity in self._here:
            self._here.remove(identity)

    @property
    def here(self) -> tuple[str, ...]:
        """The identities of those who are there."""
        return tuple(self._here)

    @property
    def several(self) -> bool:
        """Whether more than one has been there: from then on, what is said has a name before it."""
        return len(self._names) > 1

    def of(self, *identities: str) -> str:
        """`Anna`, `Anna and Ben`; of somebody unknown, `somebody`."""
        names = [self._names.get(identity, "somebody") for identity in identities] or ["somebody"]
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))

    def said(self, text: str, *identities: str) -> str:
        """What somebody said or wrote, with their name before it if they are not alone."""
        return f"{self.of(*identities)}: {text}" if self.several else text

    def _free(self, name: str) -> str:
        taken, number, free = set(self._names.values()), 1, name
        while free in taken:
            number += 1
            free = f"{name} {number}"
        return free


# ---- what the model is told


def joined(names: Names, identity: str) -> str:
    """Somebody is there besides those who were."""
    return (
        f"{names.of(identity)} has joined the call. These people are in it now, and all of them hear you: "
        f"{names.of(*names.here)}. You are told who says what. Answer who speaks to you; if it is not clear whom you mean, "
        "say their name."
    )


def gone(names: Names, identity: str) -> str:
    return f"{names.of(identity)} has left the call. Still there: {names.of(*names.here)}."


def spoke(names: Names, *identities: str) -> str:
    """Of what was just heard: it is told when it changes."""
    if len(identities) > 1:
        return f"What you have just heard was said by {names.of(*identities)}, who spoke at the same time."
    who = names.of(*identities)
    return f"What you have just heard was said by {who}, and so is what follows, until you are told otherwise."


def talked_aside(seconds: int) -> str:
    """They had muted the agent."""
    return (
        f"For {seconds} seconds people have talked among themselves, and did not want you to hear it: you know nothing of "
        "it. They are back with you now. Do not begin by yourself: wait until somebody speaks to you."
    )


def showed(names: Names, ref: str, identity: str) -> str:
    return f"{ref} is from {names.of(identity)}."
