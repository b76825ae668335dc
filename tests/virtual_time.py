"""A loop whose clock jumps to the next timer: an hour passes in seconds, and a deadlock fails instead of hanging.

It may jump only when nothing is on its way. So what is sent within a test is there at once, whoever else keeps the
machine busy: over a pair of sockets, since TCP promises no moment when a packet arrives, even on loopback. And what
would be done in another thread is done before the loop goes on.
"""

import asyncio
import functools
import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


class _JumpingSelector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every task is waiting, and no timer is set: a deadlock")
        if not ready and timeout:
            self.now += timeout
        return ready


class _Door:
    """A listening socket, and who came to it without TCP. Other processes come to it as ever."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.waiting = deque[socket.socket]()

    def fileno(self) -> int:
        return self._listening.fileno()

    def accept(self) -> tuple[socket.socket, Any]:
        if self.waiting:
            return self.waiting.popleft(), self._listening.getsockname()
        return self._listening.accept()


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        self._doors = dict[Any, tuple[_Door, tuple[Any, ...]]]()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(
        self, _executor: Executor | None, func: Callable[[*_Arguments], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        """At once, in this thread: the clock would jump on while another works."""
        done: asyncio.Future[_Result] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """To a server of this loop by a pair of sockets; `sock` is one of them from now on."""
        door, accept = self._doors.get(address, (None, ()))
        if door:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            os.dup2(ours.fileno(), sock.fileno())
            ours.close()
            door.waiting.append(theirs)
            loop: Any = self
            self.call_soon(loop._accept_connection, *accept)
        elif address[0] == "127.0.0.1":  # the kernel knows whether anybody is there
            sock.setblocking(True)
            sock.connect(address)
            sock.setblocking(False)
        else:
            await super().sock_connect(sock, address)

    def _start_serving(self, protocol_factory: Callable[[], asyncio.BaseProtocol], sock: Any, *how: Any) -> None:
        door = sock if isinstance(sock, _Door) else _Door(sock)
        self._doors[sock.getsockname()] = door, (protocol_factory, door, *how)
        base: Any = super()
        base._start_serving(protocol_factory, door, *how)

    def _stop_serving(self, sock: socket.socket) -> None:
        del self._doors[sock.getsockname()]
        base: Any = super()
        base._stop_serving(sock)

    def _make_socket_transport(self, sock: socket.socket, *how: Any, **more: Any) -> Any:
        base: Any = super()
        return base._make_socket_transport(_as_it_is(sock), *how, **more)

    def _make_ssl_transport(self, rawsock: socket.socket, *how: Any, **more: Any) -> Any:
        base: Any = super()
        return base._make_ssl_transport(_as_it_is(rawsock), *how, **more)


def _as_it_is(sock: socket.socket) -> socket.socket:
    """Of its own family: one of a pair has no TCP to be set up."""
    return socket.socket(fileno=sock.detach())


def virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs an async test on virtual time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(test(*args, **kwargs))

    return run
