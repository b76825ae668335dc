"""One connection of Gemini Live (BidiGenerateContent), from its setup to its end, played from a script.

Source: the API reference of the Live API's messages; checked against the types of the `google-genai` package.
"""

import asyncio
import base64
import copy
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.genai import types

from tests.simulators.gemini_live import messages
from tests.simulators.gemini_live.messages import EXPIRED, INVALID, NOT_FOUND, Closed, Message
from tests.simulators.openai_realtime import script
from tests.simulators.openai_realtime.hearing import Hearing
from tests.simulators.openai_realtime.script import Asked, BreakOff, CallTool, Fail, Pace, Pause, Refusals, Say, Script

_TOKENS_A_SECOND = 25  # of audio, either way
_BROKEN_OFF = {"content_filter": "GENERATED_AUDIO_SAFETY", "max_output_tokens": "RESPONSE_REJECTED"}
_PADDING_MS = 300  # of sound before speech was noticed, so that no word lacks its beginning

_ids = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Remembers(Asked):
    """`items` are the protocol's contents: `role` (user, model) and `parts`; what was spoken is there as text."""

    @property
    def pictures(self) -> list[bytes]:
        """What the model has before it, in order."""
        return [
            messages.blob(part["inlineData"]) for item in self.items for part in item["parts"] if "inlineData" in part
        ]

    @property
    def result(self) -> str | None:
        """The tool's output at the end of the conversation, None when the caller spoke after it."""
        parts = self.last.get("parts") or [{}]
        if "functionResponse" not in parts[-1]:
            return None
        response = parts[-1]["functionResponse"].get("response") or {}
        return str(next(iter(response.values()))) if len(response) == 1 else json.dumps(response)

    @property
    def said(self) -> str:
        """What the caller said last."""
        return (words(self.items) or [""])[-1]


@dataclass(slots=True)
class Memory:
    """What a resumption handle stands for: the conversation, and the calls that may be answered at any time."""

    contents: list[Message] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)  # of tools declared NON_BLOCKING


@dataclass(frozen=True, slots=True)
class Resumable:
    memory: Memory
    in_use: Callable[[], bool]  # its connection is open


class _BrokenOff(Exception):
    """By the service, in the middle of a turn."""


class Session:
    """Client messages in by `take`, server messages out by `send`. `take` raises Closed when the service hangs up.

    `hang_up` is for what ends the connection by itself, `broken` hears of a script that raised. `replies` counts and
    `handles` are kept over all sessions of a server; `transcribe` says what a stretch of PCM16 means,
    None that nothing was understood.
    """

    def __init__(
        self,
        connection: int,
        send: Callable[[Message], None],
        *,
        vertex: bool,
        play: Script,
        pace: Pace,
        refusals: Refusals,
        transcribe: Callable[[bytes], str | None],
        replies: "itertools.count[int]",
        handles: dict[str, Resumable],
        in_use: Callable[[], bool],
        hang_up: Callable[[Closed], None],
        broken: Callable[[Exception], None],
    ) -> None:
        self._connection, self._send, self._vertex, self._play = connection, send, vertex, play
        self._pace, self._refusals, self._transcribe, self._replies = pace, refusals, transcribe, replies
        self._handles, self._in_use, self._hang_up, self._broken = handles, in_use, hang_up, broken
        self.setup: Message | None = None
        self.instructions = ""
        self.tools: dict[str, Message] = {}
        self.memory = Memory()
        self.sample_rate: int | None = None  # of the caller's audio
        self._hearing: Hearing | None = None
        self._active = False  # between activityStart and activityEnd
        self._turn: asyncio.Task[None] | None = None
        self._open = False  # a turn has begun, and is not complete
        self._again = False  # another turn follows this one
        self._calls: set[str] = set()  # without an answer, and the turn waits for it
        self._answered = asyncio.Event()
        self._late: list[Message] = []  # results that the model reads when its turn is over
        self._played_until = 0.0
        self._said_ms = self._heard_ms = 0
        self._tasks = set[asyncio.Task[None]]()
        self._transcribing = asyncio.Lock()

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._turn] if self._turn else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, message: Message) -> None:
        """A client message, in camelCase."""
        for kind, body in message.items():
            match kind:
                case "setup":
                    self._set_up(body)
                case _ if self.setup is None:
                    raise Closed(1007, "setup must be the first message and only the first")
                case "realtimeInput":
                    await self._hear(body)
                case "clientContent":
                    await self._read(body)
                case "toolResponse":
                    await self._answer(body)
                case _:
                    raise Closed(1007, f'Invalid JSON payload received. Unknown name "{kind}": Cannot find field.')

    def go_away(self, left_s: float) -> None:
        """Announces the end of the connection, and ends it then."""

        async def end() -> None:
            await asyncio.sleep(left_s)
            self._hang_up(EXPIRED)

        self._send({"goAway": {"timeLeft": f"{left_s:g}s"}})
        self._background(end())

    # ---- setup

    def _set_up(self, setup: Message) -> None:
        if self.setup is not None:
            raise Closed(1007, "setup must be the first message and only the first")
        if self._refusals.setups:
            code, reason = self._refusals.setups.pop(0)
            raise Closed(code, reason)
        if not setup.get("model") or any(word in str(setup) for word in self._refusals.updates):
            raise INVALID
        if (setup.get("generationConfig") or {}).get("responseModalities", ["AUDIO"]) != ["AUDIO"]:
            raise Closed(1007, "Cannot extract voices from a non-audio request.")
        if handle := (setup.get("sessionResumption") or {}).get("handle"):
            if not (resumed := self._handles.get(handle)):
                raise NOT_FOUND
            if resumed.in_use():  # so people report
                raise Closed(1011, "Internal error encountered.")
            self.memory = copy.deepcopy(resumed.memory)
        self.setup = setup
        self.instructions = text(setup.get("systemInstruction") or {})
        declared = (tool.get("functionDeclarations") or [] for tool in setup.get("tools") or [])
        self.tools = {str(tool["name"]): tool for tool in itertools.chain.from_iterable(declared)}
        self._send({"setupComplete": {"sessionId": f"session-{self._connection}"} if self._vertex else {}})

    @property
    def voice(self) -> str:
        voice: Any = (self.setup or {}).get("generationConfig")
        for step in ("speechConfig", "voiceConfig", "prebuiltVoiceConfig", "voiceName"):
            voice = (voice or {}).get(step)
        return str(voice or "Puck")

    @property
    def _detection(self) -> Message | None:
        """None when the client says itself where an activity begins and ends."""
        detection = self._input.get("automaticActivityDetection") or {}
        return None if detection.get("disabled") else detection

    @property
    def _input(self) -> Message:
        return (self.setup or {}).get("realtimeInputConfig") or {}

    # ---- what the caller says, writes and shows

    async def _hear(self, body: Message) -> None:
        for kind, value in body.items():
            match kind:
                case "audio":
                    await self._audio(value)
                case "video":
                    messages.check(types.Blob, value)
                    self._remember("user", {"inlineData": _picture(value)})
                case "text":
                    await self._begin_activity()
                    self._remember("user", {"text": value})
                    self._reply()
                case "activityStart":
                    self._demand_manual()
                    self._active = True
                    await self._begin_activity()
                case "activityEnd":
                    self._demand_manual()
                    if self._active:
                        self._active = False
                        self._commit()
                case "audioStreamEnd":
                    if self._hearing and self._hearing.speaking:
                        self._commit()
                        self._hearing.clear()
                case _:
                    raise INVALID

    def _demand_manual(self) -> None:
        if self._detection is not None:
            raise Closed(1007, "Explicit activity control is not supported when automatic detection is enabled.")

    async def _audio(self, value: Message) -> None:
        rate = messages.sample_rate(str(value.get("mimeType", "")))
        if self._hearing is None:
            self.sample_rate, self._hearing = rate, Hearing(rate)
        elif rate != self.sample_rate:
            raise INVALID  # no client of ours has a reason to
        pcm, detection = messages.blob(value), self._detection
        if detection is None:
            if self._active:
                list(self._hearing.take(pcm, None))
            return
        vad = {"silence_duration_ms": detection.get("silenceDurationMs"), "prefix_padding_ms": _PADDING_MS}
        for edge in self._hearing.take(pcm, vad):
            if edge.started:
                await self._begin_activity()
            else:
                self._commit()

    async def _begin_activity(self) -> None:
        if self._input.get("activityHandling") != "NO_INTERRUPTION":
            await self._interrupt()

    def _commit(self) -> None:
        pcm = self._hearing.commit() if self._hearing else b""
        self._heard_ms += len(pcm) * 1000 // (2 * (self.sample_rate or 16000))
        words = self._transcribe(pcm)
        self._remember("user", {"text": words or ""})
        if words and (self.setup or {}).get("inputAudioTranscription") is not None:
            self._background(self._transcription(words))
        self._reply()

    async def _transcription(self, words: str) -> None:
        async with self._transcribing:  # one stream, in the order of what was said
            await asyncio.sleep(self._pace.transcript_ms / 1000)
            for word in words.split():
                self._content(inputTranscription={"text": f" {word}"})

    async def _read(self, body: Message) -> None:
        messages.check(types.LiveClientContent, body)
        await self._interrupt()
        for content in body.get("turns") or []:
            role = content.get("role")
            if role == "system" and self._vertex:
                self.instructions = text(content)
            elif role not in ("user", "model"):
                raise INVALID
            else:
                parts = content.get("parts") or []
                self._remember(
                    role,
                    *({"inlineData": _picture(part["inlineData"])} if "inlineData" in part else part for part in parts),
                )
        if body.get("turnComplete"):
            self._reply()

    async def _answer(self, body: Message) -> None:
        """Of a call that was cancelled or answered before, nothing comes; of one that never was, the end."""
        messages.check(types.LiveClientToolResponse, body)
        known = {part["functionCall"]["id"] for item in self.memory.contents for part in calls(item)}
        for response in body.get("functionResponses") or []:
            call = response.get("id")
            if call is None and not self._vertex:
                raise INVALID
            if call in self._calls:
                self._calls.remove(call)
                self._remember("user", {"functionResponse": response})
            elif call in self.memory.loose:
                self.memory.loose.remove(call)
                await self._answer_loosely(response)
            elif call is not None and call not in known:
                raise NOT_FOUND
        if not self._calls:
            self._answered.set()

    async def _answer_loosely(self, response: Message) -> None:
        scheduling = response.get("scheduling", "WHEN_IDLE")
        if scheduling == "INTERRUPT":
            await self._interrupt()
        self._late.append(response)
        if not self._open:
            self._read_late()
        if scheduling != "SILENT":
            self._reply()

    def _read_late(self) -> None:
        for response in self._late:
            self._remember("user", {"functionResponse": response})
        self._late.clear()

    def _remember(self, role: str, *parts: Message) -> None:
        self.memory.contents.append({"role": role, "parts": list(parts)})

    # ---- turns of the model

    def _reply(self) -> None:
        """A turn, now or after the one that is open."""
        if self._refusals.asks:
            raise Closed(1011, self._refusals.asks.pop(0))
        self._again = True
        if not self._open:
            self._open = True
            self._turn = asyncio.ensure_future(self._take_turns())

    async def _take_turns(self) -> None:
        try:
            while self._again:
                self._again, self._open, self._said_ms = False, True, 0
                await self._take_turn()
        except Closed as closed:
            self._hang_up(closed)
        except Exception as error:
            self._broken(error)

    async def _take_turn(self) -> None:
        loop = asyncio.get_running_loop()
        self._resumable(False)
        self._played_until = loop.time()
        try:
            while True:
                steps = self._play(self._asked())
                await asyncio.sleep(self._pace.think_ms / 1000)
                await self._perform(steps)
                if not self._calls:
                    break
                await self._answered.wait()
        except _BrokenOff as broken:
            self._complete(turnCompleteReason=str(broken))
            return
        self._content(generationComplete=True)
        await asyncio.sleep(max(0.0, self._played_until - loop.time()))
        self._complete()

    def _asked(self) -> Asked:
        return Remembers(
            connection=self._connection,
            reply=next(self._replies),
            instructions=self.instructions,
            tools=self.tools,
            voice=self.voice,
            items=tuple(self.memory.contents),
            meanings={},
        )

    async def _perform(self, steps: Sequence[script.Step]) -> None:
        """Calls that follow each other go out as one message."""
        for calling, group in itertools.groupby(steps, lambda step: isinstance(step, CallTool)):
            if calling:
                self._call([step for step in group if isinstance(step, CallTool)])
                continue
            for step in group:
                match step:
                    case Say():
                        await self._say(step)
                    case Pause(ms):
                        await asyncio.sleep(ms / 1000)
                    case Fail(code):
                        raise Closed(1011, code)
                    case BreakOff(say, after_ms, reason):
                        await self._say(say, until_ms=after_ms)
                        raise _BrokenOff(_BROKEN_OFF[reason])

    async def _say(self, step: Say, until_ms: int | None = None) -> None:
        words = [word if number == 0 else f" {word}" for number, word in enumerate(step.text.split(" "))]
        written = 0
        loop = asyncio.get_running_loop()
        try:
            for position in range(0, step.ms if until_ms is None else until_ms, script.DELTA_MS):
                ms = min(script.DELTA_MS, step.ms - position)
                due = step.due(position + ms)
                self._write(words[written:due])
                written = max(written, due)
                data = script.delta(step.hz, position % 1000, ms)
                part = {"inlineData": {"mimeType": f"audio/pcm;rate={script.SAMPLE_RATE}", "data": data}}
                self._content(modelTurn={"parts": [part]})
                self._said_ms += ms
                self._played_until = max(self._played_until, loop.time()) + ms / 1000 / self._pace.playback
                await asyncio.sleep(ms / 1000 / self._pace.speed)
            if until_ms is None:
                self._write(words[written:])
                written = len(words)
        finally:  # of a reply that is cut, what was sent is remembered
            self._remember("model", {"text": "".join(words[:written])})

    def _write(self, words: Sequence[str]) -> None:
        if (self.setup or {}).get("outputAudioTranscription") is not None:
            for word in words:
                self._content(outputTranscription={"text": word})

    def _call(self, steps: Sequence[CallTool]) -> None:
        parts = [
            {"id": f"function-call-{next(_ids)}", "name": step.name, "args": json.loads(step.arguments)}
            for step in steps
        ]
        self._remember("model", *({"functionCall": part} for part in parts))
        for part in parts:
            loose = self.tools.get(part["name"], {}).get("behavior") == "NON_BLOCKING"
            (self.memory.loose if loose else self._calls).add(part["id"])
        self._answered.clear()
        self._send({"toolCall": {"functionCalls": parts}})

    async def _interrupt(self) -> None:
        """Ends the open turn, as its client's doing. Nothing happens between turns."""
        if not self._open:
            return
        self._again = False
        if self._turn:
            self._turn.cancel()
            await asyncio.wait([self._turn])
        if self._calls:
            self._send({"toolCallCancellation": {"ids": sorted(self._calls)}})
            self._calls.clear()
        self._content(interrupted=True)
        self._complete()

    def _complete(self, **more: str) -> None:
        self._open = False
        self._read_late()
        self._send({"serverContent": {"turnComplete": True, **more}, "usageMetadata": self._usage()})
        self._resumable(True)

    def _resumable(self, at_rest: bool) -> None:
        if (self.setup or {}).get("sessionResumption") is None:
            return
        if not at_rest:
            self._send({"sessionResumptionUpdate": {}})
            return
        handle = base64.b64encode(f"handle-{next(_ids)}".encode()).decode()
        self._handles[handle] = Resumable(copy.deepcopy(self.memory), self._in_use)
        self._send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    # ---- small things

    def _content(self, **fields: Any) -> None:
        self._send({"serverContent": fields})

    def _usage(self) -> Message:
        """Text counts by its words."""
        said, heard = (ms * _TOKENS_A_SECOND // 1000 for ms in (self._said_ms, self._heard_ms))
        written = sum(len(text(item).split()) for item in self.memory.contents)
        response = "candidates" if self._vertex else "response"
        return {
            "promptTokenCount": heard + written,
            f"{response}TokenCount": said,
            "totalTokenCount": heard + written + said,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": written},
                {"modality": "AUDIO", "tokenCount": heard},
            ],
            f"{response}TokensDetails": [{"modality": "AUDIO", "tokenCount": said}],
        }

    def _background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._broken(error)


def _picture(value: Message) -> Message:
    """Of a kind that the service takes. Raises Closed."""
    if value.get("mimeType") not in ("image/jpeg", "image/png"):
        raise Closed(1007, f"Unsupported mime type: {value.get('mimeType')!r}.")
    messages.blob(value)
    return value


def text(content: Mapping[str, Any]) -> str:
    """What a content says, spoken or written."""
    return " ".join(str(part["text"]) for part in content.get("parts") or [] if part.get("text"))


def words(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the caller said. A lone full stop is LiveKit's way to ask for a reply, and said by nobody."""
    said = (text(content) for content in contents if content["role"] == "user")
    return [each for each in said if each not in ("", ".")]


def calls(content: Mapping[str, Any]) -> list[Message]:
    return [part for part in content["parts"] if "functionCall" in part]
