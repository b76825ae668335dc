"""What Gemini Live sends, in the line's vocabulary. Pure: no socket, no clock.

It has no ids, says of a reply when it ends but not when it begins, and of the caller only what words it heard. So the ids
are ours; a reply begins with its first word, sound or tool call; and the caller's speech begins with its first words, and
has ended when the reply to it begins.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

from google.genai import types
from livekit.agents.utils import shortuuid

from worker.line.events import (
    AskRefused,
    Audio,
    GoingAway,
    Interrupted,
    LinkEvent,
    MessageEnded,
    MessageStarted,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Text,
    ToolRequested,
    Transcript,
    Usage,
)

_LATE_MS = 1000  # the last words of a turn are recognised that long after they were said, at most
_AT_ONCE_MS = 500  # longer than any piece of sound that comes as it is spoken
_BEHIND_MS = 5000
_NO_FAILURE = (
    None,
    types.TurnCompleteReason.TURN_COMPLETE_REASON_UNSPECIFIED,
    types.TurnCompleteReason.NEED_MORE_INPUT,
)


class _Phase(Enum):
    """What the provider does."""

    IDLE = auto()
    REPLY = auto()  # it replies
    TOOLS = auto()  # it has asked for tools
    PLAYING = auto()  # it has replied, and supposes that the caller still hears it


class Turns:
    """One session's turns: `take` the provider's messages, and `emit` gets the events.

    `at_ms` of speech: the provider gives no times. Speech begins where the one before it ended: what was said since is in no
    transcript, wherever it is. It ends where the first sound before a pause did that can have been its last, so that another
    session neither hears it again nor misses what came after; if there was no pause, `_LATE_MS` before its last words came.
    """

    def __init__(
        self, emit: Callable[[LinkEvent], None], sounds: Sequence[tuple[int, int]] = (), *, waits_for_tools: bool
    ) -> None:
        """`sounds`: where in the caller's audio those that a pause followed began and ended, up to now.

        `waits_for_tools`: the model says nothing more before it has their results.
        """
        self._emit, self._sounds, self._waits_for_tools = emit, sounds, waits_for_tools
        self.given_ms = 0.0  # of the caller's audio
        self._behind_until_ms = 0.0  # until then the provider still works on what it was given at once
        self.ask = ""  # a request whose reply has not begun
        self.owes = False  # it was given a tool's result, and will answer that unasked
        self.refuses_tools = False
        self.calls: dict[str, types.FunctionCall] = {}  # those that have no result yet, by the ids that we gave them
        self.dropped: list[types.FunctionCall] = []  # those of a reply that was cancelled: nobody will run them
        self._phase = _Phase.IDLE
        self._reply = self._message = ""
        self._last_reply = ""
        self._swallows = False  # the rest of a reply that was cancelled
        self._aborted = False  # the next turn that ends is the one that was interrupted
        self._speech = self._words = ""
        self.speaking = False
        self._words_ms: float | None = None
        self._stopped_ms = -math.inf
        self._covered_ms = 0

    @property
    def rests(self) -> bool:
        """It neither replies nor is about to: what it is told now interrupts nothing."""
        return self._phase is _Phase.IDLE and not self.speaking and not self.ask and not self.owes

    @property
    def awaits_words(self) -> bool:
        """The caller has spoken, and nothing says when the last of their words is there."""
        return bool(self._speech) and not self.speaking and self._phase in (_Phase.IDLE, _Phase.TOOLS)

    @property
    def behind(self) -> bool:
        """It may still be working on what it was given at once."""
        return self.given_ms < self._behind_until_ms

    @property
    def lingers(self) -> bool:
        """It has asked for tools, and may say more in the same reply, or not."""
        return self._phase is _Phase.TOOLS and bool(self._reply) and not self._message

    def given(self, ms: float) -> None:
        """More of the caller's audio: as they speak, or what another session has had before, at once."""
        self.given_ms += ms
        if ms > _AT_ONCE_MS:
            self._behind_until_ms = self.given_ms + _BEHIND_MS

    def take(self, message: types.LiveServerMessage) -> None:
        self._write_down()
        if content := message.server_content:
            self._take_content(content)
        if message.tool_call:
            self._take_calls(message.tool_call.function_calls or [])
        if message.tool_call_cancellation:
            cancelled = set(message.tool_call_cancellation.ids or [])
            self.calls = {ours: call for ours, call in self.calls.items() if call.id not in cancelled}
        if message.usage_metadata:
            self._emit(_usage(self._last_reply, message.usage_metadata))
        if message.go_away:
            self._emit(GoingAway(float((message.go_away.time_left or "0").removesuffix("s"))))

    def asked(self) -> str:
        """A reply is being asked for. Returns the request's id."""
        self.refused("superseded")
        if not self.speaking and self._phase is not _Phase.TOOLS:  # what called for them may not be all in words yet
            self.finish_speech()
        self.ask = shortuuid("ask_")
        return self.ask

    def refused(self, code: str) -> None:
        """The reply that was asked for will not come."""
        if self.ask:
            ask, self.ask, self.owes, self.refuses_tools = self.ask, "", False, False
            self._emit(AskRefused(ask, code))

    def cancel(self, reply: str | None) -> None:
        """Nothing more comes of a reply. The provider goes on with it, and is not listened to."""
        if self._reply and reply in (None, self._reply):
            self._swallows = self._phase is _Phase.REPLY
            self._end_reply()

    def end(self) -> None:
        """Nothing more has come of a reply that lingers."""
        if self.lingers:
            self._end_reply()

    def quiet(self, *, answered: bool = False) -> None:
        """The caller has said no word for so long that they have ended. Without words or an answer, it may be unheard."""
        if self.speaking:
            self.speaking = False
            self._stopped_ms = self.given_ms
            words_ms = self.given_ms if self._words_ms is None else self._words_ms
            if answered or self._words:
                self._cover(words_ms)
            self._emit(SpeechStopped(self._speech, self._covered_ms))

    def finish_speech(self) -> None:
        """No more words of it are waited for."""
        self.quiet()
        if self._speech:
            speech, words = self._speech, self._words.strip()
            self._speech, self._words, self._words_ms = "", "", None
            self._emit(Transcript(speech, words, final=True))

    def _write_down(self) -> None:
        """What the caller said is in words if the last of them must have come."""
        if self._words and not self.speaking and self.given_ms - self._stopped_ms >= _LATE_MS:
            self.finish_speech()

    def _cover(self, words_ms: float) -> None:
        """A speech has ended whose last words came then: so has all that was said before it.

        Of what was given at once, each speech is but the next sound: the words of what follows may be still to come.
        """
        until = math.inf
        if words_ms >= self._behind_until_ms:
            self._covered_ms, until = max(self._covered_ms, round(words_ms) - _LATE_MS), words_ms
        ends = (end for begin, end in self._sounds if begin < until and end > self._covered_ms)
        self._covered_ms = next(ends, self._covered_ms)

    def _take_content(self, content: types.LiveServerContent) -> None:
        if content.interrupted:
            self._on_interrupted()
        if content.input_transcription and content.input_transcription.text:
            self._on_words(content.input_transcription.text)
        text = (content.output_transcription and content.output_transcription.text) or ""
        parts = (content.model_turn and content.model_turn.parts) or []
        sounds = [part.inline_data.data for part in parts if part.inline_data and part.inline_data.data]
        self._on_output(text, sounds)
        failure = "" if content.turn_complete_reason in _NO_FAILURE else str(content.turn_complete_reason.value)
        if content.generation_complete:
            self._on_generated(failure)
        if content.turn_complete:
            self._on_complete(failure)

    def _on_interrupted(self) -> None:
        """By the caller; or by what we asked it for, which interrupts all the same."""
        caller = not self.ask
        if caller and self._words and not self.speaking:
            self.finish_speech()  # of the turn before
        if caller and not self._swallows:
            self._emit(Interrupted())
        self._end_reply()
        self._swallows, self._aborted, self._phase = False, True, _Phase.IDLE
        if caller and not self.speaking:
            self._begin_speech()

    def _on_words(self, text: str) -> None:
        """Words of the caller, or late ones: those come while it replies without an interruption, or soon after it began."""
        late = self._phase in (_Phase.REPLY, _Phase.PLAYING) or self.given_ms - self._stopped_ms < _LATE_MS
        if self._speech and not self.speaking and not late:
            self.finish_speech()
        if not self._speech and late:
            self._speech = shortuuid("said_")
        elif not self._speech:
            self._begin_speech()
        self._words += text
        self._words_ms = self.given_ms
        self._emit(Transcript(self._speech, self._words.strip(), final=False))

    def _on_output(self, text: str, sounds: Sequence[bytes]) -> None:
        if self._swallows or not (text or sounds):
            return
        if not self._reply:
            if self._phase is _Phase.PLAYING and not sounds and not self.ask:
                return  # the last of the words, behind the end of the sound they belong to
            self._begin_reply()
        if not self._message:
            self._message = shortuuid("message_")
            self._emit(MessageStarted(self._reply, self._message))
            text = text.lstrip()
        if text:
            self._emit(Text(self._reply, self._message, text))
        for pcm in sounds:
            self._emit(Audio(self._reply, self._message, pcm))

    def _take_calls(self, calls: Sequence[types.FunctionCall]) -> None:
        if self.refuses_tools:  # the plugin tells it so, and it goes on
            self.owes = True
            self._phase = self._phase if self._reply else _Phase.TOOLS
            return
        if self._swallows:
            self._swallows = False
            self.dropped += calls
        else:
            self._begin_reply()
            if self._words:
                self.finish_speech()
            self._end_message()
            for call in calls:
                ours = shortuuid("call_")  # every provider takes it, should the call go on with another
                self.calls[ours] = call
                arguments = json.dumps(call.args or {}, ensure_ascii=False)
                self._emit(ToolRequested(self._reply, shortuuid("item_"), ours, call.name or "", arguments))
            if self._waits_for_tools:
                self._end_reply()
        self._phase = _Phase.TOOLS

    def _on_generated(self, failure: str) -> None:
        """All of a reply is there. Its turn goes on until it has been heard, as the provider supposes."""
        if self._swallows or self._reply:
            self._swallows, self._phase = False, _Phase.PLAYING
            if self._words:
                self.finish_speech()
            self._end_reply(failure)

    def _on_complete(self, failure: str) -> None:
        if self._aborted:
            self._aborted = False
            return
        self._behind_until_ms = 0.0  # it has replied to the end, and has heard nothing that goes on
        if self._phase is _Phase.IDLE and (self.ask or failure):
            self._begin_reply()  # it has nothing to say
        self._end_reply(failure)
        if self._words and (not self.speaking or self._phase is _Phase.IDLE):
            self.finish_speech()
        self._swallows, self._phase = False, _Phase.IDLE

    def _begin_reply(self) -> None:
        if self._reply:
            return
        if self._phase is _Phase.IDLE and not (self.ask or self.owes or self._speech):
            self._begin_speech()  # it answers something, whose words will come
        self.quiet(answered=True)
        ask, self.ask, self.owes = self.ask, "", False
        self._aborted, self._phase = False, _Phase.REPLY
        self._reply = self._last_reply = shortuuid("reply_")
        self._emit(ReplyStarted(self._reply, ask))

    def _end_message(self) -> None:
        if self._message:
            message, self._message = self._message, ""
            self._emit(MessageEnded(self._reply, message))

    def _end_reply(self, failure: str = "") -> None:
        self._end_message()
        if self._reply:
            reply, self._reply = self._reply, ""
            self.refuses_tools = False
            self._emit(ReplyEnded(reply, failure))

    def _begin_speech(self) -> None:
        self.finish_speech()
        self._speech, self.speaking = shortuuid("said_"), True
        self._emit(SpeechStarted(self._speech, self._covered_ms))
        self.refused("the caller speaks")  # and will be answered unasked


def _usage(reply: str, counted: types.UsageMetadata) -> Usage:
    """What has no modality is text on the way in, and sound on the way out: what the session is set to."""
    read, cached, said = (
        _by_modality(details)
        for details in (counted.prompt_tokens_details, counted.cache_tokens_details, counted.response_tokens_details)
    )
    unnamed = (counted.prompt_token_count or 0) - sum(read)
    unnamed_said = (counted.response_token_count or 0) - sum(said)
    return Usage(
        reply=reply,
        input_text=read.text + max(0, unnamed) + (counted.tool_use_prompt_token_count or 0),
        input_audio=read.audio,
        input_image=read.image,
        cached=counted.cached_content_token_count or sum(cached),
        cached_text=cached.text,
        cached_audio=cached.audio,
        cached_image=cached.image,
        output_text=said.text + (counted.thoughts_token_count or 0),
        output_audio=said.audio + max(0, unnamed_said),
    )


class _Tokens(NamedTuple):
    text: int
    audio: int
    image: int  # moving or not


def _by_modality(details: Sequence[types.ModalityTokenCount] | None) -> _Tokens:
    counts = Counter[types.MediaModality | None]()
    for detail in details or []:
        counts[detail.modality] += detail.token_count or 0
    text, audio = counts.pop(types.MediaModality.TEXT, 0), counts.pop(types.MediaModality.AUDIO, 0)
    return _Tokens(text, audio, counts.total())
