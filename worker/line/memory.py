"""What the model shall remember: what the caller said, what they heard, and what tools did, in order.

A provider's own record holds sentences nobody heard, and is gone with its session; a new session is filled from this.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Said:
    """`role` is `user` or `assistant`; an empty text is not known yet, or nothing."""

    item: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Called:
    item: str
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Returned:
    item: str
    call_id: str
    name: str
    output: str


Entry = Said | Called | Returned


class Memory:
    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        self._entries.setdefault(entry.item, entry)

    def word(self, item: str, text: str) -> None:
        """Sets the text of something said; of an unknown item nothing is known."""
        if isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=text)

    def more(self, item: str, text: str) -> None:
        if isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=said.text + text)

    def text(self, item: str) -> str:
        said = self._entries.get(item)
        return said.text if isinstance(said, Said) else ""

    def forget(self, item: str) -> None:
        self._entries.pop(item, None)

    def entries(self) -> tuple[Entry, ...]:
        """In order, without what has no words, and without calls that have no result yet (a provider refuses those)."""
        answered = {entry.call_id for entry in self._entries.values() if isinstance(entry, Returned)}
        return tuple(
            entry
            for entry in self._entries.values()
            if not (isinstance(entry, Said) and not entry.text.strip())
            and not (isinstance(entry, Called) and entry.call_id not in answered)
        )
