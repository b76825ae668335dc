"""Reads files that callers send, each in a process of its own, two at a time whatever the number of calls."""

import asyncio
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from worker.shown import heic
from worker.shown.kind import is_heic
from worker.shown.result import Broken, Read, Refused, Size, understood

logger = logging.getLogger(__name__)

READ_S = 30.0  # a machine that is busy takes its time; a file that takes longer is not read
_TWO = ThreadPoolExecutor(2, thread_name_prefix="shown")
_ENVIRONMENT = {"PYTHONPATH": os.pathsep.join(sys.path)}  # and none of our keys
_DAMAGED = Refused("file.unreadable", "The file cannot be opened here. Save it anew, or send a picture of it.")


async def read(data: bytes, size: Size) -> Read:
    """Raises Refused."""
    return await asyncio.get_running_loop().run_in_executor(_TWO, read_apart, data, size)


def read_apart(data: bytes, size: Size) -> Read:
    """The same, while the thread waits. Raises Refused."""
    command = _command(size)
    if is_heic(data) and (program := heic.program()):
        data = heic.as_jpeg(data, program)
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=READ_S, check=False, env=_ENVIRONMENT)
    except subprocess.TimeoutExpired as error:
        logger.warning("a file of %d bytes was not read within %.0f s", len(data), READ_S)
        raise _DAMAGED from error
    if done.returncode:
        logger.warning("a file of %d bytes could not be read: exit code %d", len(data), done.returncode)
        raise _DAMAGED
    try:
        return understood(done.stdout)
    except (Broken, ValueError, KeyError) as error:
        raise _DAMAGED from error


def _command(size: Size) -> list[str]:
    return [sys.executable, "-m", "worker.shown.reader", str(size.px), str(size.bytes)]
