"""Where the files of calls are kept: a folder a call."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

_CALL = re.compile(r"[\w-]{1,64}", re.ASCII)
_NAME = re.compile(r"[a-z0-9-]{1,64}\.[a-z0-9]{1,8}")


class FilesError(Exception):
    """A file cannot be made, or has no name that is possible; the message says why."""


class Taken(FilesError):
    """There is a file of that name."""


class Writer(Protocol):
    """Takes a file from its beginning to its end. What was written stays when the process is killed."""

    def write(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...


class Files(Protocol):
    """Keeps the files of calls. Blocks: not for an event loop."""

    def create(self, call: str, name: str) -> Writer:
        """A new file of a call. Raises FilesError: Taken, when there is one of that name."""


def write_all(files: Files, call: str, contents: Mapping[str, bytes]) -> None:
    """Each as a file of its own, by name. Blocks. Raises FilesError or OSError."""
    for name, data in contents.items():
        writer = files.create(call, name)
        try:
            while data:
                data = data[writer.write(data) :]
        finally:
            writer.close()


def recording(part: int) -> str:
    """The name of a call's recording. A call that another worker went on with has several, from 1."""
    return "recording.ogg" if part == 1 else f"recording-{part}.ogg"


class Folder:
    """Files in a folder of this machine, or one that all machines share. Only this user may read them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, call: str, name: str) -> BinaryIO:
        path = self._of(call, name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
        except FileExistsError as error:
            raise Taken(f"{path} is there already.") from error
        except OSError as error:
            raise FilesError(f"{path} cannot be made: {error.strerror}. Check BATON_FILES.") from error

    def find(self, call: str, name: str) -> Path | None:
        """A file of a call; None if there is none, or no such name is possible."""
        try:
            path = self._of(call, name)
        except FilesError:
            return None
        return path if path.is_file() and not path.is_symlink() else None

    def shown(self, call: str, names: Sequence[str]) -> dict[str, bytes]:
        """What is there of these, by name. Blocks: not for an event loop."""
        found = {name: self.find(call, name) for name in names}
        return {name: path.read_bytes() for name, path in found.items() if path}

    def recordings(self, call: str) -> list[Path]:
        """The parts of a call's recording, in order."""
        found = list[Path]()
        while path := self.find(call, recording(len(found) + 1)):
            found.append(path)
        return found

    def _of(self, call: str, name: str) -> Path:
        if not _CALL.fullmatch(call) or not _NAME.fullmatch(name):
            raise FilesError(f"{call!r}, {name!r}: no name of a call and a file.")
        return self._path / call / name
