"""Guards of a team's own."""

import asyncio
import threading

from worker.gate.guard import Finding, Passage

hang = threading.Event()  # set: those that hang go on
threads = list[int]()


async def no_promises(passage: Passage) -> str | None:
    await asyncio.sleep(0)
    return "a promise" if "promise" in passage.text else None


def plain(passage: Passage) -> str | None:
    threads.append(threading.get_ident())
    return "shouting" if passage.text.isupper() else None


def small_refunds(passage: Passage) -> Finding | None:
    """No refund above a hundred."""
    if passage.arguments.get("amount", 0) <= 100:
        return None
    return Finding("", "rewrite", "a large refund", arguments={**passage.arguments, "amount": 100})


async def broken(passage: Passage) -> str | None:
    raise RuntimeError("of no concern to anybody")


def hangs(passage: Passage) -> str | None:
    hang.wait()
    return None


def wrong_answer(passage: Passage) -> bool:
    return False


def two(passage: Passage, other: str) -> None:
    """Not to be called as a guard is."""


class Callable:
    async def __call__(self, passage: Passage) -> str | None:
        return "an object says so"


called = Callable()
