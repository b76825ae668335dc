"""What OpenAI's events count, in the line's vocabulary."""

from worker.line.events import ReplyEnded, Transcript, Usage
from worker.line.openai import _translate


def test_given_a_reply_that_was_read_from_the_cache_then_each_modality_is_told() -> None:
    usage = {
        "input_token_details": {
            "text_tokens": 313,
            "audio_tokens": 476,
            "image_tokens": 7,
            "cached_tokens": 645,
            "cached_tokens_details": {"text_tokens": 256, "audio_tokens": 384, "image_tokens": 5},
        },
        "output_token_details": {"text_tokens": 9, "audio_tokens": 23},
    }
    told = _translate({"type": "response.done", "response": {"id": "r", "status": "completed", "usage": usage}})
    assert told == [
        Usage(
            reply="r",
            input_text=313,
            input_audio=476,
            input_image=7,
            cached=645,
            cached_text=256,
            cached_audio=384,
            cached_image=5,
            output_text=9,
            output_audio=23,
        ),
        ReplyEnded("r"),
    ]


def test_given_transcribers_that_count_tokens_or_seconds_then_both_are_told() -> None:
    event = {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": "i",
        "transcript": "well",
    }
    by_tokens = {"type": "tokens", "input_tokens": 40, "output_tokens": 3, "total_tokens": 43}
    assert _translate(event | {"usage": by_tokens})[1] == Usage(transcribed=40, transcript=3)
    assert _translate(event | {"usage": {"type": "duration", "seconds": 2.5}})[1] == Usage(transcribed_s=2.5)
    assert _translate(event) == [Transcript("i", "well", final=True)]


def test_given_a_transcriber_that_tells_how_sure_it_is_then_the_mean_of_its_words_is_told() -> None:
    tokens = [{"token": "oh", "logprob": -0.5, "bytes": [111, 104]}, {"token": " well", "logprob": -1.0, "bytes": None}]
    event = {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": "i",
        "transcript": "oh well",
        "logprobs": tokens,
    }
    assert _translate(event) == [Transcript("i", "oh well", final=True, sure=-0.75)]
    assert _translate(event | {"logprobs": None}) == [Transcript("i", "oh well", final=True)]
