"""What goes wrong in the simulated OpenAI, as its clients see it."""

import asyncio
import base64
import itertools
import json
from collections.abc import Sequence
from typing import Any, cast

import openai
import pytest
import websockets
from aiohttp import web

from tests.simulators.official_client import FAST, SILENCE, Client, talk
from tests.simulators.openai_realtime.errors import ERRORS
from tests.simulators.openai_realtime.moments import Moment, moments
from tests.simulators.openai_realtime.script import (
    Asked,
    BreakOff,
    CallTool,
    Fault,
    Pace,
    Pause,
    Refusals,
    Say,
    Step,
    What,
    Words,
    tone,
)
from tests.simulators.openai_realtime.server import Provider
from tests.simulators.openai_realtime.session import Event, Session
from tests.simulators.wire import Wire
from tests.virtual_time import virtual_time


def play(asked: Asked) -> Sequence[Step]:
    if asked.result:
        return [Say("It is noon.", ms=200)]
    return [Say("One moment.", ms=300), CallTool("time")]


def say(_: Asked) -> Sequence[Step]:
    return [Say("Good morning to you.", ms=500)]


async def ask(client: Client) -> None:
    """Speaks, asks for a reply, and again with the tool's result."""
    await client.hear(tone(300) + SILENCE)
    await client.connection.response.create()
    call = await client.until("response.function_call_arguments.done")
    await client.until("response.done")
    output: Any = {"type": "function_call_output", "call_id": call["call_id"], "output": "noon"}
    await client.connection.conversation.item.create(item=output)
    await client.connection.response.create()
    await client.until("response.done")


async def prepare(client: Client) -> None:
    turns: Any = {"turn_detection": {"type": "server_vad", "create_response": False}}
    await client.connection.session.update(session={"type": "realtime", "audio": {"input": turns}})
    await client.until("session.updated")


EACH = [moment for moment in moments(play, spoken=True) if "transcription" not in moment.at]


def test_a_rehearsal_lists_every_event_of_the_turn() -> None:
    kinds = [moment.at for moment in EACH]
    assert kinds[0] == "input_audio_buffer.speech_started"
    assert kinds.count("response.output_audio.delta") == 5
    assert kinds.count("response.done") == 2
    assert kinds[-1] == "response.done"
    assert Moment("response.output_audio.delta", 1, reply=1) in EACH
    assert len(set(EACH)) == len(EACH)
    written = [moment.at for moment in moments(play, spoken=True) if "transcription" in moment.at]
    assert written[-1] == "conversation.item.input_audio_transcription.completed"


@pytest.mark.parametrize("what", ["close", "abort"])
async def test_given_any_moment_of_a_turn_when_the_socket_ends_there_then_just_what_was_before_it_came(
    what: What,
) -> None:
    for number, moment in enumerate(EACH):
        async with talk(play) as (client, provider):
            await prepare(client)
            await ask(client)  # a turn before: counting begins anew
            before = len(client.seen)
            provider.strike(moment, what)
            with pytest.raises(websockets.ConnectionClosed):
                await ask(client)
            assert client.kinds()[before:] == [earlier.at for earlier in EACH[:number]], moment


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011])
async def test_given_a_code_then_the_socket_is_closed_with_it(code: int) -> None:
    async with talk(say, FAST, Fault("response.created", "close", code=code)) as (client, _):
        await client.connection.response.create()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.until("response.done")
        assert closed.value.rcvd
        assert closed.value.rcvd.code == code


@pytest.mark.parametrize(("what", "answers"), [("stall", True), ("deaf", False)])
async def test_given_a_mute_socket_then_pings_are_answered_but_not_on_a_half_open_one(
    what: What, answers: bool
) -> None:
    async with Provider(say, pace=FAST).serve() as provider:
        provider.faults = [Fault("response.created", what)]
        socket = await websockets.connect(f"{provider.url.replace('http', 'ws')}/realtime", close_timeout=0.1)
        await socket.send('{"type": "response.create"}')
        await provider.until("response.created")
        assert json.loads(await socket.recv())["type"] == "session.created"
        for frame in ('{"type": "input_audio_buffer.clear"}', ""):
            pong = await socket.ping()
            done, _ = await asyncio.wait([asyncio.ensure_future(pong)], timeout=0.1)
            assert bool(done) == answers
            if frame:
                await socket.send(frame)
        received = [event["type"] for event in provider.connections[0].received]
        assert received == ["response.create", "input_audio_buffer.clear"][: 2 if answers else 1]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.05)
        provider.connections[0].cut()
        await socket.close()


@virtual_time
async def test_given_a_slow_wire_then_each_message_is_late_by_so_much_and_in_order() -> None:
    class Socket:
        closed = False
        sent: list[tuple[float, str]] = []  # noqa: RUF012 - one socket

        async def send_str(self, text: str) -> None:
            self.sent.append((round(asyncio.get_running_loop().time(), 3), text))

    socket = Socket()
    wire = Wire(cast("web.WebSocketResponse", socket), cast("asyncio.Transport", None), delay=0.1)
    running = asyncio.ensure_future(wire.run())
    wire.put("in time")
    wire.suffer(Fault("any", "slow", late_ms=2000), {})
    wire.put("late")
    await asyncio.sleep(0.5)
    wire.put("later")
    await asyncio.sleep(9)
    running.cancel()
    assert socket.sent == [(0.1, "in time"), (2.1, "late"), (2.6, "later")]


@pytest.mark.parametrize("code", ERRORS)
async def test_given_an_error_of_the_service_then_it_is_told_and_the_session_ends_or_goes_on(code: str) -> None:
    fault = Fault("response.output_audio.delta", "error", nth=2, error=code)
    async with talk(say, FAST, fault) as (client, _):
        await client.connection.response.create()
        error = (await client.until("error"))["error"]
        assert (error["code"], error["type"]) == (code, ERRORS[code].kind)
        assert client.kinds().count("response.output_audio.delta") == 2
        if ERRORS[code].close is None:
            await client.until("response.done")
            assert client.kinds().count("response.output_audio.delta") == 5
            return
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.until("response.done")
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (ERRORS[code].close, ERRORS[code].reason)


async def test_given_a_session_that_may_not_last_then_it_expires_and_is_closed() -> None:
    async with talk(say, Pace(session_s=0.05)) as (client, _):
        assert (await client.until("error"))["error"]["code"] == "session_expired"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.until("response.done")
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1001


async def test_given_no_event_to_wait_for_then_a_fault_happens_now() -> None:
    async with talk(say) as (client, provider):
        provider.connections[0].suffer(Fault("now", "close", code=1008))
        with pytest.raises(websockets.ConnectionClosed):
            await client.until("response.done")


@pytest.mark.parametrize("what", ["garbage", "untyped", "malformed", "unknown"])
async def test_given_a_wrong_frame_then_it_comes_before_the_right_one_and_the_reply_goes_on(what: What) -> None:
    async with Provider(say, pace=FAST).serve() as provider:
        provider.faults = [Fault("response.output_audio.delta", what, nth=1)]
        frames: list[str | bytes] = []
        async with websockets.connect(f"{provider.url.replace('http', 'ws')}/realtime") as socket:
            await socket.send('{"type": "response.create"}')
            while not frames or '"response.done"' not in str(frames[-1]):
                frames.append(await socket.recv())
    audio = [frame for frame in frames if '"delta": ' in str(frame) and "audio.delta" in str(frame)]
    assert len(audio) == 5
    wrong = frames[frames.index(audio[1]) - 1]
    match what:
        case "garbage":
            with pytest.raises(json.JSONDecodeError):
                json.loads(wrong)
        case "untyped":
            assert "type" not in json.loads(wrong)
        case "malformed":
            assert json.loads(wrong) == {"type": "response.output_audio.delta"}
        case _:
            assert json.loads(wrong)["type"] == "response.dreamt"


async def test_given_a_reply_that_is_broken_off_then_it_is_incomplete_and_says_why() -> None:
    async with talk(lambda _: [BreakOff(Say("one two three four five", ms=500), 200)]) as (client, _):
        await client.connection.response.create()
        response = (await client.until("response.done"))["response"]
        assert response["status"] == "incomplete"
        assert response["status_details"] == {"type": "incomplete", "reason": "content_filter"}
        assert response["output"][0]["status"] == "incomplete"
        assert response["output"][0]["content"][0]["transcript"] == "one two "
        assert client.kinds().count("response.output_audio.delta") == 2


async def test_given_speech_that_nobody_can_transcribe_then_that_is_told() -> None:
    async with Provider(say, pace=FAST, transcribe=lambda _: None).serve() as provider:
        official = openai.AsyncOpenAI(api_key="any", base_url=provider.url)
        async with official.realtime.connect(model="any") as connection:
            client = Client(connection)
            turns: Any = {"transcription": {"model": "whisper-1"}}
            await connection.session.update(session={"type": "realtime", "audio": {"input": turns}})
            await client.hear(tone(300) + SILENCE)
            await client.until("conversation.item.input_audio_transcription.failed")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_given_refusals_then_so_many_handshakes_fail_with_that_status(status: int) -> None:
    async with Provider(say, pace=FAST).serve() as provider:
        provider.refusals = Refusals(count=1, status=status)
        official = openai.AsyncOpenAI(api_key="any", base_url=provider.url)
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with official.realtime.connect(model="any"):
                pass
        assert refused.value.response.status_code == status
        async with official.realtime.connect(model="any") as connection:
            await Client(connection).until("session.created")


async def timeline(steps: Sequence[Step], pace: Pace, *, spoken: bool = False) -> list[tuple[int, str]]:
    """When each event comes, in ms after the reply was asked for, without a socket: on virtual time."""
    loop, events = asyncio.get_running_loop(), list[tuple[int, str]]()

    def send(event: Event) -> None:
        events.append((round(loop.time() * 1000), event["type"]))

    session = Session(
        "any",
        0,
        send,
        play=lambda _: steps,
        pace=pace,
        refusals=Refusals(),
        transcribe=lambda _: "hello",
        replies=itertools.count(),
    )
    if spoken:
        turns = {"transcription": {"model": "any"}, "turn_detection": None}
        await session.take({"type": "session.update", "session": {"type": "realtime", "audio": {"input": turns}}})
        await session.take({"type": "input_audio_buffer.append", "audio": base64.b64encode(SILENCE).decode()})
        await session.take({"type": "input_audio_buffer.commit"})
    await session.take({"type": "response.create"})
    await asyncio.sleep(60)
    await session.close()
    return events


@pytest.mark.parametrize(("speed", "last_ms"), [(4.0, 100 + 225), (1.0, 100 + 900), (0.5, 100 + 1800)])
@virtual_time
async def test_given_a_speed_then_audio_comes_faster_or_slower_than_real_time(speed: float, last_ms: int) -> None:
    events = await timeline([Say("word", ms=1000)], Pace(think_ms=100, speed=speed))
    audio = [at for at, kind in events if kind == "response.output_audio.delta"]
    assert (audio[0], audio[-1], len(audio)) == (100, last_ms, 10)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("before", "wwwwaaaaaaaa"),
        ("ahead", "wwawwaaaaaaa"),
        ("step", "awaawaawaawa"),
        ("behind", "aaaaaaaawwww"),
    ],
)
@virtual_time
async def test_given_an_order_then_the_transcript_comes_before_with_or_after_the_audio(
    words: Words, expected: str
) -> None:
    events = await timeline([Say("one two three four", ms=800, words=words)], Pace())
    names = {"response.output_audio.delta": "a", "response.output_audio_transcript.delta": "w"}
    assert "".join(names.get(kind, "") for _, kind in events) == expected


@pytest.mark.parametrize(("transcript_ms", "first"), [(0, True), (5000, False)])
@virtual_time
async def test_given_a_slow_transcriber_then_the_caller_is_written_down_after_the_reply(
    transcript_ms: int, first: bool
) -> None:
    pace = Pace(transcript_ms=transcript_ms)
    kinds = [kind for _, kind in await timeline([Pause(500), Say("Yes.", ms=500)], pace, spoken=True)]
    written = kinds.index("conversation.item.input_audio_transcription.completed")
    assert (written < kinds.index("response.output_audio.delta")) == first
    assert (written < kinds.index("response.done")) == first
