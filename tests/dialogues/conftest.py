"""Houses for the dialogues: a call waits most of the time, so several go on at once, each with a shop of its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.system.conftest import House, ears, running, senses

__all__ = ["ears", "houses", "senses"]
AT_ONCE = 3


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[House]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running(tmp_path_factory.mktemp("house"))) for _ in range(AT_ONCE)]
