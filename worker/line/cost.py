"""What a call costs: a table of prices, and an account of what its providers have counted."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worker.journal.events import CostUpdated
from worker.line.events import Usage
from worker.settings import SettingsError

Amount = Annotated[float, Field(ge=0)]
_TABLE = Path(__file__).with_name("prices.yaml")
_MODALITIES = ("text", "image", "audio")  # the cheapest first
SPEECH = ("input_text", "input_audio", "output_text", "output_audio")  # what every spoken reply has
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(BaseModel):
    """What a model costs per million tokens, and per minute of transcribed speech; None: nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    known: date | None = Field(default=None, description="The day its source said so.")
    source: str = ""
    input_text: Amount | None = None
    input_audio: Amount | None = None
    input_image: Amount | None = None
    cached_text: Amount | None = None
    cached_audio: Amount | None = None
    cached_image: Amount | None = None
    output_text: Amount | None = None
    output_audio: Amount | None = None
    transcribed: Amount | None = None
    transcript: Amount | None = None
    transcribed_minute: Amount | None = None

    def per_unit(self, kind: str) -> float | None:
        """The price of one token, or of one second of transcribed speech; None when there is none."""
        price: float | None = getattr(self, kind)
        if price is None and kind.startswith("cached_"):
            return self.per_unit(kind.replace("cached_", "input_"))
        return None if price is None else price / (60 if kind == "transcribed_minute" else 1_000_000)


class Prices(BaseModel):
    """A table of prices, in one currency, by `provider/model`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    currency: str = "USD"
    models: dict[str, Price] = {}

    def of(self, provider: str, model: str) -> Price | None:
        """A model's price; that of a dated snapshot is its model's, if it has none of its own."""
        name = f"{provider}/{model}"
        return self.models.get(name) or self.models.get(_SNAPSHOT.sub("", name))


@cache
def shipped() -> Prices:
    """The table that comes with Baton."""
    return Prices.model_validate(yaml.safe_load(_TABLE.read_text()))


def read_prices(path: Path | None) -> Prices:
    """The table, with entries of `path` in place of ours. Raises SettingsError."""
    if path is None:
        return shipped()
    try:
        own = Prices.model_validate(yaml.safe_load(path.read_text()) or {})
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"BATON_PRICES: {path} cannot be read: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"BATON_PRICES: {path}: {wrong}") from error
    if own.currency != shipped().currency and (missing := set(shipped().models) - set(own.models)):
        raise SettingsError(
            f"BATON_PRICES: {path} is in {own.currency}, ours is in {shipped().currency}. Give {min(missing)!r} and all "
            "other models a price, or write dollars."
        )
    return Prices(currency=own.currency, models={**shipped().models, **own.models})


def billed(usage: Usage) -> dict[str, float]:
    """How many of what is paid for, by the price's name: tokens, and seconds for `transcribed_minute`; no zeros.

    Cached tokens of which the provider does not tell the modality count for the cheapest: instructions come first in what
    a model reads, and no bill is told too low.
    """
    counted: dict[str, float] = {}
    told = {kind: min(getattr(usage, f"cached_{kind}"), getattr(usage, f"input_{kind}")) for kind in _MODALITIES}
    untold = max(0, usage.cached - sum(told.values()))
    for kind in _MODALITIES:
        tokens = getattr(usage, f"input_{kind}")
        cached = min(tokens, told[kind] + untold)
        untold -= cached - told[kind]
        counted[f"cached_{kind}"] = cached
        counted[f"input_{kind}"] = tokens - cached
    counted |= {kind: getattr(usage, kind) for kind in ("output_text", "output_audio", "transcribed", "transcript")}
    counted["transcribed_minute"] = usage.transcribed_s
    return {kind: count for kind, count in counted.items() if count}


def cost(price: Price | None, counted: Mapping[str, float]) -> tuple[float | None, list[str]]:
    """What was counted, in money, and what of it has no price; None, if that is all of it."""
    each = {kind: price.per_unit(kind) if price else None for kind in counted}
    unpriced = [kind for kind, per_unit in each.items() if per_unit is None]
    if counted and len(unpriced) == len(counted):
        return None, unpriced
    return sum(count * (each[kind] or 0) for kind, count in counted.items()), unpriced


class Account:
    """What one call has cost so far. Money is rounded to a millionth, so that the journal's figures add up."""

    def __init__(self, prices: Prices, total: float = 0.0) -> None:
        self._prices = prices
        self.total = total
        self._unpriced = set[tuple[str, str, str]]()  # told already

    def take(self, agent: str, provider: str, model: str, usage: Usage) -> tuple[CostUpdated, list[str]]:
        """Counts what `agent`'s model has used up. Returns it for the journal, and what turns out to have no price."""
        counted = billed(usage)
        money, unpriced = cost(self._prices.of(provider, model), counted)
        money = None if money is None else round(money, 6)
        self.total = round(self.total + (money or 0), 6)
        new = [kind for kind in unpriced if (provider, model, kind) not in self._unpriced]
        self._unpriced |= {(provider, model, kind) for kind in new}
        updated = CostUpdated(
            agent=agent,
            provider=provider,
            model=model,
            tokens={kind: int(count) for kind, count in counted.items() if kind != "transcribed_minute"},
            transcribed_s=usage.transcribed_s,
            unpriced=tuple(unpriced),
            cost=money,
            total=self.total,
            currency=self._prices.currency,
        )
        return updated, new
