"""A sound file that grows: two channels of Opus in OGG, a page a second."""

import numpy as np
import soundfile
from numpy.typing import NDArray

from worker.journal.files import Writer


class Ogg:
    """PCM16 at `sample_rate` Hz, shape (n, 2). Blocks while it encodes: for a thread, any one at a time.

    Written by libsndfile, which hands on a page for each second of sound: what was handed on can be played, however the
    process ends. A failure of the writer is raised as the OSError it is.
    """

    def __init__(self, writer: Writer, sample_rate: int) -> None:
        self._end = _End(writer)
        self._file = soundfile.SoundFile(
            self._end, "w", samplerate=sample_rate, channels=2, format="OGG", subtype="OPUS"
        )

    def write(self, pcm: NDArray[np.int16]) -> None:
        self._file.write(pcm)
        self._end.check()

    def close(self) -> None:
        """Writes what is left, and the end."""
        try:
            self._file.close()
            self._end.check()
        finally:
            self._end.close()


class _End:
    """What libsndfile takes for a file. It calls from C, where nothing can be raised: a failure is kept for `check`."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._written = writer, 0
        self._failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            if not self._failure:
                self._writer.write(bytes(data))
        except OSError as error:
            self._failure = error
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """It looks once, before it has written anything, how long the file is."""
        return self._written

    def check(self) -> None:
        if self._failure:
            raise self._failure

    def close(self) -> None:
        self._writer.close()
