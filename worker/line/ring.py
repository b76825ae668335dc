"""The last half minute of what the caller said, by sample position."""


class Ring:
    """Keeps the newest `seconds` of PCM16 mono at `sample_rate` Hz; older audio is dropped.

    Positions count samples since the call began, so that a mark set before a reconnect still means the same sound.
    """

    def __init__(self, sample_rate: int, seconds: int = 30) -> None:
        self._capacity = sample_rate * seconds * 2
        self._pcm = bytearray()
        self.position = 0

    def append(self, pcm: bytes) -> None:
        self._pcm += pcm
        self.position += len(pcm) // 2
        if (surplus := len(self._pcm) - self._capacity) > self._capacity // 10:  # not at every frame: it moves memory
            del self._pcm[:surplus]

    @property
    def oldest(self) -> int:
        """The position of the first sample that is still kept."""
        return self.position - len(self._pcm) // 2

    def since(self, position: int) -> bytes:
        """What came after `position`, or as much of it as is still kept."""
        wanted = (self.position - position) * 2
        return bytes(self._pcm[-wanted:]) if wanted > 0 else b""
