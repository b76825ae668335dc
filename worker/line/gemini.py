"""A LiveKit plugin session of Gemini Live, in the line's vocabulary.

The plugin brings the socket, the setup, the caller's audio at the rate it wants, and the dialects of the models. It has no
raw hook, and tells of turns in streams that lose their order; so the provider's messages are read as they arrive, and the
plugin's own story of them is left unread. It is pinned: what is overridden here is private to it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import groupby
from operator import itemgetter

from google.genai import types
from google.genai.live import AsyncSession
from livekit import rtc
from livekit.agents import llm
from livekit.agents.types import NOT_GIVEN
from livekit.plugins.google import realtime
from livekit.plugins.google.realtime.realtime_api import RealtimeSession

from worker.line import gemini_wire as wire
from worker.line import memory
from worker.line.endpoint import Endpoint
from worker.line.events import ArmRefused, Connected, LinkEvent, LinkLost
from worker.line.gemini_failures import failure, reason
from worker.line.gemini_model import realtime_model
from worker.line.gemini_turns import Turns
from worker.line.link import Arms
from worker.line.pauses import Pauses

_CONNECT_S = 5.0  # a server that takes the socket, and says nothing, is as good as none
_ANSWER_S = 8.0  # a reply that has not begun by then will not be waited for
_QUIET_S = 3.0  # without a word the caller has ended, if the model has not thought so before
_WORDS_S = 1.0  # the last words of a speech that has ended are not waited for any longer
_LINGER_S = 0.5  # after it has asked for tools, a reply that says no more in so long is over: not all models say so
_DROPPED = "Not done: the caller has gone on to something else meanwhile."


class GeminiLink:
    """One session, from dial to end. All that it is told about an agent comes with the dial.

    What is to be remembered later waits for a moment in which it interrupts nothing: the provider ends a reply that runs
    for any text that it is given. A tool's result waits for the request that it is to be answered: it is that request.
    """

    def __init__(
        self, endpoint: Endpoint, arms: Arms, entries: Sequence[memory.Entry], emit: Callable[[LinkEvent], None]
    ) -> None:
        self._emit, self._arms = emit, arms
        self._sample_rate = endpoint.profile.sample_rate
        self._pauses = Pauses(self._sample_rate)
        self._connected = self._served = self._over = False
        self._notes = list[tuple[str, str]]()  # who says so, and what
        self._filmed: tuple[str, str] | None = None  # whose camera or screen the last frame was of
        self._state = ""  # what is to be told of how the call stands: the newest alone
        self._results = list[tuple[types.FunctionCall, str]]()
        self._loop = asyncio.get_running_loop()
        self._timers = dict[str, asyncio.TimerHandle]()
        self._session = _Session(
            realtime_model(endpoint, endpoint.profile.voice(arms.role), arms.told),
            tools=wire.tools(arms.tools),
            history=llm.ChatContext([wire.told(entry) for entry in entries]),
            connected=self._on_connected,
            take=self._take,
        )
        self._turns = Turns(self._tell, self._pauses.sounds, waits_for_tools=not self._session.goes_on_without_tools)
        self._session.on("error", lambda error: self._lose(error.error))
        self._set_timer("connect", _CONNECT_S, lambda: self._lose(TimeoutError(f"no answer within {_CONNECT_S:.0f} s")))

    def hear(self, pcm: bytes) -> None:
        if not self._over:
            self._turns.given(len(pcm) * 500 / self._sample_rate)
            self._pauses.hear(pcm)
            self._session.push_audio(rtc.AudioFrame(pcm, self._sample_rate, 1, len(pcm) // 2))

    def arm(self, arms: Arms) -> None:
        """How the call stands is told in a note; for another agent, another session is needed.

        An update of the instructions would be but one more turn of the model, on the Gemini API.
        """
        known = self._arms
        if (arms.instructions, arms.tools, arms.role) != (known.instructions, known.tools, known.role):
            self._tell(ArmRefused(arms.epoch, "Gemini takes another agent in another session only."))
            return
        if arms.state != known.state:
            self._state = wire.standing(arms.state)
        self._arms = arms
        self._settle()

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        """`tools`: it cannot be kept from calling one; the plugin then declines such a call, and the reply goes on."""
        ask = self._turns.asked()
        if not tools:
            self._turns.refuses_tools = True
            self._session.update_options(tool_choice="none")
        if self._results:
            self._answer_calls(hint)
        elif not self._turns.owes:
            self._send_notes()
            reply = self._session.generate_reply(instructions=hint or NOT_GIVEN)
            reply.add_done_callback(lambda reply: reply.cancelled() or reply.exception())  # the timer here says so
        if self._connected:
            self._wait_for_reply()
        return ask

    def cancel(self, reply: str | None = None) -> None:
        self._turns.cancel(reply)
        self._settle()

    def truncate(self, item: str, heard_ms: int) -> None:
        """It cannot: what it has said, it has said."""

    def forget(self, item: str) -> None:
        """It cannot."""

    def remember(self, entry: memory.Entry, after: str | None = None) -> None:
        """At the end; it takes nothing anywhere else."""
        match entry:
            case memory.Returned(_, call_id, _, output) if call := self._turns.calls.pop(call_id, None):
                self._results.append((call, output))
            case memory.Shown(_, text, pictures):
                for picture in pictures:  # as a camera's: that interrupts nothing, and takes no turn
                    self._session.send(types.LiveClientRealtimeInput(video=wire.jpeg(picture)))
                self._notes.append(("user", text))
            case memory.Frame(_, source, text, picture, _, whose):
                # what it is a frame of was told when somebody began to show it, and is told again when others do, too
                if self._filmed not in (None, (whose, source)):
                    self._notes.append(("user", text))
                self._filmed = whose, source
                self._session.send(types.LiveClientRealtimeInput(video=wire.jpeg(picture)))
            case _:
                self._notes.append((wire.role(entry), wire.as_text(entry)))
        self._settle()

    async def close(self) -> None:
        self._over = True
        self._cancel_timers()
        await self._session.aclose()

    def _tell(self, event: LinkEvent) -> None:
        if not self._over:
            self._emit(event)

    def _on_connected(self) -> None:
        self._connected = True
        self._cancel_timer("connect")
        self._tell(Connected())
        if self._turns.ask:
            self._wait_for_reply()

    def _take(self, message: types.LiveServerMessage) -> None:
        self._served = self._served or bool(message.server_content or message.tool_call)
        self._turns.take(message)
        self._settle()

    def _settle(self) -> None:
        """Something has changed: what waits for a better moment may go now."""
        turns = self._turns
        self._results += [(call, _DROPPED) for call in turns.dropped]
        turns.dropped.clear()
        if turns.speaking:
            self._set_timer("quiet", self._quiet_s, self._on_quiet)
            if self._results:
                self._tell_results()
        else:
            self._cancel_timer("quiet")
        if turns.awaits_words:
            self._set_timer("words", _WORDS_S, turns.finish_speech)
        else:
            self._cancel_timer("words")
        if turns.lingers:
            self._set_timer("linger", _LINGER_S, self._on_lingered)
        else:
            self._cancel_timer("linger")
        if not turns.refuses_tools and self._session.refuses_tools:
            self._session.update_options(tool_choice="auto")
        if turns.rests:
            self._send_notes()

    @property
    def _quiet_s(self) -> float:
        """From a word of the caller's on. The pause at the end of what was given at once is over already."""
        silent_s = self._pauses.silent_ms / 1000 if self._turns.behind else 0.0
        return max(_WORDS_S, _QUIET_S - silent_s)

    def _answer_calls(self, hint: str) -> None:
        """The model goes on when it has its tools' results. What else it is to know goes with them: text would interrupt."""
        notes = [f"[You said: {text}]" if role == "model" else text for role, text in self._take_notes()]
        more = {"meanwhile": "\n".join(notes), "instructions": hint}
        results, self._results = self._results, []
        last = len(results) - 1
        self._session.send(
            types.LiveClientToolResponse(
                function_responses=[
                    wire.response(call, output, **(more if place == last else {}))
                    for place, (call, output) in enumerate(results)
                ]
            )
        )

    def _tell_results(self) -> None:
        """Before the model answers the caller, who has begun to speak: without an answer of their own, if it can be."""
        results, self._results = self._results, []
        scheduling = types.FunctionResponseScheduling.SILENT if self._session.takes_results_in_silence else None
        responses = [wire.response(call, output) for call, output in results]
        for response in responses:
            response.scheduling = scheduling
        self._turns.owes = not scheduling
        self._session.send(types.LiveClientToolResponse(function_responses=responses))

    def _send_notes(self) -> None:
        if notes := self._take_notes():
            turns = [
                types.Content(role=role, parts=[types.Part(text=text) for _, text in said])
                for role, said in groupby(notes, itemgetter(0))
            ]
            self._session.send(types.LiveClientContent(turns=turns, turn_complete=False))

    def _take_notes(self) -> list[tuple[str, str]]:
        notes = [*self._notes, *([("user", self._state)] if self._state else [])]
        self._notes, self._state = [], ""
        return notes

    def _wait_for_reply(self) -> None:
        ask = self._turns.ask
        self._set_timer("reply", _ANSWER_S, lambda: self._on_no_reply(ask))

    def _on_no_reply(self, ask: str) -> None:
        if self._turns.ask == ask:
            self._turns.refused("timeout")
            self._settle()

    def _on_lingered(self) -> None:
        self._turns.end()
        self._settle()

    def _on_quiet(self) -> None:
        self._turns.quiet()
        self._settle()

    def _lose(self, error: BaseException) -> None:
        lost = LinkLost(failure(error, connected=self._connected, served=self._served), reason(error))
        self._tell(lost)
        self._over = True
        self._cancel_timers()

    def _set_timer(self, name: str, delay_s: float, then: Callable[[], None]) -> None:
        self._cancel_timer(name)
        self._timers[name] = self._loop.call_later(delay_s, then)

    def _cancel_timer(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()

    def _cancel_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()


class _Session(RealtimeSession):
    """The plugin's session, but: it is complete before it dials, lets its messages be read, and never dials again."""

    def __init__(
        self,
        model: realtime.RealtimeModel,
        *,
        tools: Sequence[llm.Tool],
        history: llm.ChatContext,
        connected: Callable[[], None],
        take: Callable[[types.LiveServerMessage], None],
    ) -> None:
        super().__init__(model)
        self._tools = llm.ToolContext(tools)  # before its task runs: an update would make it dial again
        self._chat_ctx = history
        self._tell_connected, self._tell = connected, take

    def send(
        self, event: types.LiveClientContent | types.LiveClientToolResponse | types.LiveClientRealtimeInput
    ) -> None:
        self._send_client_event(event)

    @property
    def refuses_tools(self) -> bool:
        return self._opts.tool_choice == "none"

    @property
    def goes_on_without_tools(self) -> bool:
        """Whether the model may speak before it has the results that it has asked for."""
        return self._opts.tool_behavior == types.Behavior.NON_BLOCKING

    @property
    def takes_results_in_silence(self) -> bool:
        """Whether one may be given without a reply to it."""
        return self.goes_on_without_tools and not self._opts.vertexai

    async def _recv_task(self, session: AsyncSession) -> None:
        """The setup is complete, and the memory sent."""
        receive = session.receive

        async def receive_and_tell() -> AsyncIterator[types.LiveServerMessage]:
            messages = receive()
            while True:
                try:
                    message = await anext(messages)
                except StopAsyncIteration:
                    return
                except TypeError:  # google-genai stumbles over a kind of message that it does not know
                    messages = receive()
                    continue
                self._tell(message)  # first: the plugin takes out of it what it does not care for
                yield message

        session.receive = receive_and_tell  # type: ignore[method-assign]
        self._tell_connected()
        await super()._recv_task(session)

    def _handle_go_away(self, go_away: types.LiveServerGoAway) -> None:
        """The line moves when it suits the call; the plugin would hang up at once."""
