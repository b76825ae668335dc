"""It stays today while these tests run: what they fill the database with is of the day on which they were begun."""

from collections.abc import Iterator
from datetime import datetime, time

import pytest
import time_machine

# noon: the same day in UTC, nearly everywhere
_BEGUN = datetime.combine(datetime.now().date(), time(12)).astimezone()


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(_BEGUN):
        yield
