"""The pictures of an iPhone, HEIC, made into JPEGs by libheif's own program, where this machine has it.

    python -m worker.shown.heic PROGRAM ARGUMENTS

The licences of its decoders keep them out of our processes, and a decoder is no good company anyway: this one bounds
itself as our reader does, and becomes the program.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from worker.shown.kind import Ambiguous, kind_of
from worker.shown.limits import bound
from worker.shown.result import Refused

logger = logging.getLogger(__name__)

PROGRAMS = ("heif-dec", "heif-convert")  # the newer name first
JPEG_BYTES = 64 * 1024 * 1024  # what comes out; 48 million pixels are some 20 MB
CONVERT_S = 30.0
_QUALITY = 92
_ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(sys.path)}  # and none of our keys
_MEMORY = "/dev/shm"  # where there is such a folder, nothing of the picture touches a disk
_DAMAGED = Refused(
    "file.unreadable", "The HEIC picture cannot be opened here. Send it as a JPEG, or a screenshot of it."
)


def program() -> str | None:
    """Where it is; None: this machine has none."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def as_jpeg(data: bytes, converter: str) -> bytes:
    """Upright; of several pictures in one file, the first. Blocks. Raises Refused.

    What is something else besides comes back as it is, and is refused by whoever reads it.
    """
    try:
        kind_of(data)
    except Ambiguous:
        return data
    try:
        with tempfile.TemporaryDirectory(
            prefix="baton-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None
        ) as folder:
            return _convert(data, converter, Path(folder))
    except OSError as error:  # no room there
        logger.warning("a HEIC of %d bytes could not be converted: %s", len(data), type(error).__name__)
        raise _DAMAGED from error


def _convert(data: bytes, converter: str, folder: Path) -> bytes:
    source = folder / "picture.heic"
    source.write_bytes(data)
    command = [converter, "-q", str(_QUALITY), str(source), str(folder / "picture.jpg")]
    _run([sys.executable, "-m", __name__, *command], len(data))
    made = sorted(folder.glob("picture*.jpg"))
    if not made:
        raise _DAMAGED
    return made[0].read_bytes()


def _run(command: list[str], size: int) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CONVERT_S, check=False, env=_ENVIRONMENT
        )
    except subprocess.TimeoutExpired as error:
        logger.warning("a HEIC of %d bytes was not converted within %.0f s", size, CONVERT_S)
        raise _DAMAGED from error
    if done.returncode:
        logger.warning("a HEIC of %d bytes could not be converted: exit code %d", size, done.returncode)
        raise _DAMAGED


def main(command: list[str]) -> None:
    bound(writes=JPEG_BYTES)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
