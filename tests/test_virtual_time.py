"""The clock of tests waits for what is on its way, however busy the machine is."""

import asyncio
import itertools
import socket
from pathlib import Path

import pytest

from tests.fakes import PromptRecorder
from tests.virtual_time import virtual_time
from worker.background import background
from worker.journal.events import CallStarted, JournalEvent

STARTED = CallStarted(call="c", room="r", team="t", agent="a", model="m", caller="caller")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def tick() -> None:
    for _ in itertools.count():
        await asyncio.sleep(0.001)


@virtual_time
async def test_given_a_server_of_the_loop_then_what_is_written_needs_no_time() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, background(tick()):
        reader, writer = await asyncio.open_connection(host, port)
        began = asyncio.get_running_loop().time()
        for number in range(100):
            writer.write(f"{number}\n".encode())
            assert await reader.readline() == f"{number}\n".encode()
        assert asyncio.get_running_loop().time() == began
        assert writer.get_extra_info("socket").family == socket.AF_UNIX, "TCP may come later than the clock jumps"
        writer.close()
        assert await reader.read() == b""


@virtual_time
async def test_given_a_server_that_is_closed_then_it_refuses() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, port)


@virtual_time
async def test_given_a_server_of_the_loop_then_other_processes_reach_it_as_ever() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()[:2]) as outside:
        outside.sendall(b"hello\n")
        outside.setblocking(False)
        loop = asyncio.get_running_loop()
        async with server, background(tick()):
            assert await loop.sock_recv(outside, 100) == b"hello\n"


@virtual_time
async def test_given_a_journal_then_what_its_thread_tells_is_told_before_the_clock_goes_on(tmp_path: Path) -> None:
    told = list[JournalEvent]()
    with PromptRecorder(f"sqlite+aiosqlite:///{tmp_path}/calls.db") as recorder:
        recorder.record_large("c", 0, STARTED, lambda text: text, told.append)
        await asyncio.sleep(0.001)
        assert told == [STARTED]
