"""What a worker's process does about its memory."""

import gc

from worker import footprint


def test_given_what_was_imported_when_garbage_is_collected_then_it_is_not_looked_through() -> None:
    try:
        footprint.keep_imports()
        assert len(gc.get_objects()) < gc.get_freeze_count()
    finally:
        gc.unfreeze()
