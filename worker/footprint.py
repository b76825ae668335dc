"""What a worker's process takes of memory beside what it uses, and what it spends on it."""

import contextlib
import ctypes
import gc

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h of glibc
_LARGE = 128 * 1024  # bytes: glibc begins with that


def give_back() -> None:
    """What a call needs no more goes back to the system, or to the next call.

    Calls run in threads, and glibc keeps memory back for each: twice as much a call as with two arenas for all. What is
    large, as the speech of a reply, has pages of its own; once one of those was freed, glibc would put the next of its
    size among the small, where it leaves a hole.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 2)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


def keep_imports() -> None:
    """What is there now stays, and is looked through for garbage no more: that takes 150 ms, and every call stands still."""
    gc.collect()
    gc.freeze()
