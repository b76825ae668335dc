"""A number that is told in pieces, turn by turn: `4111 1111`, a breath, `1111 1111`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.redaction.policy import Hole, Policy, merged, spelling_of

JOINED_MS = 60_000  # somebody may have to look for their glasses between two pieces
_GAP_WORDS = 4  # that may stand between two pieces: `and then it is`
_MOST_PIECES = 12
_FEWEST, _MOST = 8, 40  # digits, of what there is to be found
_SHORT_WORDS = frozenset({"A", "I", "AM", "AN", "AS", "AT", "BE", "BY", "DO", "GO", "HE", "IF", "IN", "IS"}) | {
    *("IT", "ME", "MY", "NO", "OF", "OK", "ON", "OR", "SO", "TO", "UP", "US", "WE")
}
_OPEN = 3  # digits from which on a turn may be the beginning of something longer


@dataclass(slots=True, eq=False)
class Turn:
    """What somebody said, wrote or dialled as one: the `number`-th event of its call. `holes` may become more."""

    number: int
    at_ms: int
    text: str
    holes: list[Hole] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of digits in a turn; `digits` counts those in words too."""

    turn: Turn
    start: int
    end: int
    digits: int

    @property
    def text(self) -> str:
        return self.turn.text[self.start : self.end]

    @property
    def is_out(self) -> bool:
        """Whether it is taken out, if only in part."""
        return any(hole.start < self.end and hole.end > self.start for hole in self.turn.holes)


class Pieces:
    """The numbers that one speaker has told last, as long as the next may belong to them."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._chain: list[Piece] = []

    def take(self, turn: Turn) -> list[Piece]:
        """The next turn. Returns the pieces of what was found in several; their turns have holes there now."""
        found = list[Piece]()
        pieces, after = _pieces(turn)
        if not self._fresh(turn.at_ms):
            self._chain = []
        for before, piece in pieces:
            if before > _GAP_WORDS or piece.is_out:
                self._chain = []
            if not piece.is_out:
                self._chain = [*self._chain, piece][-_MOST_PIECES:]
                found += self._whole()
        if pieces and after > _GAP_WORDS:
            self._chain = []
        return found

    def last(self, now_ms: float) -> list[Piece]:
        """Those that the next may belong to."""
        return self._chain if self._fresh(now_ms) else []

    def open(self, now_ms: float) -> list[Piece]:
        """Those that may be the beginning of something longer, and are not taken out yet."""
        last = [piece for piece in self.last(now_ms) if not piece.is_out]
        return last if sum(piece.digits for piece in last) >= _OPEN else []

    def _fresh(self, now_ms: float) -> bool:
        return bool(self._chain) and now_ms - self._chain[-1].turn.at_ms <= JOINED_MS

    def _whole(self) -> list[Piece]:
        """The pieces at the end of the chain that are one number together."""
        for first in range(len(self._chain) - 1):
            pieces = self._chain[first:]
            if not _FEWEST <= sum(piece.digits for piece in pieces) <= _MOST:
                continue
            starts = _starts(pieces)
            for hole in self._policy.numbers(" ".join(piece.text for piece in pieces)):
                inside = [
                    piece
                    for piece, start in zip(pieces, starts, strict=True)
                    if hole.start < start + len(piece.text) and hole.end > start
                ]
                if len(inside) > 1 and not all(piece.is_out for piece in inside):
                    for piece in inside:
                        piece.turn.holes = merged([*piece.turn.holes, Hole(piece.start, piece.end, hole.instead)])
                    return inside
        return []


def before_open_number(text: str) -> str:
    """A text that goes on, up to where a number begins that may go on with it."""
    pieces, after = _pieces(Turn(0, 0, text))
    end, digits = len(text), 0
    for before, piece in reversed(pieces):
        if after > _GAP_WORDS:
            break
        end, digits, after = piece.start, digits + piece.digits, before
    return text[:end].rstrip() if digits >= _OPEN else text


def _starts(pieces: Sequence[Piece]) -> list[int]:
    """Where each begins when they stand one after the other, a space between."""
    starts = [0]
    for piece in pieces[:-1]:
        starts.append(starts[-1] + len(piece.text) + 1)
    return starts


def _pieces(turn: Turn) -> tuple[list[tuple[int, Piece]], int]:
    """The runs of digits of a turn, each with how many words come before it; and how many come after the last."""
    found = list[tuple[int, Piece]]()
    start = end = digits = words = before = 0
    for one in spelling_of(turn.text).pieces:
        if not _is_number(one.chars):
            words += 1
            continue
        if digits and words:
            found.append((before, Piece(turn, start, end, digits)))
        if not digits or words:
            start, digits, before = one.start, 0, words
        end, digits, words = one.end, digits + len(one.chars), 0
    if digits:
        found.append((before, Piece(turn, start, end, digits)))
    return [one for one in found if not _is_within_word(one[1])], words


def _is_within_word(piece: Piece) -> bool:
    """Whether it is a part of an id of letters and digits."""
    text = piece.turn.text
    return text[piece.start - 1 : piece.start].isalnum() or text[piece.end : piece.end + 1].isalnum()


def _is_number(chars: str) -> bool:
    """Digits, or the letters that IBANs and the like have between them."""
    return chars.isdigit() or (len(chars) <= 2 and chars.isupper() and chars not in _SHORT_WORDS)
