"""What a caller with a screen gets to see beside what is said, and can press there."""

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
LONGEST = 2000  # characters of one value of a form


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(_Shown):
    """A page to open, by its address and the words it is shown as."""

    label: Line
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=2000)]


class Card(_Shown):
    """A few facts at a glance: named values, in order, and answers to press.

    Nobody who only hears may miss anything: the tool's result tells it all in words. A caller by telephone is told, too.
    """

    kind: Literal["facts"] = "facts"
    title: Title
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    fields: dict[Line, Line] = Field(default={}, max_length=12)
    link: Link | None = None
    choices: tuple[Line, ...] = Field(default=(), max_length=6)


class Item(_Shown):
    """Something that was ordered. `price`: of all of them together, in the order's currency."""

    name: Line
    quantity: int = Field(default=1, ge=1, le=100_000)
    price: float | None = None


class OrderCard(_Shown):
    """An order: what is in it, what it comes to, how far it is. `currency` as ISO 4217 has it: `GBP`."""

    kind: Literal["order"] = "order"
    title: Title
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    state: Line
    items: tuple[Item, ...] = Field(min_length=1, max_length=50)
    total: float | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    link: Link | None = None
    choices: tuple[Line, ...] = Field(default=(), max_length=6)


class Option(_Shown):
    """One of a list, and what tells it from the others."""

    label: Line
    detail: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class ChoiceCard(_Shown):
    """A question, and a list of which the caller picks one."""

    kind: Literal["choice"] = "choice"
    title: Title
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    options: tuple[Option, ...] = Field(min_length=1, max_length=20)


class FormField(_Shown):
    """A value to fill in. Where `key` is a fact that tasks of the team collect, it is established when it is sent.

    `digits` are kept as they are written, zeros in front included; a `date` is YYYY-MM-DD.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Line
    type: Literal["text", "digits", "integer", "number", "date", "yes_no", "choice", "email", "phone"] = "text"
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    longest: int = Field(default=200, ge=1, le=LONGEST, description="Characters of a text, or digits.")
    choices: tuple[Line, ...] = Field(default=(), max_length=50)


class FormCard(_Shown):
    """Named values that are quicker to type than to say. `send` is what the button says."""

    kind: Literal["form"] = "form"
    title: Title
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    fields: tuple[FormField, ...] = Field(min_length=1, max_length=12)
    send: Line | None = None


class ConfirmCard(_Shown):
    """A yes or a no, and what it is about. `yes` and `no` are what the buttons say, if not just that."""

    kind: Literal["confirm"] = "confirm"
    title: Title
    lines: tuple[Line, ...] = Field(default=(), max_length=12)
    fields: dict[Line, Line] = Field(default={}, max_length=12)
    yes: Line | None = None
    no: Line | None = None


def _kind(card: Any) -> Any:
    """Cards had no kind once: journals have them."""
    return card.get("kind", "facts") if isinstance(card, dict) else getattr(card, "kind", None)


AnyCard = Annotated[
    Annotated[Card, Tag("facts")]
    | Annotated[OrderCard, Tag("order")]
    | Annotated[ChoiceCard, Tag("choice")]
    | Annotated[FormCard, Tag("form")]
    | Annotated[ConfirmCard, Tag("confirm")],
    Discriminator(_kind),
]


def flaw(card: AnyCard) -> str:
    """Why a caller could not use it; empty when they can. For whoever writes the tool."""
    match card:
        case Card(choices=names) | OrderCard(choices=names):
            return _twice(names)
        case ChoiceCard(options=options):
            return _twice(tuple(option.label for option in options))
        case FormCard(fields=fields):
            for one in fields:
                if (one.type == "choice") is not bool(one.choices):
                    return f"{one.key!r}: `choices` go with the type `choice`, and it needs some."
                if why := _twice(one.choices):
                    return f"{one.key!r}: {why}"
            return _twice(tuple(one.key for one in fields))
        case ConfirmCard():
            return ""


def _twice(names: tuple[str, ...]) -> str:
    more = [name for name, times in Counter(names).items() if times > 1]
    return f"{more[0]!r} stands there twice." if more else ""
