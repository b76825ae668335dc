"""A worker that has to go, and what waits in the threads of its calls."""

import asyncio

import pytest

from worker.departure import Departed, Departure


async def test_given_somebody_who_comes_then_they_are_who_came() -> None:
    departure = Departure()
    assert await departure.or_else(asyncio.sleep(0, "Anna")) == "Anna"
    departure.tell()


async def test_given_waits_in_two_threads_when_the_worker_has_to_go_then_all_end_and_none_begins() -> None:
    departure, waiting = Departure(), [asyncio.Event(), asyncio.Event()]
    here = asyncio.get_running_loop()

    async def wait(begun: asyncio.Event) -> None:
        async def forever() -> None:
            here.call_soon_threadsafe(begun.set)
            await asyncio.Event().wait()

        await departure.or_else(forever())

    ending = [asyncio.ensure_future(asyncio.to_thread(asyncio.run, wait(begun))) for begun in waiting]
    for begun in waiting:
        await begun.wait()
    departure.tell()
    for one in ending:
        with pytest.raises(Departed):
            await one
    with pytest.raises(Departed):
        await departure.or_else(asyncio.Event().wait())
