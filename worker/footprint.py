"""What a worker's process takes of memory beside what it uses, and what it spends on it."""

import contextlib
import ctypes
import gc

_M_ARENA_MAX = -8  # malloc.h of glibc


def share_arenas() -> None:
    """Calls run in threads, and glibc keeps memory back for each: twice as much a call as with two arenas for all."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def keep_imports() -> None:
    """What is there now stays, and is looked through for garbage no more: that takes 150 ms, and every call stands still."""
    gc.collect()
    gc.freeze()
