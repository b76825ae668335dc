"""Parts that run as long as something else does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

Start = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@asynccontextmanager
async def background(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[Start]:
    """Runs them until the body ends; ends the body when one fails. Yields what starts one more.

    What the body alone raises comes out as it is; what fails in the background, as an ExceptionGroup.
    """
    tasks = set[asyncio.Task[None]]()
    raised: Exception | None = None
    try:
        async with asyncio.TaskGroup() as group:

            def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
                task = group.create_task(coroutine)
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                return task

            for coroutine in coroutines:
                start(coroutine)
            try:
                yield start
            except Exception as error:
                raised = error
                raise
            finally:
                for task in tasks:
                    task.cancel()
    except ExceptionGroup as failed:
        if raised and failed.exceptions == (raised,):
            raise raised from raised.__cause__
        raise
