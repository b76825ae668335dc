"""Tokens to money, by a table of prices."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.line.cost import Account, Price, Prices, billed, cost, read_prices, shipped
from worker.line.events import Usage
from worker.line.profile import PROFILES
from worker.settings import SettingsError

TOKENS = st.integers(0, 100_000)
USAGES = st.builds(
    Usage,
    input_text=TOKENS,
    input_audio=TOKENS,
    input_image=TOKENS,
    cached=TOKENS,
    cached_text=TOKENS,
    cached_audio=TOKENS,
    cached_image=TOKENS,
    output_text=TOKENS,
    output_audio=TOKENS,
    transcribed=TOKENS,
    transcript=TOKENS,
    transcribed_s=st.floats(0, 600),
)


def money(model: str, usage: Usage) -> float | None:
    provider, _, name = model.partition("/")
    return Account(shipped()).take("alfa", provider, name, usage)[0].cost


def test_given_a_reply_then_fresh_cached_and_spoken_tokens_have_their_own_prices() -> None:
    usage = Usage(input_text=1000, input_audio=500, cached=1200, cached_text=900, cached_audio=300, output_audio=200)
    expected = (100 * 4 + 200 * 32 + 900 * 0.4 + 300 * 0.4 + 200 * 64) / 1e6
    assert money("openai/gpt-realtime", usage) == pytest.approx(expected, abs=1e-6)
    assert money("openai/gpt-realtime-2025-08-28", usage) == money("openai/gpt-realtime", usage)
    mini = (100 * 0.6 + 200 * 10 + 900 * 0.06 + 300 * 0.3 + 200 * 20) / 1e6
    assert money("openai/gpt-realtime-mini", usage) == pytest.approx(mini, abs=1e-6)


def test_given_cached_tokens_of_which_nobody_says_the_modality_then_the_cheapest_were_cached() -> None:
    assert billed(Usage(input_text=1000, input_audio=500, cached=1200)) == {
        "cached_text": 1000,
        "cached_audio": 200,
        "input_audio": 300,
    }


def test_given_a_transcript_then_tokens_or_seconds_are_paid() -> None:
    by_tokens = Usage(transcribed=100_000, transcript=10_000)
    assert money("openai/gpt-realtime", by_tokens) == pytest.approx(0.125 + 0.05)
    whisper = Prices(models={"openai/x": Price(transcribed_minute=0.006)})
    assert Account(whisper).take("a", "openai", "x", Usage(transcribed_s=90))[0].cost == pytest.approx(0.009)


def test_given_a_model_without_a_price_then_it_is_counted_and_told_once() -> None:
    account = Account(shipped())
    usage = Usage(input_text=10, output_audio=20)
    first, told = account.take("alfa", "openai", "gpt-unheard-of", usage)
    second, again = account.take("alfa", "openai", "gpt-unheard-of", usage)
    assert (first.cost, first.total, first.tokens) == (None, 0.0, {"input_text": 10, "output_audio": 20})
    assert told == ["input_text", "output_audio"]
    assert list(second.unpriced) == told
    assert again == []


def test_given_a_modality_without_a_price_then_the_rest_is_paid_and_that_one_told() -> None:
    updated, told = Account(shipped()).take("a", "openai", "gpt-4.1", Usage(input_text=1_000_000, input_audio=5))
    assert (updated.cost, told, list(updated.unpriced)) == (2.0, ["input_audio"], ["input_audio"])


def test_given_the_embedded_model_then_it_is_free_and_nothing_is_unpriced() -> None:
    updated, told = Account(shipped()).take("alfa", "local", "baton-local", Usage(input_audio=900, output_audio=800))
    assert (updated.cost, told) == (0.0, [])


@given(st.lists(USAGES, max_size=20))
def test_given_any_usage_then_every_token_is_billed_once_and_the_journal_adds_up(usages: list[Usage]) -> None:
    account = Account(shipped())
    costs = []
    for usage in usages:
        counted = billed(usage)
        for kind in ("text", "audio", "image"):
            both = counted.get(f"input_{kind}", 0) + counted.get(f"cached_{kind}", 0)
            assert both == getattr(usage, f"input_{kind}")
        assert all(count > 0 for count in counted.values())
        updated, _ = account.take("alfa", "openai", "gpt-realtime", usage)
        costs.append(updated.cost or 0)
        assert updated.total == pytest.approx(sum(costs), abs=1e-6)


@given(USAGES)
def test_given_any_usage_then_what_is_cached_never_costs_more(usage: Usage) -> None:
    price = shipped().of("openai", "gpt-realtime")
    fresh = Usage(input_text=usage.input_text, input_audio=usage.input_audio, input_image=usage.input_image)
    cached = Usage(
        input_text=usage.input_text, input_audio=usage.input_audio, input_image=usage.input_image, cached=usage.cached
    )
    assert (cost(price, billed(cached))[0] or 0) <= (cost(price, billed(fresh))[0] or 0) + 1e-9


def test_the_table_says_of_each_price_where_it_is_from_and_when() -> None:
    for name, price in shipped().models.items():
        assert price.source, name
        assert price.known, name
        assert price.known <= date.today(), name


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: str(profile.provider))
def test_each_profile_model_is_in_the_table(profile) -> None:  # type: ignore[no-untyped-def]
    assert shipped().of(profile.provider, profile.model), f"{profile.provider}/{profile.model}"


def test_given_prices_of_ones_own_then_their_entries_win_and_the_others_stay(tmp_path: Path) -> None:
    (own := tmp_path / "prices.yaml").write_text(
        "models:\n  openai/gpt-realtime: {input_text: 1, output_text: 2}\n  azure/ours: {input_audio: 5}\n"
    )
    prices = read_prices(own)
    assert prices.of("openai", "gpt-realtime") == Price(input_text=1, output_text=2)
    assert prices.of("azure", "ours") == Price(input_audio=5)
    assert prices.of("openai", "gpt-realtime-mini") == shipped().of("openai", "gpt-realtime-mini")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models: {openai/x: {input_txt: 1}}", "models.openai/x.input_txt"),
        ("models: {openai/x: {input_text: -1}}", "models.openai/x.input_text"),
        ("models: [", "cannot be read"),
        ("currency: EUR", "is in EUR"),
    ],
)
def test_given_wrong_prices_then_the_error_names_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    (own := tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(SettingsError, match="BATON_PRICES") as error:
        read_prices(own)
    assert told in str(error.value)
    assert str(own) in str(error.value)


def test_given_a_file_that_is_not_there_then_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_prices(tmp_path / "none.yaml")
