"""What Gemini's messages mean, where the provider's own order is not ours. Pure."""

from collections.abc import Mapping
from typing import Any

from google.genai import types

from worker.line.events import (
    AskRefused,
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
from worker.line.gemini_turns import Turns


class Wire:
    def __init__(self, *, waits_for_tools: bool = True) -> None:
        self.events: list[LinkEvent] = []
        self.sounds: list[tuple[int, int]] = []
        self.turns = Turns(self.events.append, self.sounds, waits_for_tools=waits_for_tools)

    def take(self, **content: Any) -> None:
        self.message(serverContent=content)

    def message(self, **fields: Any) -> None:
        self.turns.take(types.LiveServerMessage.model_validate(fields))

    def hear(self, words: str) -> None:
        self.take(inputTranscription={"text": words})

    def say(self, words: str) -> None:
        part = {"inlineData": {"mimeType": "audio/pcm", "data": "AAAA"}}
        self.take(outputTranscription={"text": words}, modelTurn={"parts": [part]})

    def finish(self, **more: Any) -> None:
        self.take(generationComplete=True)
        self.take(turnComplete=True, **more)

    def speak(self, *sounds_ms: int, at_once: bool = False) -> None:
        """The caller does, with a second's pause after each of these."""
        given_ms, sounds = self.turns.given_ms, 0
        for ms in sounds_ms:
            begin = round(given_ms) + sounds
            self.sounds.append((begin, begin + ms))
            sounds += ms + 1000
        for piece in [sounds] if at_once else [50] * (sounds // 50):
            self.turns.given(piece)

    @property
    def ends(self) -> list[int]:
        return [event.at_ms for event in self.events if isinstance(event, SpeechStopped)]

    @property
    def finals(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Transcript) and event.final]

    def count(self, *kinds: type[LinkEvent]) -> list[int]:
        return [sum(isinstance(event, kind) for event in self.events) for kind in kinds]


def test_given_words_of_the_caller_that_come_after_the_reply_began_then_they_belong_to_their_turn() -> None:
    wire = Wire()
    wire.hear("Where is")
    wire.say("It is")
    wire.hear(" my order?")
    wire.say(" on its way.")
    wire.finish()
    assert wire.finals == ["Where is my order?"]
    assert wire.count(SpeechStarted, SpeechStopped, ReplyStarted) == [1, 1, 1]


def test_given_words_that_come_only_with_the_reply_then_the_turn_is_there_before_it() -> None:
    wire = Wire()
    wire.say("It is on its way.")
    assert [type(event) for event in wire.events[:3]] == [SpeechStarted, SpeechStopped, ReplyStarted]
    wire.hear("Where is my order?")
    wire.finish()
    assert wire.finals == ["Where is my order?"]
    assert wire.count(SpeechStarted) == [1]


def test_given_words_that_come_after_the_tool_was_called_then_the_caller_is_not_taken_to_speak_on() -> None:
    wire = Wire()
    wire.hear("Where is")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look", "args": {"what": "Ärger"}}]})
    assert wire.finals == ["Where is"], "it is known who asked for it"
    [request] = [event for event in wire.events if isinstance(event, ToolRequested)]
    assert request.arguments == '{"what": "Ärger"}'
    wire.hear(" my order?")
    assert wire.turns.awaits_words
    wire.turns.finish_speech()
    assert wire.finals == ["Where is", "my order?"]
    assert wire.count(SpeechStarted) == [1]


def test_given_words_that_come_when_the_result_is_told_already_then_they_are_not_torn_apart() -> None:
    wire = Wire()
    wire.speak(900)
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "find_order", "args": {}}]})
    wire.hear("When does")
    wire.turns.asked()
    wire.hear(" order 1042 arrive?")
    wire.say("On Friday.")
    wire.finish()
    assert wire.finals == ["When does order 1042 arrive?"]
    assert wire.count(SpeechStarted, SpeechStopped, ReplyStarted) == [1, 1, 2]


def test_given_words_that_come_when_the_turn_that_called_a_tool_is_complete_then_they_belong_to_it() -> None:
    wire = Wire(waits_for_tools=False)
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    wire.finish()
    wire.turns.given_ms += 500
    wire.hear("Where is")
    wire.hear(" my order?")
    wire.turns.asked()
    assert wire.finals == ["Where is my order?"]
    assert wire.count(SpeechStarted, SpeechStopped) == [1, 1]


def test_given_the_last_words_of_a_reply_behind_its_end_then_they_begin_no_other() -> None:
    wire = Wire()
    wire.hear("Hello.")
    wire.say("Good")
    wire.take(generationComplete=True)
    wire.take(outputTranscription={"text": " day."})
    wire.take(turnComplete=True)
    assert wire.count(ReplyStarted, ReplyEnded, SpeechStarted) == [1, 1, 1]


def test_given_a_message_with_words_and_sound_then_the_words_come_first() -> None:
    wire = Wire()
    wire.turns.asked()
    wire.say(" Good")
    assert [type(event).__name__ for event in wire.events] == ["ReplyStarted", "MessageStarted", "Text", "Audio"]
    assert [event.text for event in wire.events if isinstance(event, Text)] == ["Good"]


def test_given_a_reply_that_is_still_heard_when_the_caller_speaks_then_it_is_interrupted() -> None:
    wire = Wire()
    wire.turns.asked()
    wire.say("Good day.")
    wire.take(generationComplete=True)
    wire.take(interrupted=True)
    wire.take(turnComplete=True)
    assert wire.count(Interrupted, ReplyEnded, SpeechStarted, SpeechStopped) == [1, 1, 1, 0]
    wire.hear("Wait.")
    wire.say("Yes?")
    wire.finish()
    assert wire.finals == ["Wait."]
    assert wire.count(SpeechStarted, SpeechStopped, ReplyStarted) == [1, 1, 2]


def test_given_a_long_reply_then_the_turn_before_it_is_in_words_as_soon_as_none_can_be_missing() -> None:
    wire = Wire()
    wire.hear("Tell me all.")
    wire.say("It is")
    wire.turns.given_ms += 900
    wire.say(" a long")
    assert wire.finals == []
    wire.turns.given_ms += 100
    wire.say(" story")
    assert wire.finals == ["Tell me all."]


def test_given_a_reply_that_is_interrupted_then_the_turn_before_it_is_in_words_first() -> None:
    wire = Wire()
    wire.hear("Tell me all.")
    wire.say("It is")
    wire.take(interrupted=True)
    final = next(event for event in wire.events if isinstance(event, Transcript) and event.final)
    assert final.text == "Tell me all."
    assert wire.events.index(final) < wire.events.index(Interrupted())


def test_given_a_request_when_it_interrupts_what_is_still_heard_then_nobody_spoke() -> None:
    wire = Wire()
    wire.turns.asked()
    wire.say("Good day.")
    wire.take(generationComplete=True)
    ask = wire.turns.asked()
    wire.take(interrupted=True)
    wire.take(turnComplete=True)
    wire.say("And")
    assert wire.count(Interrupted, SpeechStarted) == [0, 0]
    assert isinstance(wire.events[-4], ReplyStarted)
    assert wire.events[-4].ask == ask


def test_given_a_caller_who_is_not_answered_then_their_words_are_final_when_the_turn_is_complete() -> None:
    wire = Wire()
    wire.hear("Hm.")
    wire.take(turnComplete=True)
    assert wire.finals == ["Hm."]
    assert wire.count(SpeechStopped, ReplyStarted) == [1, 0]


def test_given_a_reason_why_there_is_no_reply_then_it_is_told() -> None:
    wire = Wire()
    wire.turns.asked()
    wire.take(turnComplete=True, turnCompleteReason="PROHIBITED_INPUT_CONTENT")
    assert isinstance(wire.events[-1], ReplyEnded)
    assert wire.events[-1].failure == "PROHIBITED_INPUT_CONTENT"


def test_given_calls_that_are_cancelled_then_they_are_not_of_this_session_any_more() -> None:
    wire = Wire()
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}, {"id": "2", "name": "look"}]})
    wire.message(toolCallCancellation={"ids": ["1"]})
    assert [call.id for call in wire.turns.calls.values()] == ["2"]


def test_given_a_model_that_speaks_on_after_it_called_a_tool_then_that_is_one_reply() -> None:
    wire = Wire(waits_for_tools=False)
    wire.hear("Where is my order?")
    wire.say("Let me see.")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    assert wire.turns.lingers
    wire.say("It takes a moment.")
    wire.finish()
    assert wire.count(ReplyStarted, MessageStarted, MessageEnded, ReplyEnded) == [1, 2, 2, 1]


def test_given_a_model_that_does_not_say_whether_it_speaks_on_then_its_reply_ends_without() -> None:
    wire = Wire(waits_for_tools=False)
    wire.hear("Where is my order?")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    wire.turns.end()
    assert isinstance(wire.events[-1], ReplyEnded)
    wire.turns.asked()
    wire.say("It is on its way.")
    assert wire.count(SpeechStarted, ReplyStarted) == [1, 2]


def test_given_a_tool_that_is_declined_then_what_the_model_says_instead_answers_nobody_who_spoke() -> None:
    wire = Wire(waits_for_tools=False)
    wire.turns.asked()
    wire.turns.refuses_tools = True
    wire.say("Let me see.")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    wire.finish()
    wire.say("One moment.")
    assert wire.count(ReplyStarted, SpeechStarted, ToolRequested) == [2, 0, 0]


def test_given_a_caller_who_speaks_while_a_tool_runs_then_the_turn_that_called_it_does_not_end_their_speech() -> None:
    wire = Wire()
    wire.hear("Where is my order?")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    wire.turns.given_ms += 1500
    wire.hear("And")
    wire.take(turnComplete=True)
    wire.turns.asked()
    assert wire.count(SpeechStarted, SpeechStopped) == [2, 1]
    wire.hear(" another thing.")
    wire.say("Yes?")
    wire.finish()
    assert wire.finals == ["Where is my order?", "And another thing."]


def test_given_a_caller_who_was_quiet_when_they_go_on_then_that_is_another_speech() -> None:
    wire = Wire()
    wire.hear("One.")
    wire.turns.quiet()
    wire.turns.given_ms += 1500
    wire.hear("Two.")
    assert wire.finals == ["One."]
    assert wire.count(SpeechStarted, SpeechStopped) == [2, 1]


def test_given_a_reply_that_lingers_when_it_is_cancelled_then_the_next_is_heard() -> None:
    wire = Wire(waits_for_tools=False)
    wire.hear("Where is my order?")
    wire.message(toolCall={"functionCalls": [{"id": "1", "name": "look"}]})
    wire.turns.cancel(None)
    wire.hear("Wait.")
    wire.say("Yes?")
    assert wire.count(ReplyStarted, Text) == [2, 1]


def test_given_a_request_when_the_caller_speaks_before_it_is_answered_then_their_turn_is_answered_unasked() -> None:
    wire = Wire()
    ask = wire.turns.asked()
    wire.take(interrupted=True)
    wire.take(turnComplete=True)
    wire.hear("Wait, another thing.")
    wire.say("Yes?")
    refused = [event.ask for event in wire.events if isinstance(event, AskRefused)]
    started = [event.ask for event in wire.events if isinstance(event, ReplyStarted)]
    assert (refused, started) == ([ask], [""])


def test_given_usage_then_what_has_no_modality_is_counted_too() -> None:
    wire = Wire()
    counted: Mapping[str, Any] = {
        "promptTokenCount": 100,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 30},
            {"modality": "AUDIO", "tokenCount": 40},
            {"modality": "IMAGE", "tokenCount": 5},
            {"modality": "VIDEO", "tokenCount": 5},
        ],
        "responseTokenCount": 50,
        "thoughtsTokenCount": 7,
        "cachedContentTokenCount": 12,
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 8}, {"modality": "TEXT", "tokenCount": 4}],
        "toolUsePromptTokenCount": 3,
    }
    wire.message(usageMetadata=counted)
    assert wire.events == [
        Usage(
            input_text=53,
            input_audio=40,
            input_image=10,
            cached=12,
            cached_text=4,
            cached_audio=8,
            output_text=7,
            output_audio=50,
        )
    ]


def test_given_a_caller_who_goes_on_after_their_words_came_then_that_is_no_part_of_them() -> None:
    wire = Wire()
    wire.speak(500)
    wire.hear("One.")
    wire.speak(500, 500)  # of which nothing comes
    wire.turns.quiet()
    assert wire.ends == [500]


def test_given_words_of_what_was_given_at_once_then_they_are_not_those_of_all_of_it() -> None:
    wire = Wire()
    wire.speak(500, 500, 500, at_once=True)
    wire.hear("One.")
    wire.say("Yes?")
    wire.finish()
    assert wire.ends == [500]


def test_given_speech_of_which_neither_words_nor_an_answer_come_then_it_is_not_taken_for_heard() -> None:
    wire = Wire()
    wire.speak(500)
    wire.hear("One.")
    wire.say("Yes?")
    wire.speak(500)
    wire.take(interrupted=True)
    wire.turns.quiet()
    assert wire.ends == [500, 500]


def test_given_a_reply_to_the_end_then_the_provider_has_caught_up_with_what_was_given_at_once() -> None:
    wire = Wire()
    wire.speak(500, 500, at_once=True)
    wire.hear("One. Two.")
    wire.say("Yes?")
    wire.finish()
    wire.speak(500)
    wire.hear("Three.")
    wire.say("Yes?")
    assert wire.ends == [500, 3500]
