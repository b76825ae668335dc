"""What the model shall remember: what the caller said, what they heard, and what tools did, in order.

A provider's own record holds sentences nobody heard, and is gone with its session; a new session is filled from this.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livekit.agents.utils import shortuuid

from agents import context
from agents.showing import Source

SUMMARY = "summary_"  # how the items begin that stand for hidden ones
_DIGEST = "digest_"  # and the one that stands for what was compacted
_WORDS = "_"  # how the item ends that stands for pictures which the model has not before it


@dataclass(frozen=True, slots=True)
class Said:
    """`role` is `user`, `assistant` or `system` (a note of ours); an empty text is not known yet, or nothing."""

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


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures of the caller's, JPEG each. `text` tells of them, `about` what is on them, as far as it is known."""

    item: str
    text: str
    pictures: tuple[bytes, ...]
    about: str = ""

    @property
    def words(self) -> str:
        """For a model that does not have them before it."""
        return f"{self.text} It shows {self.about}." if self.about else f"{self.text} You cannot see it now."


@dataclass(frozen=True, slots=True)
class Frame:
    """What somebody's camera or screen shows at a moment, a JPEG; nothing that they say. The rest is as of `Shown`."""

    item: str
    source: Source
    text: str
    picture: bytes
    about: str = ""
    whose: str = ""

    @property
    def words(self) -> str:
        """For a model that takes no pictures."""
        return f"{self.text} It shows {self.about}." if self.about else self.text


Entry = Said | Called | Returned | Shown | Frame


@dataclass(frozen=True, slots=True)
class Outgrown:
    """What is to be compacted, and all that the summary then stands for: (role, text), a tool's result by its name."""

    items: frozenset[str]
    stands_for: frozenset[str]
    turns: tuple[tuple[str, str], ...]


class Memory:
    """Entries in the order they came. Some may be hidden from the agent who has the call; none is lost.

    What is compacted the model knows as one summary at the front, of as much as is not hidden. It stays compacted.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._hidden: frozenset[str] = frozenset()
        self._compacted: frozenset[str] = frozenset()
        self._digests: dict[frozenset[str], Said] = {}  # by what they stand for
        self._audio_ms: dict[str, int] = {}
        self._absent = set[str]()  # calls that the provider's session does not know
        self._spoilt: frozenset[str] = frozenset()  # that the provider's session remembers more of than it shall
        self._unchecked: dict[str, str] = {}  # words of a message that nobody may be told of yet
        self._keeps = self._looks = 0  # pictures
        self._watches = frozenset[Source]()
        self._live = set[tuple[str, Source]]()  # whose newest frames are what is there now

    def add(self, entry: Entry) -> None:
        self._entries.setdefault(entry.item, entry)

    def look(self, looks: int, keeps: int) -> None:
        """The model has so many pictures before it, the newest. More are never wanted than what is kept of them."""
        self._looks, self._keeps = looks, keeps

    def show(self, shown: Shown) -> None:
        """Adds pictures; those that nobody will look at any more are let go."""
        self.add(replace(shown, pictures=shown.pictures[: self._keeps]))
        kept = self._in_view(self._keeps)
        for entry in list(self._entries.values()):
            if isinstance(entry, Shown) and entry.item not in kept:
                self._entries[entry.item] = replace(entry, pictures=())

    def watch(self, sources: frozenset[Source]) -> None:
        """The model has frames of these before it."""
        self._watches = sources

    def see(self, frame: Frame, most: int) -> None:
        """Adds a frame; of all that there are, so many stay: the newest, and the last of each camera or screen that is on.

        A screen that stays as it is costs one frame, which a camera that moves all the time shall not push out.
        """
        self.add(frame)
        self._live.add((frame.whose, frame.source))
        frames = [entry for entry in self._entries.values() if isinstance(entry, Frame)]
        last = {(one.whose, one.source): one.item for one in frames if (one.whose, one.source) in self._live}
        frames.sort(key=lambda one: one.item in last.values())
        for one in frames[: max(0, len(frames) - most)]:
            del self._entries[one.item]

    def off(self, source: Source, whose: str) -> None:
        """Somebody's camera or screen is off, or nobody looks at it: what it showed last is of before."""
        self._live.discard((whose, source))

    def look_away(self) -> None:
        """No frame stays."""
        self._entries = {item: entry for item, entry in self._entries.items() if not isinstance(entry, Frame)}

    def _in_view(self, most: int) -> set[str]:
        """The newest that have so many pictures together."""
        view = set[str]()
        for entry in reversed(self._entries.values()):
            if isinstance(entry, Shown):
                most -= len(entry.pictures)
                if most < 0 or not entry.pictures:
                    break
                view.add(entry.item)
        return view

    def word(self, item: str, text: str) -> None:
        """Sets the text of something said; of an unknown item nothing is known."""
        if isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=text)

    def hold(self, item: str) -> None:
        """From now on, more words of it are told nobody before they are `approve`d."""
        self._unchecked.setdefault(item, "")

    def approve(self, item: str, characters: int) -> None:
        """So much of it, in all, may be told."""
        if item in self._unchecked and isinstance(said := self._entries.get(item), Said):
            text = said.text + self._unchecked[item]
            self._unchecked[item] = text[characters:]
            self._entries[item] = replace(said, text=text[:characters])

    def release(self, item: str) -> None:
        """All of it may be told."""
        rest = self._unchecked.pop(item, "")
        self.more(item, rest)

    def more(self, item: str, text: str) -> None:
        if item in self._unchecked:
            self._unchecked[item] += text
        elif isinstance(said := self._entries.get(item), Said):
            self._entries[item] = replace(said, text=said.text + text)

    def text(self, item: str) -> str:
        said = self._entries.get(item)
        return said.text if isinstance(said, Said) else ""

    def forget(self, item: str) -> None:
        self._entries.pop(item, None)

    def spoil(self, item: str) -> None:
        """The provider's session remembers more of it than it shall."""
        self._spoilt |= {item}

    def sounds(self, item: str, ms: int) -> None:
        """The provider has an item as sound, of this length; one of 0 ms it has as text."""
        self._audio_ms[item] = ms

    def audio_ms(self, item: str) -> int:
        return self._audio_ms.get(item, 0)

    def restored(self) -> None:
        """A new session has been filled with what `entries` tells, as text; it has nothing else."""
        self._audio_ms.clear()
        self._spoilt = frozenset()
        self._entries = {
            item: entry for item, entry in self._entries.items() if not is_wordless(entry) or item in self._unchecked
        }
        answered = self._answered()
        self._absent = {
            item for item, entry in self._entries.items() if isinstance(entry, Called) and entry.call_id not in answered
        }

    def recall(self, call_id: str) -> bool:
        """A call that began in a session which is gone is to be there again: its result comes. False if it is."""
        for entry in self._entries.values():
            if isinstance(entry, Called) and entry.call_id == call_id and entry.item in self._absent:
                self._absent.remove(entry.item)
                return True
        return False

    @property
    def hidden(self) -> frozenset[str]:
        return self._hidden

    @property
    def withheld(self) -> frozenset[str]:
        """What the model shall not know, or by its summary only, or not all of."""
        view = self._in_view(self._looks)
        unseen = {
            entry.item
            for entry in self._entries.values()
            if (isinstance(entry, Shown) and entry.item not in view)
            or (isinstance(entry, Frame) and entry.source not in self._watches)
        }
        return self._hidden | self._compacted | self._spoilt | unseen

    def hide(self, items: frozenset[str]) -> None:
        """From now on these, and only these, are hidden."""
        self._hidden = items

    def shared(self, share: str) -> frozenset[str]:
        """What to hide from the next agent: `all`, `summary`, `none`, or `last: N` turns of the caller.

        What the caller said last is always shared: it is the next agent who answers it.
        """
        summaries = frozenset(entry.item for entry in self._entries.values() if is_summary(entry))
        if share == "all":
            return summaries
        turns = int(share.removeprefix("last:")) if share.startswith("last:") else 1
        items = list(self._entries.values())
        begins = turn_starts(items)
        start = begins[-turns] if len(begins) >= turns else 0
        results = {entry.call_id for entry in items[:start] if isinstance(entry, Returned)}
        return summaries | frozenset(
            entry.item
            for entry in items[:start]
            if not is_wordless(entry)  # its words may still come, as a tool's result may
            and not (isinstance(entry, Called) and entry.call_id not in results)
        )

    def plan(self, items: frozenset[str]) -> Outgrown:
        """To compact `items` a summary is needed; `compact` takes it."""
        shown = {entry.item for entry in self._entries.values() if isinstance(entry, Shown)}
        items = frozenset(item.removesuffix(_WORDS) if item.removesuffix(_WORDS) in shown else item for item in items)
        stands_for = (self._compacted | items) - self._hidden
        return Outgrown(items, stands_for, self._spoken(stands_for))

    def compact(self, outgrown: Outgrown, summary: str) -> bool:
        """From now on the model knows these by their summary. False, without effect, if others are hidden by now."""
        if (self._compacted | outgrown.items) - self._hidden != outgrown.stands_for:
            return False
        self._compacted |= outgrown.items
        self._digests[outgrown.stands_for] = Said(shortuuid(_DIGEST), "system", summary)
        return True

    def put_first(self, entry: Said) -> None:
        """Adds what comes before all that is shared."""
        self._entries = {entry.item: entry, **self._entries}

    def turns(self) -> tuple[tuple[str, str], ...]:
        """All that was said, as (role, text), hidden or not."""
        return tuple(
            (entry.role, entry.text) if isinstance(entry, Said) else ("user", entry.words)
            for entry in self._entries.values()
            if isinstance(entry, Said | Shown) and not is_summary(entry)
        )

    def held(self) -> tuple[Entry, ...]:
        """What the provider's session has, in order: speech too that has no words, and calls that have no result."""
        out, view = self._hidden | self._compacted | self._absent, self._in_view(self._looks)
        shown = [
            Said(entry.item + _WORDS, "user", entry.words)
            if isinstance(entry, Shown) and entry.item not in view
            else entry
            for entry in self._entries.values()
            if entry.item not in out and not (isinstance(entry, Frame) and entry.source not in self._watches)
        ]
        first = next((place for place, entry in enumerate(shown) if not is_summary(entry)), len(shown))
        return (*shown[:first], *self._digest(), *shown[first:])

    def entries(self) -> tuple[Entry, ...]:
        """What the model shall know, in order.

        Without what has no words, and without calls that have no result yet (a provider refuses those).
        """
        answered = self._answered()
        return tuple(
            entry
            for entry in self.held()
            if not is_wordless(entry) and not (isinstance(entry, Called) and entry.call_id not in answered)
        )

    def _digest(self) -> tuple[Said, ...]:
        """The summary of what is compacted and not hidden, if anything is."""
        if not (stands_for := self._compacted - self._hidden):
            return ()
        if stands_for not in self._digests:  # a handoff has changed what is hidden
            text = context.summary(self._spoken(stands_for))
            self._digests[stands_for] = Said(shortuuid(_DIGEST), "system", text)
        return (self._digests[stands_for],)

    def _spoken(self, items: frozenset[str]) -> tuple[tuple[str, str], ...]:
        turns = []
        for entry in self._entries.values():
            match entry:
                case Said(item, role, text) if item in items:
                    turns.append((role, text))
                case Returned(item, _, name, output) if item in items:
                    turns.append((name, output))
                case Shown(item) if item in items:
                    turns.append(("user", entry.words))
        return tuple(turns)

    def _answered(self) -> set[str]:
        return {entry.call_id for entry in self._entries.values() if isinstance(entry, Returned)}


def turn_starts(entries: Sequence[Entry]) -> list[int]:
    """Where the caller takes a turn; what they add to it before anybody answers belongs to it."""
    return [
        place
        for place, entry in enumerate(entries)
        if _by(entry, "user") and not (place and _by(entries[place - 1], "user"))
    ]


def _by(entry: Entry, role: str) -> bool:
    return (isinstance(entry, Said) and entry.role == role) or (isinstance(entry, Shown) and role == "user")


def is_summary(entry: Entry) -> bool:
    """Whether it stands for others, hidden or compacted ones."""
    return entry.item.startswith((SUMMARY, _DIGEST))


def is_wordless(entry: Entry) -> bool:
    """Whether it was noise, or is in no transcript yet."""
    return isinstance(entry, Said) and not entry.text.strip()
