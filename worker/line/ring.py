"""The last half minute of what the caller said, by sample position."""

from collections import deque
from itertools import islice

_PIECE_S = 5  # at 16 kHz the shortest, in whole seconds, that has pages of its own: see worker/footprint.py


class Ring:
    """Keeps the newest `seconds` of PCM16 mono at `sample_rate` Hz; older audio is dropped, and what nobody needs.

    Positions count samples since the call began, so that a mark set before a reconnect still means the same sound.
    Memory is taken in large pieces, and given back in such: what grows and shrinks by frames leaves holes, in every call.
    """

    def __init__(self, sample_rate: int, seconds: int = 30) -> None:
        self._most, self._piece = sample_rate * seconds * 2, sample_rate * _PIECE_S * 2
        self._pieces = deque[bytearray]()  # the last is being filled
        self._begins = self._written = 0  # bytes: where the first piece begins, and all that there were

    def append(self, pcm: bytes) -> None:
        if not self._most:
            return
        left = memoryview(pcm)
        while left:
            place = self._written % self._piece
            if not place:
                self._pieces.append(bytearray(self._piece))
            part = left[: self._piece - place]
            self._pieces[-1][place : place + len(part)] = part
            self._written += len(part)
            left = left[len(part) :]
        self._drop(self._written - self._most)

    def forget(self, position: int) -> None:
        """Nobody needs what came before."""
        self._drop(position * 2)

    def release(self) -> None:
        """The call is over. What is left of one is looked through for garbage much later, and its sound is most of it."""
        self._most, self._begins = 0, self._written
        self._pieces.clear()

    @property
    def position(self) -> int:
        """How many samples there were."""
        return self._written // 2

    @property
    def oldest(self) -> int:
        """The position of the first sample that is still kept."""
        return max(self._begins, self._written - self._most) // 2

    def since(self, position: int) -> bytes:
        """What came after `position`, or as much of it as is still kept."""
        start = max(position, self.oldest) * 2 - self._begins
        first, offset = divmod(start, self._piece)
        kept = self._written - self._begins
        pieces = (piece[: kept - number * self._piece] for number, piece in enumerate(self._pieces))
        return b"".join(islice(pieces, first, None))[offset:]

    def _drop(self, before: int) -> None:
        """Whole pieces, never the one that is being filled."""
        while len(self._pieces) > 1 and self._begins + self._piece <= before:
            self._pieces.popleft()
            self._begins += self._piece
