"""What the protocol promises of a session, between fakes of the senses, on virtual time."""

import asyncio
import base64
from typing import Any

import pytest

from tests.local_model.fakes import Brain, Ears, Talk, silence, tone
from tests.virtual_time import virtual_time
from worker.local_model.conversation import SILENCE, Message, Say, ToolCall
from worker.local_model.usage import heard, said, written

TOOL = {"type": "function", "name": "weather", "description": "Tell the weather.", "parameters": {"type": "object"}}
OFF = {"input": {"turn_detection": None}}


# ---- usage


@virtual_time
async def test_usage_counts_what_was_taken_in_and_given_out() -> None:
    talk = Talk(Brain([Say("It is sunny in Paris."), ToolCall("weather", '{"city": "Paris"}')]))
    talk.update(instructions="Be brief.", tools=[TOOL], audio=OFF)
    talk.append(silence(1050))
    talk.send("input_audio_buffer.commit")
    talk.write("What is the weather?")
    usage = (await talk.respond())["usage"]
    tool = 'weather Tell the weather. {"type": "object"}'
    taken = written("Be brief.") + written(tool) + written("What is the weather?") + heard(1050)
    given = said("It is sunny in Paris.", 500) + written('weather {"city": "Paris"}')
    assert usage["input_token_details"]["audio_tokens"] == 11, "1050 ms, 100 ms each, the last one begun"
    assert usage["output_token_details"] == {"text_tokens": given.text, "audio_tokens": 10}, "500 ms, 50 ms each"
    assert usage["input_token_details"]["text_tokens"] == taken.text
    assert usage["input_tokens"] == taken.total
    assert usage["output_tokens"] == given.total
    assert usage["total_tokens"] == taken.total + given.total
    assert usage["input_token_details"]["cached_tokens"] == 0


@virtual_time
async def test_what_was_given_is_taken_in_again_by_the_next_reply_as_far_as_it_was_heard() -> None:
    talk = Talk(Brain([Say("One two three four five six seven eight nine ten.")]))
    talk.update(instructions="")
    first = await talk.respond()
    again = (await talk.respond())["usage"]
    assert again["input_tokens"] == first["usage"]["output_tokens"]
    spoken = first["output"][0]["id"]
    talk.send("conversation.item.truncate", item_id=spoken, content_index=0, audio_end_ms=500)
    talk.send("conversation.item.delete", item_id=talk.last("response.done")["response"]["output"][0]["id"])
    assert (await talk.respond())["usage"]["input_token_details"]["audio_tokens"] == 10


def test_text_is_counted_as_the_vocabulary_splits_it() -> None:
    assert written("").total == 0
    assert written("hello world").total == 2
    assert written("unbelievableness").total > 1


# ---- max_output_tokens


@pytest.mark.parametrize("limit", [1, 2, 7, 20, 40])
@pytest.mark.parametrize("modality", ["text", "audio"])
def test_a_reply_ends_where_its_tokens_do(limit: int, modality: str) -> None:
    words = " ".join(f"word{number}" for number in range(40)) + "."

    @virtual_time
    async def run() -> None:
        talk = Talk(Brain([Say("Here they are. "), Say(words), Say("And more.")]))
        done = await talk.respond(max_output_tokens=limit, output_modalities=[modality])
        assert done["status"] == "incomplete"
        assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
        assert done["output"][0]["status"] == "incomplete"
        assert done["max_output_tokens"] == limit
        assert 0 <= done["usage"]["output_tokens"] <= limit
        assert limit < 7 or done["usage"]["output_tokens"] > limit - 7, "it is made use of"
        assert f"Here they are. {words}".startswith(talk.said())
        assert len(talk.audio()) // 4800 == (len(talk.said().split()) if modality == "audio" else 0), "as much sound"
        assert talk.brain.thought < 3, "nobody thinks on"

    run()


@virtual_time
async def test_a_reply_that_fits_to_the_token_is_whole_and_the_session_limit_counts_too() -> None:
    whole = said("One two three.", 300).total
    talk = Talk(Brain([Say("One two three.")], [Say("One two three.")]))
    talk.update(max_output_tokens=whole)
    assert (await talk.respond())["status"] == "completed"
    talk.update(max_output_tokens=whole - 1)
    assert (await talk.respond())["status"] == "incomplete"
    talk.update(max_output_tokens=None)
    assert talk.last("session.updated")["session"]["max_output_tokens"] == "inf"


@virtual_time
async def test_half_a_call_is_none() -> None:
    talk = Talk(Brain([Say("Yes."), ToolCall("weather", '{"city": "Paris", "when": "tomorrow"}')]))
    done = await talk.respond(max_output_tokens=8)
    assert done["status"] == "incomplete"
    assert [item["type"] for item in done["output"]] == ["message"]


@pytest.mark.parametrize("limit", [0, 4097, "10", True])
@virtual_time
async def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    talk = Talk()
    talk.update(max_output_tokens=limit)
    assert talk.last("error")["error"]["param"].endswith("max_output_tokens")


# ---- idle_timeout_ms


@virtual_time
async def test_when_nobody_speaks_after_a_reply_then_the_model_does() -> None:
    ears = Ears(heard=lambda _: "")
    talk = Talk(Brain([Say("One two three four five six seven eight nine ten.")]), ears)
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 6000}}})
    await talk.respond()
    for _ in range(69):  # a second of speech to play, and nearly six of silence
        talk.append(silence(100))
        await asyncio.sleep(0.1)
    assert not talk.all("input_audio_buffer.timeout_triggered")
    talk.append(silence(100))
    await asyncio.sleep(0.2)
    idle = talk.last("input_audio_buffer.timeout_triggered")
    assert idle["audio_start_ms"] == pytest.approx(1000, abs=150)
    assert idle["audio_end_ms"] - idle["audio_start_ms"] == pytest.approx(6000, abs=150)
    order = [event["type"] for event in talk.seen[talk.seen.index(idle) :]]
    assert order[:4] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert talk.last("input_audio_buffer.committed")["item_id"] == idle["item_id"]
    await asyncio.sleep(2)
    assert talk.brain.given[-1].items[-1] == Message("user", SILENCE)
    assert len(talk.all("response.done")) == 2


@virtual_time
async def test_what_was_said_too_softly_to_be_detected_is_answered_at_the_timeout() -> None:
    talk = Talk(ears=Ears(heard=lambda _: "are you there"))
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}})
    await talk.respond()
    await asyncio.sleep(5)
    assert talk.brain.given[1].items[-1] == Message("user", "are you there")


@pytest.mark.parametrize(
    "interruption",
    [
        lambda talk: talk.send("response.create"),
        lambda talk: talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": None}}}),
        lambda talk: talk.update(audio=OFF),
        lambda talk: talk.session._on_started(0),
    ],
)
def test_what_happens_meanwhile_stops_the_timeout(interruption: Any) -> None:
    @virtual_time
    async def run() -> None:
        talk = Talk(Brain([Say("Yes.")], takes_s=0.5))
        talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}})
        await talk.respond()
        await asyncio.sleep(0.9)
        interruption(talk)
        await asyncio.sleep(0.5)
        assert not talk.all("input_audio_buffer.timeout_triggered")
        await talk.session.close()

    run()


@virtual_time
async def test_a_session_that_has_ended_says_nothing_more() -> None:
    talk = Talk()
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}})
    await talk.respond()
    await talk.session.close()
    count = len(talk.seen)
    await asyncio.sleep(10)
    assert len(talk.seen) == count


# ---- settings


@virtual_time
async def test_every_legal_field_is_taken_and_told_back() -> None:
    talk = Talk()
    fields: dict[str, Any] = {
        "parallel_tool_calls": False,
        "tracing": {"workflow_name": "calls"},
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        "include": ["item.input_audio_transcription.logprobs"],
        "prompt": {"id": "pmpt_1", "version": "2"},
        "reasoning": {"effort": "low"},
    }
    audio = {
        "input": {
            "noise_reduction": {"type": "near_field"},
            "transcription": {"model": "whisper-1", "language": "en"},
            "turn_detection": {"type": "semantic_vad", "eagerness": "low"},
        },
        "output": {"speed": 1.2},
    }
    talk.update(**fields, audio=audio)
    session = talk.last("session.updated")["session"]
    assert {key: session[key] for key in fields} == fields
    turns = {"create_response": True, "interrupt_response": True, "type": "semantic_vad", "eagerness": "low"}
    assert session["audio"]["input"]["turn_detection"] == turns
    talk.update(prompt={"id": "pmpt_2"})
    assert talk.last("session.updated")["session"]["prompt"] == {"id": "pmpt_2"}, "nothing of the old one"
    talk.update(**dict.fromkeys(fields))
    session = talk.last("session.updated")["session"]
    assert (session["truncation"], session["tracing"], session["prompt"]) == ("auto", None, None)


@virtual_time
async def test_semantic_detection_is_as_patient_as_it_is_asked_to_be() -> None:
    talk = Talk()
    silences = {}
    for eagerness in ("low", "medium", "auto", "high"):
        talk.update(audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": eagerness}}})
        silences[eagerness] = talk.session._configuration.silence_ms
    assert silences["low"] > silences["medium"] == silences["auto"] > silences["high"]
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}})
    assert talk.session._configuration.silence_ms == 900
    assert "eagerness" not in talk.last("session.updated")["session"]["audio"]["input"]["turn_detection"]


@pytest.mark.parametrize(
    "session",
    [
        {"tools": [{"type": "mcp", "server_label": "docs", "server_url": "http://127.0.0.1:1"}]},
        {"audio": {"input": {"format": {"type": "audio/opus"}}}},
        {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
        {"audio": {"output": {"voice": {"id": "voice_1"}}}},
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 0}}}},
        {"audio": {"input": {"turn_detection": {"type": "nobody"}}}},
        {"tool_choice": "perhaps"},
    ],
)
@virtual_time
async def test_what_cannot_be_is_refused_and_nothing_changes(session: Any) -> None:
    talk = Talk()
    before = talk.last("session.created")["session"]
    talk.update(**session)
    assert talk.last("error")["error"]["code"] == "invalid_value"
    talk.update()
    assert talk.last("session.updated")["session"] == before


# ---- tool_choice


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "nobody"}])
@virtual_time
async def test_a_choice_that_no_tool_can_meet_is_an_error(choice: Any) -> None:
    talk = Talk()
    talk.send("response.create", response={"tool_choice": choice})
    assert talk.last("error")["error"]["param"] == "response.tool_choice"
    assert not talk.all("response.created")


@virtual_time
async def test_the_brain_is_told_of_a_named_function() -> None:
    talk = Talk()
    await talk.respond(tools=[TOOL], tool_choice={"type": "function", "name": "weather"})
    assert talk.brain.given[0].tool_choice == "weather"


# ---- speech in an item


@virtual_time
async def test_speech_in_an_item_is_transcribed_before_it_is_answered() -> None:
    talk = Talk(ears=Ears(heard=lambda pcm: f"{len(pcm) // 48} ms"))
    talk.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
    sound = base64.b64encode(silence(500)).decode()
    content = [{"type": "input_text", "text": "Listen:"}, {"type": "input_audio", "audio": sound}]
    talk.send("conversation.item.create", item={"id": "said", "type": "message", "role": "user", "content": content})
    assert "audio" not in talk.last("conversation.item.added")["item"]["content"][1], "it is long, and known"
    await talk.respond()
    assert talk.brain.given[0].items == (Message("user", "Listen: 500 ms"),)
    heard = talk.last("conversation.item.input_audio_transcription.completed")
    assert (heard["item_id"], heard["content_index"], heard["transcript"]) == ("said", 1, "500 ms")
    talk.send("conversation.item.retrieve", item_id="said")
    assert talk.last("conversation.item.retrieved")["item"]["content"][1]["transcript"] == "500 ms"


@pytest.mark.parametrize("asked", [True, False])
@virtual_time
async def test_whoever_asks_for_it_hears_how_sure_the_recogniser_is(asked: bool) -> None:
    talk = Talk()
    include = {"include": ["item.input_audio_transcription.logprobs"]} if asked else {}
    talk.update(audio={"input": {"transcription": {"model": "whisper-1"}}}, **include)
    content = [{"type": "input_audio", "audio": base64.b64encode(silence(500)).decode()}]
    talk.send("conversation.item.create", item={"id": "said", "type": "message", "role": "user", "content": content})
    await talk.respond()
    heard = talk.last("conversation.item.input_audio_transcription.completed")
    assert [token["logprob"] for token in heard.get("logprobs") or ()] == ([-0.25] if asked else [])


@virtual_time
async def test_a_transcript_given_along_is_for_the_client_alone() -> None:
    talk = Talk(ears=Ears(heard=lambda _: "what was said"))
    content = [{"type": "input_audio", "audio": base64.b64encode(silence(500)).decode(), "transcript": "a note"}]
    talk.send("conversation.item.create", item={"id": "said", "type": "message", "role": "user", "content": content})
    await talk.respond()
    assert talk.brain.given[0].items == (Message("user", "what was said"),)
    talk.send("conversation.item.retrieve", item_id="said")
    assert talk.last("conversation.item.retrieved")["item"]["content"][0]["transcript"] == "a note"


@virtual_time
async def test_whatever_a_session_hears_is_recognised_one_after_the_other() -> None:
    talk = Talk()
    talk.update(audio=OFF)
    talk.append(silence(500))
    talk.send("input_audio_buffer.commit")
    content = [{"type": "input_audio", "audio": base64.b64encode(silence(500)).decode()}]
    talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    await talk.respond()
    assert len(talk.ears.given) == 2
    assert list(talk.ears.most.values()) == [1]


@virtual_time
async def test_an_item_whose_sound_is_none_is_refused_whole() -> None:
    talk = Talk()
    content = [{"type": "input_audio", "audio": "not base64!"}]
    talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    assert talk.last("error")["error"]["param"] == "item.content.audio"
    assert not talk.all("conversation.item.added")


# ---- beside the conversation


@virtual_time
async def test_a_reply_beside_the_conversation_knows_its_own_input_and_leaves_no_trace() -> None:
    talk = Talk(Brain([Say("Aside.")], [Say("Main.")]))
    talk.write("first", id="first")
    talk.write("second", id="second")
    content = [{"type": "input_text", "text": "third"}]
    done = await talk.respond(
        conversation="none",
        metadata={"topic": "aside"},
        output_modalities=["text"],
        instructions="Sort it.",
        input=[{"type": "item_reference", "id": "second"}, {"type": "message", "role": "user", "content": content}],
    )
    assert talk.brain.given[0].items == (Message("user", "second"), Message("user", "third"))
    assert talk.brain.given[0].instructions == "Sort it."
    assert (done["metadata"], done["conversation_id"]) == ({"topic": "aside"}, None)
    assert done["output"][0]["content"] == [{"type": "output_text", "text": "Aside."}]
    assert len(talk.all("conversation.item.added")) == 2, "only the client's own"
    main = await talk.respond()
    assert talk.brain.given[1].items == (Message("user", "first"), Message("user", "second"))
    assert main["conversation_id"].startswith("conv_")
    assert main["output_modalities"] == ["audio"], "the override was for one response"


@virtual_time
async def test_replies_beside_run_at_the_same_time_and_only_the_conversation_s_is_interrupted() -> None:
    talk = Talk(Brain(takes_s=1.0))
    for conversation in ("none", "auto", "none"):
        talk.send("response.create", response={"conversation": conversation})
    talk.send("response.create")
    assert talk.last("error")["error"]["code"] == "conversation_already_has_active_response"
    assert len(talk.all("response.created")) == 3
    await asyncio.sleep(0.5)
    talk.session._on_started(0)
    interrupted = talk.last("response.done")["response"]
    assert interrupted["status_details"]["reason"] == "turn_detected"
    assert interrupted["id"] == talk.all("response.created")[1]["response"]["id"]
    aside = talk.all("response.created")[2]["response"]["id"]
    talk.send("response.cancel", response_id=aside)
    assert talk.last("response.done")["response"]["id"] == aside
    await asyncio.sleep(2)
    assert [done["response"]["status"] for done in talk.all("response.done")] == ["cancelled", "cancelled", "completed"]
    assert talk.brain.closed == 3, "nobody thinks on for a reply that was cancelled"


@virtual_time
async def test_speech_in_a_reply_s_own_input_is_understood_and_told_to_nobody() -> None:
    talk = Talk()
    talk.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
    content = [{"type": "input_audio", "audio": base64.b64encode(silence(500)).decode()}]
    await talk.respond(conversation="none", input=[{"type": "message", "role": "user", "content": content}])
    assert talk.brain.given[0].items == (Message("user", "hello"),)
    assert not talk.all("conversation.item.input_audio_transcription.completed"), "of an item that it has not got"


@virtual_time
async def test_a_reference_to_nothing_is_an_error() -> None:
    talk = Talk()
    talk.send("response.create", response={"input": [{"type": "item_reference", "id": "nobody"}]})
    assert talk.last("error")["error"]["code"] == "item_not_found"


# ---- the sound of it


@pytest.mark.parametrize(("form", "bytes_per_ms"), [("audio/pcm", 48), ("audio/pcmu", 8), ("audio/pcma", 8)])
def test_a_reply_is_as_long_in_every_format(form: str, bytes_per_ms: int) -> None:
    @virtual_time
    async def run() -> None:
        talk = Talk(Brain([Say("One two three."), ToolCall("weather", "{}"), Say("Four five.")]))
        talk.update(audio={"output": {"format": {"type": form}}})
        done = await talk.respond()
        rate = {"rate": 24000} if form == "audio/pcm" else {}
        assert done["audio"]["output"]["format"] == {"type": form, **rate}
        assert len(talk.audio()) == 500 * bytes_per_ms

    run()


@virtual_time
async def test_an_odd_byte_splits_no_sample() -> None:
    ears = Ears()
    talk = Talk(ears=ears)
    talk.update(audio=OFF)
    pcm = tone(200).tobytes()
    for start in range(0, len(pcm), 333):
        talk.append(pcm[start : start + 333])
    talk.send("input_audio_buffer.commit")
    await asyncio.sleep(2)
    assert ears.given == [pcm]


@virtual_time
async def test_the_format_may_change_between_two_pieces_and_nothing_is_lost() -> None:
    ears = Ears()
    talk = Talk(ears=ears)
    talk.update(audio=OFF)
    for form, piece in (("audio/pcmu", b"\xff" * 800), ("audio/pcm", silence(100)), ("audio/pcma", b"\xd5" * 800)):
        talk.update(audio={"input": {"format": {"type": form}}})
        talk.append(piece)
    talk.send("input_audio_buffer.commit")
    await asyncio.sleep(2)
    assert [len(pcm) for pcm in ears.given] == [300 * 48]
