"""What an hour costs, as the docs have it."""

from dataclasses import replace
from pathlib import Path

import pytest

from worker.line.cost import Price
from worker.line.hour import GEMINI, OPENAI, USUAL, Talk, hour, table

DOCS = Path("docs/costs.md").read_text()


def test_the_docs_have_the_figures_of_the_table() -> None:
    assert table() in DOCS, "run: python -m worker.line.hour, and put it into docs/costs.md"


def test_the_docs_say_what_is_computed() -> None:
    for words in (
        f"for {USUAL.turns} turns",
        f"speaks {USUAL.caller_s:g} seconds, the agent\n{USUAL.agent_s:g}",
        f"reads {USUAL.instructions} tokens",
        f"summarised at {USUAL.memory} tokens",
        f"never the last {USUAL.kept_turns} turns",
        f"count {OPENAI.caller} tokens for a second",
        f"and {OPENAI.agent} for one of the agent's",
        f"Gemini counts {GEMINI.caller},\nboth ways",
    ):
        assert words in DOCS


def test_given_a_talk_of_two_turns_then_the_second_reads_the_first_again() -> None:
    price = Price(
        input_text=0, input_audio=1e6, output_text=0, output_audio=0, cached_audio=0, transcribed=0, transcript=0
    )
    two = Talk(turns=2, caller_s=10, agent_s=5)
    assert hour(price, OPENAI, two, cached=False) == 100 + (100 + 100 + 100)
    assert hour(price, OPENAI, two) == 100 + (100 + 100), "the reply is read as new, what came before it is not"
    assert hour(price, GEMINI, two) == (1795 * 25) + (1795 * 25 + 5 * 25 + 1795 * 25), "silence counts"


def test_given_a_small_memory_then_an_hour_costs_less() -> None:
    price = Price(input_text=4, input_audio=32, output_text=16, output_audio=64, transcribed=0, transcript=0)
    small = replace(USUAL, memory=4000)
    assert hour(price, OPENAI, small, cached=False) < hour(price, OPENAI, cached=False)


def test_given_a_model_without_a_price_for_speech_then_an_hour_is_not_computed() -> None:
    with pytest.raises(ValueError, match="input_audio"):
        hour(Price(input_text=1, output_text=1, output_audio=1, transcribed=0, transcript=0), OPENAI)
