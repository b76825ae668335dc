"""What the brain makes of what is shown."""

import json

import pytest

from tests.local_model.test_brain_dialogue import INSTRUCTIONS, TOOLS, talk, words
from worker.local_model.brain import EmbeddingBrain, pictures
from worker.local_model.conversation import Conversation, Message, ToolCall

SHOWN = '[The caller shows photo-1, a file called "slip.jpg".]'
CARD = f'{SHOWN} (A picture that shows: the text "City library / Card 12345 / Anna.")'
READ = "It says: City library. Card 12345. Anna."


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (CARD, READ),
        (f"{SHOWN} (A picture that shows: no text)", pictures.NOTHING),
        (f"{SHOWN} (A picture that shows: nothing that could be read)", pictures.NOTHING),
        (f"{SHOWN} You cannot see it now.", pictures.UNSEEN),
        (
            f'{SHOWN} (A picture that shows: the text "Hello"; the QR Code "https://example.org")',
            "It says: Hello. The QR Code says https://example.org.",
        ),
        (
            f'{SHOWN} (A picture that shows: the EAN-13 code "4006381333931")',
            "The EAN-13 code says 4006381333931.",
        ),
        ("[The caller shows document-1.]\nIts text:\nOne.\n\nTwo", "It says: One. Two."),
    ],
)
def test_what_is_shown_without_a_word_is_read_aloud(brain: EmbeddingBrain, shown: str, said: str) -> None:
    assert words(talk(brain, shown)) == said


def test_a_long_document_is_read_in_part(brain: EmbeddingBrain) -> None:
    said = words(talk(brain, "[The caller shows document-1.]\nIts text:\n" + "word " * 500))
    assert said.endswith("word And so on.")
    assert len(said.split()) < 100


@pytest.mark.parametrize(
    "said",
    [
        "Can you read this to me?",
        "What does it say?",
        "What's on the picture?",
        "What is this?",
        "Please read it aloud.",
    ],
)
def test_what_was_shown_is_read_when_the_caller_asks(brain: EmbeddingBrain, said: str) -> None:
    assert words(talk(brain, CARD, said)) == READ


def test_what_is_asked_for_is_found_on_what_is_shown(brain: EmbeddingBrain) -> None:
    [call] = talk(brain, "Do I have any fines?", CARD)
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"card": 12345}


def test_this_is_what_was_shown(brain: EmbeddingBrain) -> None:
    [call] = talk(brain, CARD, "Do I have any fines on this card?")
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"card": 12345}


def test_what_is_not_on_it_is_asked_for_again(brain: EmbeddingBrain) -> None:
    said = words(talk(brain, "Do I have any fines?", f'{SHOWN} (A picture that shows: the text "Hello")'))
    assert said.startswith("It says: Hello.")
    assert "card number" in said


SCREEN = '[The caller\'s screen, at this moment.] (A picture that shows: the text "Error 0x80 / Ask Anna.")'
BEFORE = SCREEN.replace("0x80", "0x70")


def test_a_screen_is_read_when_the_caller_asks_as_it_is_now(brain: EmbeddingBrain) -> None:
    assert words(talk(brain, BEFORE, SCREEN, "What does it say?")) == "It says: Error 0x80. Ask Anna."


def test_a_screen_that_was_taken_just_after_the_words_is_no_turn(brain: EmbeddingBrain) -> None:
    def answered(said: str) -> str:
        items = (Message("user", said), Message("user", SCREEN))
        return words(brain.think(Conversation(INSTRUCTIONS, TOOLS, items)))

    assert answered("What does it say?") == "It says: Error 0x80. Ask Anna."
    assert answered("Thank you.") == words(talk(brain, "Thank you."))


def test_what_was_shown_after_the_screen_was_seen_is_what_is_meant(brain: EmbeddingBrain) -> None:
    assert words(talk(brain, SCREEN, CARD, "What does it say?")) == READ


def test_a_number_is_found_on_what_the_camera_shows(brain: EmbeddingBrain) -> None:
    camera = CARD.replace(SHOWN, "[The caller's camera, at this moment.]")
    [call] = talk(brain, camera, "Do I have any fines on this card?")
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"card": 12345}
