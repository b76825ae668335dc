"""Parts of Baton that begin as copies of a process which has imported what they need.

A worker takes five seconds of a small machine to import its libraries, a copy of one that has takes none; a hundred start
in the tests of the core. From its first line of its own on, such a part does what it does anywhere. What starts as people
start it is in tests/system.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Protocol

FORKS = sys.platform == "linux"  # elsewhere a copy may not use all libraries of the system's
_COPIES = multiprocessing.get_context("forkserver")
_COPIES.set_forkserver_preload(["tests.core.preloaded"])


class Running(Protocol):
    """A part, as `subprocess.Popen` has it."""

    pid: int

    @property
    def stdout(self) -> IO[str] | None: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Forked:
    """A copy that does what `python *command` would, in a folder.

    What it prints is in `stdout`; what it logs in a file, or there too.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path | None = None
    ) -> None:
        self._command = command
        printed, output = _COPIES.Pipe(duplex=False)
        self._process = _COPIES.Process(
            target=_run, args=(tuple(command), folder, dict(environment), output, log), daemon=True
        )
        self._process.start()
        output.close()
        assert self._process.pid
        self.pid = self._process.pid
        self.stdout: IO[str] | None = os.fdopen(os.dup(printed.fileno()))
        printed.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            assert timeout
            raise subprocess.TimeoutExpired(list(self._command), timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Connection, log: Path | None
) -> None:
    """In the copy."""
    from tests.core.preloaded import SET  # by the process that is copied: pytest's own need not import all that

    os.dup2(output.fileno(), 1)
    os.dup2(1, 2)
    output.close()
    if log:
        with log.open("ab") as logged:
            os.dup2(logged.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({**SET, **environment})
    sys.path[:0] = [str(folder), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    kind, program, *arguments = command
    sys.argv = ["baton", *arguments]
    if kind == "-m":
        runpy.run_module(program, run_name="__main__")
    else:
        exec(program, {"__name__": "__main__"})
