"""Which words only show that somebody listens."""

import pytest

from worker.turns.back_channel import is_back_channel, says_nothing, was_said


@pytest.mark.parametrize(
    "text",
    [
        "Uh-huh.",
        "Uh uh.",
        "Mm-hmm",
        "M M H M M",
        "Mhm.",
        "Aha.",
        "Okay.",
        "Oh, OK.",
        "Right, right.",
        "Right, right. Right. Right. Right.",
        "I see.",
        "Hmmmm.",
        "That's great.",
        "Oh, that is very interesting.",
        "Okay, makes sense.",
        "Of course.",
        "Wow, really?",
        "I understand.",
        "So, I see…",
        "P-p-p-p",
        "Ph Ph Ph",
    ],
)
def test_listeners(text: str) -> None:
    assert is_back_channel(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "Stop",
        "Okay so what about my order",
        "Right, but it is broken.",
        "Yes, please.",
        "Thursday.",
        "Thank you.",
        "That's not right.",
        "That's too bad.",
        "I know what I want.",
        "Of course not.",
        "It is.",
        "And then?",
        "Mmmm, no.",
        "K L M.",
    ],
)
def test_callers_who_want_something(text: str) -> None:
    assert not is_back_channel(text)


def test_a_hum_without_an_end_is_weighed_at_once() -> None:
    assert not is_back_channel("m" * 100_000 + "e")
    assert not is_back_channel("mhm" * 10_000 + " what")


@pytest.mark.parametrize(
    ("text", "nothing"), [("", True), ("...", True), ("[Music]", True), ("(coughs)", True), ("No.", False)]
)
def test_what_a_recogniser_writes_for_no_words(text: str, nothing: bool) -> None:
    assert says_nothing(text) is nothing


@pytest.mark.parametrize(
    ("text", "sound_ms", "could"),
    [
        ("Have a good day.", 300, False),
        ("No, no, no.", 320, False),
        ("No.", 280, True),
        ("What?", 120, True),
        ("Stop.", 250, True),
        ("Stop, please.", 350, True),
        ("Thursday. Thursday.", 420, True),
        ("4 2 1 7.", 1100, True),
        ("Bye bye.", 250, False),
        ("Can you say that again?", 600, True),
        ("What does it cost?", 50, True),
    ],
)
def test_nobody_says_so_much_in_so_short_a_time(text: str, sound_ms: int, could: bool) -> None:
    assert was_said(text, sound_ms) is could


@pytest.mark.parametrize(
    ("sure", "sound_ms", "could"), [(-1.4, 600, False), (-0.9, 600, True), (-1.4, 960, True), (None, 600, True)]
)
def test_what_a_recogniser_is_not_sure_of_was_not_said_unless_it_took_long(
    sure: float | None, sound_ms: int, could: bool
) -> None:
    assert was_said("It hurts.", sound_ms, sure) is could


def test_a_quick_word_that_asks_for_the_floor_is_believed() -> None:
    assert was_said("Hello?", 400, -1.4)
    assert was_said("What's…", 300, -1.4)
    assert not was_said("Henlo.", 400, -1.4)
