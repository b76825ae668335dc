"""The Gemini Live simulator, judged by Google's own client and by LiveKit's plugin."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import _live_converters, types
from google.genai.errors import APIError
from google.genai.live import AsyncSession
from google.oauth2.credentials import Credentials
from livekit import rtc
from livekit.agents import llm
from livekit.plugins.google.realtime import RealtimeModel

from tests.simulators import tls
from tests.simulators.gemini_live.messages import BAD_KEY, QUOTA, name
from tests.simulators.gemini_live.moments import moments
from tests.simulators.gemini_live.server import Connection, Provider
from tests.simulators.gemini_live.session import text
from tests.simulators.openai_realtime.moments import Moment
from tests.simulators.openai_realtime.script import (
    Asked,
    BreakOff,
    CallTool,
    Fail,
    Fault,
    Pace,
    Say,
    Script,
    Step,
    What,
    tone,
)

FAST = Pace(think_ms=0, speed=1000, transcript_ms=0, playback=1000)
SLOW = Pace(think_ms=0, speed=3, transcript_ms=0)
SPEECH, SILENCE = tone(300), bytes(48000)
BOTH: dict[str, Any] = {"input_audio_transcription": {}, "output_audio_transcription": {}}
TOOL = {"name": "time", "parameters": {"type": "OBJECT", "properties": {"time_zone": {"type": "STRING"}}}}


class Client:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.seen: list[types.LiveServerMessage] = []

    async def until(self, kind: str) -> types.LiveServerMessage:
        async with asyncio.timeout(10):
            while True:
                async for message in self.session.receive():
                    self.seen.append(message)
                    if kind in names(message):
                        return message

    async def hear(self, pcm: bytes, rate: int = 24000) -> None:
        await self.session.send_realtime_input(audio=types.Blob(data=pcm, mime_type=f"audio/pcm;rate={rate}"))

    async def write(self, words: str, *, turn_complete: bool = True) -> None:
        turns = types.Content(role="user", parts=[types.Part(text=words)])
        await self.session.send_client_content(turns=turns, turn_complete=turn_complete)

    async def answer(self, call: types.FunctionCall, output: str, **more: Any) -> None:
        response = types.FunctionResponse(id=call.id, name=call.name, response={"local_time": output}, **more)
        await self.session.send_tool_response(function_responses=[response])

    @property
    def kinds(self) -> list[str]:
        return [kind for message in self.seen for kind in names(message)]

    @property
    def words(self) -> str:
        """What the model said, as far as it was transcribed."""
        contents = (message.server_content for message in self.seen if message.server_content)
        return "".join(content.output_transcription.text or "" for content in contents if content.output_transcription)

    @property
    def audio(self) -> bytes:
        return b"".join(message.data or b"" for message in self.seen)


def names(message: types.LiveServerMessage) -> list[str]:
    """`server_content` goes by what it holds."""
    dumped = message.model_dump(exclude_none=True)
    return [*dumped.pop("server_content", {}), *dumped]


def judge(connection: Connection, *, vertex: bool = False) -> None:
    """Every message is one of Google's types, and spelt as JSON has it."""
    for message in connection.sent:
        converted = _live_converters._LiveServerMessage_from_vertex(message) if vertex else message
        types.LiveServerMessage.model_validate(converted)
        assert not snakes(message), message


def snakes(value: Any) -> list[str]:
    match value:
        case dict():
            inner = [snake for key, each in value.items() if key != "args" for snake in snakes(each)]
            return [key for key in value if "_" in key] + inner
        case list():
            return [snake for each in value for snake in snakes(each)]
        case _:
            return []


@asynccontextmanager
async def connect(provider: Provider, *, vertex: bool = False, **config: Any) -> AsyncIterator[Client]:
    options = provider.http_options()
    credentials = Credentials("token")  # type: ignore[no-untyped-call]
    official = (
        genai.Client(vertexai=True, project="ours", location="here", credentials=credentials, http_options=options)
        if vertex
        else genai.Client(api_key="any", http_options=options)
    )
    config = {"response_modalities": ["AUDIO"], **BOTH, **config}
    wanted = types.LiveConnectConfig.model_validate(config)
    async with official.aio.live.connect(model="scripted", config=wanted) as session:
        yield Client(session)


@asynccontextmanager
async def talk(
    play: Script, pace: Pace = FAST, *faults: Fault, vertex: bool = False, **config: Any
) -> AsyncIterator[tuple[Client, Provider]]:
    provider = Provider(play, pace=pace, transcribe=lambda pcm: f"{len(pcm) // 48} ms")
    provider.faults = list(faults)
    async with provider.serve(), connect(provider, vertex=vertex, **config) as client:
        yield client, provider
        judge(provider.connections[0], vertex=vertex)


def hello(_: Asked) -> Sequence[Step]:
    return [Say("Good morning to you.", ms=800)]


def ask_time(asked: Asked) -> Sequence[Step]:
    return [Say(f"It is {asked.result}.")] if asked.result else [CallTool("time", '{"time_zone": "UTC"}')]


def at_length(_: Asked) -> Sequence[Step]:
    return [Say("word " * 30, ms=9000)]


async def test_given_speech_when_it_stops_then_it_is_transcribed_and_answered() -> None:
    async with talk(hello) as (client, provider):
        for pcm in (SPEECH[:100], SPEECH[100:], SILENCE):
            await client.hear(pcm)
        done = await client.until("turn_complete")
        assert client.words == "Good morning to you."
        assert len(client.audio) == 800 * 48
        assert client.kinds[-3:] == ["generation_complete", "turn_complete", "usage_metadata"]
        assert "input_transcription" in client.kinds
        assert done.usage_metadata
        assert done.usage_metadata.response_token_count == 20
        [connection] = provider.connections
        assert (bytes(connection.audio), connection.session.sample_rate) == (SPEECH + SILENCE, 24000)
        assert connection.key == "any"
        assert [item["role"] for item in provider.contents()] == ["user", "model"]


async def test_given_text_then_only_a_complete_turn_is_answered_and_the_script_sees_all_of_it() -> None:
    asked: list[Asked] = []

    def play(now: Asked) -> Sequence[Step]:
        asked.append(now)
        return [Say(f"You said {now.said}.")]

    async with talk(play, system_instruction="Be brief.", tools=[{"function_declarations": [TOOL]}]) as (client, _):
        await client.write("one", turn_complete=False)
        await client.write("two")
        await client.until("turn_complete")
        assert client.words == "You said two."
        [knows] = asked
        assert [text(item) for item in knows.items] == ["one", "two"]
        assert (knows.instructions, knows.voice) == ("Be brief.", "Puck")
        assert knows.tools == {"time": TOOL}


async def test_given_a_long_reply_when_the_caller_speaks_then_it_ends_and_what_was_sent_is_remembered() -> None:
    async with talk(at_length, SLOW) as (client, provider):
        await client.write("go on")
        await client.until("output_transcription")
        await client.hear(SPEECH)
        await client.until("turn_complete")
        assert client.kinds[-3:] == ["interrupted", "turn_complete", "usage_metadata"]
        assert "generation_complete" not in client.kinds
        assert text(provider.contents()[-1]) == client.words


async def test_given_a_reply_then_its_turn_is_complete_only_when_it_was_played() -> None:
    async with talk(hello, Pace(think_ms=0, speed=1000, playback=0.001)) as (client, _):
        await client.write("hello")
        await client.until("generation_complete")
        await client.write("wait")
        await client.until("turn_complete")
        assert client.kinds[-4:] == ["generation_complete", "interrupted", "turn_complete", "usage_metadata"]


async def test_given_no_interruption_when_the_caller_speaks_then_the_turn_is_played_and_the_next_follows() -> None:
    handling = {"activity_handling": "NO_INTERRUPTION"}
    async with talk(hello, Pace(think_ms=0, speed=20, playback=20), realtime_input_config=handling) as (client, _):
        await client.write("hello")
        await client.until("output_transcription")
        await client.hear(SPEECH + SILENCE)
        await client.until("turn_complete")
        await client.until("turn_complete")
        assert client.kinds.count("generation_complete") == 2
        assert "interrupted" not in client.kinds


async def test_given_a_tool_call_when_it_is_answered_then_the_turn_goes_on_unasked() -> None:
    async with talk(ask_time, tools=[{"function_declarations": [TOOL]}]) as (client, _):
        await client.write("what time is it")
        call = called(await client.until("tool_call"))
        assert (call.name, call.args) == ("time", {"time_zone": "UTC"})
        await client.answer(call, "noon")
        await client.until("turn_complete")
        assert client.words == "It is noon."
        assert client.kinds.count("turn_complete") == client.kinds.count("generation_complete") == 1


async def test_given_calls_side_by_side_then_the_turn_waits_for_all_results() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [Say("Both.")] if asked.result else [CallTool("one"), CallTool("two")]

    async with talk(play) as (client, provider):
        await client.write("go")
        message = await client.until("tool_call")
        assert message.tool_call
        one, two = message.tool_call.function_calls or []
        await client.answer(two, "second")
        await client.answer(one, "first")
        await client.until("turn_complete")
        assert client.words == "Both."
        outputs = [
            part["functionResponse"]["name"]
            for item in provider.contents()
            for part in item["parts"]
            if "functionResponse" in part
        ]
        assert outputs == ["two", "one"]


async def test_given_a_pending_call_when_the_caller_speaks_then_it_is_cancelled_and_its_result_does_nothing() -> None:
    def play(asked: Asked) -> Sequence[Step]:
        return [CallTool("time")] if asked.said == "what time is it" else [Say(f"Not {asked.result}.")]

    async with talk(play) as (client, _):
        await client.write("what time is it")
        call = called(await client.until("tool_call"))
        await client.hear(SPEECH)
        cancelled = await client.until("tool_call_cancellation")
        assert cancelled.tool_call_cancellation
        assert cancelled.tool_call_cancellation.ids == [call.id]
        await client.until("turn_complete")
        assert client.kinds[-3:] == ["interrupted", "turn_complete", "usage_metadata"]
        await client.answer(call, "noon")
        await client.hear(SILENCE)
        await client.until("turn_complete")
        assert client.words == "Not None."


@pytest.mark.parametrize("scheduling", ["SILENT", "WHEN_IDLE", "INTERRUPT"])
async def test_given_a_tool_that_does_not_block_then_its_result_is_scheduled(scheduling: Any) -> None:
    replies: list[int] = []

    def play(asked: Asked) -> Sequence[Step]:
        replies.append(asked.reply)
        meanwhile = Say("Meanwhile.", ms=3000, words="before")
        return [Say(f"It is {asked.result}.")] if asked.result else [CallTool("time"), meanwhile]

    declaration = TOOL | {"behavior": "NON_BLOCKING"}
    pace = Pace(think_ms=0, speed=3 if scheduling == "INTERRUPT" else 30, playback=1000)
    async with talk(play, pace, tools=[{"function_declarations": [declaration]}]) as (client, provider):
        await client.write("what time is it")
        call = called(await client.until("tool_call"))
        await client.until("output_transcription")
        await client.answer(call, "noon", scheduling=scheduling)
        await client.until("turn_complete")
        assert ("interrupted" in client.kinds) == (scheduling == "INTERRUPT")
        if scheduling == "SILENT":
            assert provider.contents()[-1]["parts"][0]["functionResponse"]["response"] == {"local_time": "noon"}
            await client.write("go on")
            await client.until("turn_complete")
            assert replies == [0, 1]
        else:
            await client.until("turn_complete")
            assert client.words == "Meanwhile.It is noon."


@pytest.mark.parametrize(
    "rude", ["result", "nameless", "activity", "message", "part", "base64", "format", "role", "setup"]
)
async def test_given_what_the_service_does_not_take_then_it_hangs_up(rude: str) -> None:
    async with talk(hello) as (client, _):
        match rude:
            case "result":
                await client.answer(types.FunctionCall(id="nobody-asked", name="time"), "noon")
            case "nameless":
                await client.session._ws.send('{"tool_response": {"functionResponses": [{"name": "time"}]}}')
            case "activity":
                await client.session.send_realtime_input(activity_start=types.ActivityStart())
            case "message":
                await client.session._ws.send('{"nobody_knows": {}}')
            case "part":
                await client.session._ws.send(
                    '{"client_content": {"turns": [{"role": "user", "parts": [{"txt": ""}]}]}}'
                )
            case "base64":
                await client.session._ws.send(
                    '{"realtime_input": {"audio": {"mime_type": "audio/pcm;rate=16000", "data": "%%%"}}}'
                )
            case "format":
                blob = types.Blob(data=b"OggS", mime_type="audio/ogg")
                await client.session.send_realtime_input(audio=blob)
            case "role":
                await client.session.send_client_content(turns=types.Content(role="system", parts=[]))
            case "setup":
                await client.session._ws.send('{"setup": {"model": "models/another"}}')
        with pytest.raises(APIError) as hung_up:
            await client.until("turn_complete")
        assert hung_up.value.code == (1008 if rude == "result" else 1007)


async def test_given_manual_activity_then_only_what_it_holds_is_heard() -> None:
    manual = {"automatic_activity_detection": {"disabled": True}}
    async with talk(at_length, SLOW, realtime_input_config=manual) as (client, provider):
        await client.hear(SILENCE)
        for ends in ("output_transcription", "turn_complete"):
            await client.session.send_realtime_input(activity_start=types.ActivityStart())
            await client.hear(SPEECH)
            await client.hear(SPEECH)
            await client.session.send_realtime_input(activity_end=types.ActivityEnd())
            await client.until(ends)
        assert client.kinds[-3:] == ["interrupted", "turn_complete", "usage_metadata"]
        assert provider.words() == ["2000 ms", "2000 ms"]


async def test_given_speech_when_the_stream_ends_then_it_is_answered_without_silence() -> None:
    async with talk(hello) as (client, provider):
        for pcm in (SPEECH, SILENCE + SPEECH):
            await client.hear(pcm)
            await client.session.send_realtime_input(audio_stream_end=True)
            await client.until("turn_complete")
        assert provider.words() == ["1000 ms", "1300 ms"]


async def test_given_a_slow_transcript_of_the_caller_then_it_comes_behind_the_reply() -> None:
    async with talk(hello, Pace(think_ms=0, speed=1000, transcript_ms=300, playback=1000)) as (client, _):
        await client.hear(SPEECH + SILENCE)
        await client.until("input_transcription")
        assert "turn_complete" in client.kinds


async def test_given_realtime_text_then_it_is_answered_and_pictures_are_kept() -> None:
    async with talk(lambda asked: [Say(asked.said)]) as (client, provider):
        await client.session.send_realtime_input(video=types.Blob(data=b"\xff\xd8\xfb", mime_type="image/jpeg"))
        await client.session.send_realtime_input(text="look")
        await client.until("turn_complete")
        assert client.words == "look"
        assert provider.connections[0].images == [b"\xff\xd8\xfb"]


async def test_given_pictures_then_the_script_sees_those_of_the_camera_and_of_the_history() -> None:
    seen = list[bytes]()

    def play(asked: Asked) -> Sequence[Step]:
        seen.extend(asked.pictures)
        return [Say("I see.")]

    async with talk(play) as (client, _):
        past = types.Part(inline_data=types.Blob(data=b"\xff\xd8\xfa", mime_type="image/jpeg"))
        await client.session.send_client_content(turns=types.Content(role="user", parts=[past]), turn_complete=False)
        await client.session.send_realtime_input(video=types.Blob(data=b"\xff\xd8\xfb", mime_type="image/jpeg"))
        await client.session.send_realtime_input(text="look")
        await client.until("turn_complete")
    assert seen == [b"\xff\xd8\xfa", b"\xff\xd8\xfb"]


async def test_given_vertex_then_its_path_its_roles_and_its_usage_are_taken() -> None:
    async with talk(lambda asked: [Say(asked.instructions)], vertex=True) as (client, provider):
        assert client.session.session_id == "session-0"
        changed = types.Content(role="system", parts=[types.Part(text="Now rhyme.")])
        await client.session.send_client_content(turns=changed, turn_complete=False)
        await client.write("go")
        done = await client.until("turn_complete")
        assert client.words == "Now rhyme."
        assert done.usage_metadata
        assert done.usage_metadata.response_token_count == 25
        assert provider.connections[0].key == "Bearer token"


async def test_given_a_go_away_when_the_session_is_resumed_then_the_conversation_is_there() -> None:
    provider = Provider(hello, pace=FAST)
    provider.faults = [Fault("sessionResumptionUpdate", "go_away", nth=2, left_ms=100)]
    async with provider.serve():
        async with connect(provider, session_resumption={}) as client:
            await client.write("remember me")
            at_rest = (await client.until("turn_complete"), await client.until("session_resumption_update"))[1]
            assert at_rest.session_resumption_update
            assert at_rest.session_resumption_update.resumable
            handle = at_rest.session_resumption_update.new_handle
            with pytest.raises(APIError) as too_early:
                async with connect(provider, session_resumption={"handle": handle}):
                    pass
            assert too_early.value.code == 1011
            await client.write("not me")
            leaving = await client.until("go_away")
            assert leaving.go_away
            assert leaving.go_away.time_left == "0.1s"
            with pytest.raises(APIError, match="Deadline expired"):
                await client.until("the end")
        async with connect(provider, session_resumption={"handle": handle}) as client:
            await client.write("again")
            await client.until("turn_complete")
            assert provider.words() == ["remember me", "again"]
        with pytest.raises(APIError) as refused:
            async with connect(provider, session_resumption={"handle": "made up"}):
                pass
        assert refused.value.code == 1008
        for connection in provider.connections:
            judge(connection)


@pytest.mark.parametrize("code", [1007, 1008, 1011])
async def test_given_a_fault_then_the_service_hangs_up_with_its_code_and_reason(code: int) -> None:
    async with talk(hello, FAST, Fault("modelTurn", "close", nth=2, code=code, reason="Some reason.")) as (client, _):
        await client.write("hello")
        with pytest.raises(APIError, match="Some reason") as lost:
            await client.until("the end")
        assert lost.value.code == code
        assert client.kinds.count("model_turn") == 2


@pytest.mark.parametrize("what", ["close", "abort"])
@pytest.mark.parametrize("moment", moments(ask_time), ids=str)
async def test_given_any_moment_of_a_turn_when_the_socket_ends_there_then_just_what_was_before_it_came(
    moment: Moment, what: What
) -> None:
    provider = Provider(ask_time, pace=FAST, transcribe=lambda _: "hello there")
    provider.strike(moment, what)

    async def call() -> None:
        async with connect(provider, session_resumption={}) as client:
            clients.append(client)
            await client.hear(SPEECH + SILENCE)
            await client.answer(called(await client.until("tool_call")), "noon")
            await client.until("the end")

    clients: list[Client] = []
    async with provider.serve():
        with pytest.raises(Exception, match="1011" if what == "close" else "1006|no close frame"):
            await call()
        [connection] = provider.connections
        sent = [name(message) for message in connection.sent]
        assert sent.count(moment.at) == moment.nth
        seen = [message for client in clients for message in client.seen]
        assert len(seen) == len(sent[1:])


async def test_given_a_moment_then_it_is_counted_from_now() -> None:
    async with talk(hello) as (client, provider):
        await client.write("hello")
        await client.until("turn_complete")
        provider.strike(Moment("modelTurn", 1), "abort")
        await client.write("hello")
        with pytest.raises(APIError):
            await client.until("turn_complete")
        assert client.kinds.count("model_turn") == 8 + 1


async def test_given_a_watcher_then_it_is_told_everything_but_sound() -> None:
    seen: list[str] = []
    provider = Provider(hello, pace=FAST, watch=lambda message: seen.extend(message))
    async with provider.serve(), connect(provider) as client:
        await client.hear(SPEECH)
        await client.write("hello")
        await client.until("turn_complete")
        told = ["setup", "setupComplete", "clientContent", *["serverContent"] * (4 + 2), "usageMetadata"]
        assert seen == told


async def test_given_a_script_that_fails_then_the_service_hangs_up() -> None:
    async with talk(lambda _: [Say("Well"), Fail("The service is currently unavailable.")]) as (client, _):
        await client.write("hello")
        with pytest.raises(APIError, match="unavailable") as failed:
            await client.until("turn_complete")
        assert failed.value.code == 1011


@pytest.mark.parametrize("what", ["stall", "deaf"])
async def test_given_a_stall_then_nothing_comes_and_only_the_deaf_do_not_hear(what: Any) -> None:
    async with talk(hello, FAST, Fault("modelTurn", what)) as (client, provider):
        await asyncio.gather(provider.until("modelTurn"), client.write("hello"))
        await client.hear(SPEECH)
        await client.hear(SPEECH)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.until("turn_complete")
        assert (len(provider.connections[0].audio) > 0) == (what == "stall")
        provider.connections[0].cut()  # else the client waits for an answer to its goodbye


@pytest.mark.parametrize(
    ("what", "error"),
    [("garbage", ValueError), ("malformed", ValueError), ("unknown", TypeError)],
)
async def test_given_a_malformed_or_unknown_message_then_the_turn_goes_on_behind_it(what: Any, error: Any) -> None:
    async with talk(hello, FAST, Fault("modelTurn", what)) as (client, _):
        await client.write("hello")
        with pytest.raises(error):
            await client.until("turn_complete")
        await client.until("turn_complete")
        assert len(client.audio) == 800 * 48


async def test_given_an_empty_message_then_it_says_nothing() -> None:
    async with talk(hello, FAST, Fault("modelTurn", "untyped")) as (client, _):
        await client.write("hello")
        await client.until("turn_complete")
        assert [names(message) for message in client.seen].count([]) == 1


@pytest.mark.parametrize(("words", "before_sound"), [("before", 4), ("ahead", 2), ("behind", 0)])
async def test_given_words_ahead_or_behind_then_they_come_before_or_after_the_sound(
    words: Any, before_sound: int
) -> None:
    async with talk(lambda _: [Say("one two three four", words=words)]) as (client, _):
        await client.write("hello")
        await client.until("turn_complete")
        spoken = [kind for kind in client.kinds if kind in ("output_transcription", "model_turn")]
        assert spoken.index("model_turn") == before_sound
        assert spoken[: len(spoken) // 2 + 1].count("output_transcription") == (0 if words == "behind" else 4)


async def test_given_a_reply_that_is_broken_off_then_its_turn_ends_with_the_reason() -> None:
    async with talk(lambda _: [BreakOff(Say("one two three four"), after_ms=500), Say("five")]) as (client, _):
        await client.write("hello")
        done = await client.until("turn_complete")
        assert done.server_content
        assert done.server_content.turn_complete_reason == "GENERATED_AUDIO_SAFETY"
        assert (client.words, len(client.audio)) == ("one two", 500 * 48)
        assert "generation_complete" not in client.kinds


async def test_given_speech_that_is_not_understood_then_there_is_a_reply_without_a_transcript() -> None:
    provider = Provider(hello, pace=FAST, transcribe=lambda _: None)
    async with provider.serve(), connect(provider) as client:
        await client.hear(SPEECH + SILENCE)
        await client.until("turn_complete")
        assert "input_transcription" not in client.kinds


async def test_given_refusals_then_each_attempt_fails_in_its_way() -> None:
    provider = Provider(hello, pace=FAST)
    provider.refusals.count, provider.refusals.status = 1, 503
    provider.refusals.setups = [(BAD_KEY.code, BAD_KEY.reason), (QUOTA.code, QUOTA.reason)]
    provider.refusals.asks = ["Internal error encountered."]
    async with provider.serve():
        for expected in ("503", "API key not valid", "quota"):
            with pytest.raises(Exception, match=expected):
                async with connect(provider):
                    pass
        async with connect(provider) as client:
            await client.write("hello")
            with pytest.raises(APIError, match="Internal error"):
                await client.until("turn_complete")


async def test_given_the_bundle_of_authorities_then_a_client_that_reads_it_trusts_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    provider = Provider(hello, pace=FAST)
    async with provider.serve():
        official = genai.Client(api_key="any", http_options={"base_url": provider.url})
        async with official.aio.live.connect(model="scripted"):
            assert len(provider.connections) == 1


async def test_given_a_script_that_raises_then_the_test_does() -> None:
    def play(_: Asked) -> Sequence[Step]:
        raise LookupError("no such line")

    async def ask() -> None:
        async with talk(play) as (client, _):
            await client.write("hello")
            with pytest.raises(APIError):
                await client.until("turn_complete")

    with pytest.raises(LookupError, match="no such line"):
        await ask()


# ---- LiveKit's plugin


class Plugin:
    """LiveKit's session, and what it made of each turn."""

    def __init__(self, provider: Provider, **options: Any) -> None:
        self.model = RealtimeModel(api_key="any", http_options=provider.http_options(), **options)
        self.session = self.model.session()
        self.turns = asyncio.Queue[llm.GenerationCreatedEvent]()
        self.transcripts: list[str] = []
        self.session.on("generation_created", self.turns.put_nowait)
        self.session.on("input_audio_transcription_completed", self._heard)

    def _heard(self, event: llm.InputTranscriptionCompleted) -> None:
        if event.is_final:
            self.transcripts.append(event.transcript)

    def hear(self, pcm: bytes) -> None:
        self.session.push_audio(rtc.AudioFrame(pcm, 16000, 1, len(pcm) // 2))

    async def turn(self) -> tuple[str, int, list[llm.FunctionCall]]:
        """The next one: its words, its ms of sound, its calls."""
        async with asyncio.timeout(10):
            generation = await self.turns.get()
            words, ms = "", 0
            async for message in generation.message_stream:
                words += "".join([str(delta) async for delta in message.text_stream])
                ms += sum([frame.samples_per_channel async for frame in message.audio_stream]) // 24
            return words, ms, [call async for call in generation.function_stream]


@asynccontextmanager
async def plugged(play: Script, *faults: Fault, **options: Any) -> AsyncIterator[tuple[Plugin, Provider]]:
    provider = Provider(play, pace=FAST)
    provider.faults = list(faults)
    async with provider.serve():
        plugin = Plugin(provider, **options)
        try:
            yield plugin, provider
        finally:
            await plugin.session.aclose()
        for connection in provider.connections:
            judge(connection)


async def test_given_livekit_when_the_caller_speaks_then_it_has_the_turn_and_no_sound_is_missing() -> None:
    async with plugged(hello, instructions="Be brief.", voice="Kore") as (plugin, provider):
        pcm = (tone(300)[:32000] + bytes(32000)) * 2
        plugin.hear(pcm[:64000])
        assert await plugin.turn() == ("Good morning to you.", 800, [])
        plugin.hear(pcm[64000:])
        assert await plugin.turn() == ("Good morning to you.", 800, [])
        assert plugin.transcripts[0] == "hello"
        [connection] = provider.connections
        assert (bytes(connection.audio), connection.session.sample_rate) == (pcm, 16000)
        assert (connection.session.instructions, connection.session.voice) == ("Be brief.", "Kore")


async def test_given_livekit_when_a_tool_is_called_then_its_result_goes_back_and_is_spoken_of() -> None:
    async with plugged(ask_time) as (plugin, provider):
        await plugin.session.update_tools([llm.function_tool(clock, raw_schema=CLOCK)])
        plugin.session.generate_reply()
        _, _, [call] = await plugin.turn()
        assert (call.name, call.arguments) == ("time", '{"time_zone": "UTC"}')
        context = plugin.session.chat_ctx
        output = llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output="noon", is_error=False)
        context.items += [call, output]
        await plugin.session.update_chat_ctx(context)
        assert (await plugin.turn())[0] == "It is noon."
        assert list(provider.connections[-1].session.tools) == ["time"]
        assert text(provider.contents()[0]) == "."
        assert provider.words() == []


async def test_given_livekit_when_the_server_goes_away_then_it_resumes_the_session() -> None:
    async with plugged(hello) as (plugin, provider):
        plugin.hear(tone(300)[:32000] + bytes(32000))
        await plugin.turn()
        provider.connections[0].session.go_away(left_s=50)
        await provider.until("setupComplete")
        plugin.hear(tone(300)[:32000] + bytes(32000))
        assert await plugin.turn() == ("Good morning to you.", 800, [])
        assert provider.received()[-1]["setup"]["sessionResumption"]["handle"]
        assert provider.words() == ["hello", "hello"]


async def clock(raw_arguments: Mapping[str, object]) -> str:
    return str(raw_arguments)


CLOCK: Any = {"name": "time", "description": "Tells it.", "parameters": {"type": "object", "properties": {}}}


def called(message: types.LiveServerMessage) -> types.FunctionCall:
    assert message.tool_call
    [call] = message.tool_call.function_calls or []
    return call
