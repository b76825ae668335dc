"""The last half minute of what the caller said, by sample position."""


class Ring:
    """Keeps the newest `seconds` of PCM16 mono at `sample_rate` Hz; older audio is dropped.

    Positions count samples since the call began, so that a mark set before a reconnect still means the same sound.
    The memory is taken at once and written over again and again: one that grows and shrinks leaves holes, in every call.
    """

    def __init__(self, sample_rate: int, seconds: int = 30) -> None:
        self._pcm = memoryview(bytearray(sample_rate * seconds * 2))
        self._written = 0  # bytes

    def append(self, pcm: bytes) -> None:
        room = len(self._pcm)
        if not room:
            return
        self._written += len(pcm)
        pcm = pcm[-room:]
        start = (self._written - len(pcm)) % room
        first = min(len(pcm), room - start)
        self._pcm[start : start + first] = pcm[:first]
        self._pcm[: len(pcm) - first] = pcm[first:]

    def release(self) -> None:
        """The call is over. What is left of one is looked through for garbage much later, and its sound is most of it."""
        self._pcm = memoryview(b"")

    @property
    def position(self) -> int:
        """How many samples there were."""
        return self._written // 2

    @property
    def oldest(self) -> int:
        """The position of the first sample that is still kept."""
        return max(0, self._written - len(self._pcm)) // 2

    def since(self, position: int) -> bytes:
        """What came after `position`, or as much of it as is still kept."""
        wanted = min(self._written - max(0, position) * 2, self._written, len(self._pcm))
        if wanted <= 0:
            return b""
        end = self._written % len(self._pcm)
        if wanted <= end:
            return bytes(self._pcm[end - wanted : end])
        return bytes(self._pcm[end - wanted :]) + bytes(self._pcm[:end])
