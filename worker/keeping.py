"""Keeping what callers show, among the files of their call."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from agents.showing import ShowingSpec
from worker.journal import events as journal
from worker.journal.files import Files, FilesError, write_all

logger = logging.getLogger(__name__)


class Keeping:
    """Keeps pictures, frames and texts, if the team says so; if it says nothing, unless it redacts."""

    def __init__(
        self,
        spec: ShowingSpec,
        files: Files | None,
        *,
        call: str,
        redacts: bool,
        record: Callable[[journal.JournalEvent], None],
    ) -> None:
        keeps = not redacts if spec.keep is None else spec.keep
        self._files, self._call, self._record = files if keeps else None, call, record

    @property
    def on(self) -> bool:
        """Whether anything is kept."""
        return self._files is not None

    async def write(self, ref: str, contents: Mapping[str, bytes], *, tells: bool = True) -> bool:
        """What is called `ref`, as files by name. Returns whether they are there; if not, the journal is told (`tells`)."""
        if self._files is None:
            return False
        try:
            await asyncio.to_thread(write_all, self._files, self._call, contents)
        except (OSError, FilesError) as error:
            logger.warning("call %s: %s is not kept: %s", self._call, ref, error)
            if tells:
                detail = f"{ref} could not be kept among the files."
                self._record(journal.CallWarned(code="file.not_kept", detail=detail))
            return False
        return True
