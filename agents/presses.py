"""What a caller does on a card, held against the card that was shown. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, assert_never

from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, FormField, OrderCard

YES, NO = "yes", "no"

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[\d ()/.-]{3,40}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")
_NO_CHOICE = "That is not one of the answers on this card."


class PressError(ValueError):
    """It is not taken; the message tells the caller why."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """`choice`: the answer in the card's words, of a confirmation `yes` or `no`. `values`: what a form says, by key."""

    choice: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def read(card: AnyCard, choice: int | None, values: Mapping[str, str]) -> Pressed:
    """What was pressed: the number of an answer, from 0, or a form's values as they were typed. Raises PressError."""
    match card:
        case FormCard():
            if choice is not None:
                raise PressError(_NO_CHOICE)
            return Pressed(values=_filled(card, values))
        case Card(choices=names) | OrderCard(choices=names):
            answers = names
        case ChoiceCard(options=options):
            answers = tuple(option.label for option in options)
        case ConfirmCard():
            answers = (YES, NO)
        case _:
            assert_never(card)
    if values or choice is None or not 0 <= choice < len(answers):
        raise PressError(_NO_CHOICE)
    return Pressed(answers[choice])


def _filled(form: FormCard, values: Mapping[str, str]) -> dict[str, Any]:
    if unknown := set(values) - {one.key for one in form.fields}:
        raise PressError(f"There is no {min(unknown)!r} on this card.")
    found = dict[str, Any]()
    for one in form.fields:
        written = " ".join(
            "".join(letter if letter.isprintable() else " " for letter in values.get(one.key, "")).split()
        )
        if written:
            found[one.key] = _typed(one, written)
        elif one.required:
            raise PressError(f"{one.label}: this is needed.")
    if not found:
        raise PressError("Nothing is filled in.")
    return found


def _typed(one: FormField, written: str) -> Any:
    if len(written) > one.longest:
        raise PressError(f"{one.label}: {one.longest} characters at most.")
    match one.type:
        case "text":
            return written
        case "digits":
            return _fits(one, written, written.isascii() and written.isdigit(), "digits only")
        case "email":
            return _fits(one, written, bool(_MAIL.fullmatch(written)), "an address such as jane@example.org")
        case "phone":
            return _fits(one, written, bool(_PHONE.fullmatch(written)), "a telephone number")
        case "choice":
            return _fits(one, written, written in one.choices, "one of the list")
        case "yes_no":
            return _fits(one, written == YES, written in (YES, NO), "yes or no")
        case "date":
            return _fits(one, written, _is_date(written), "a day of the form YYYY-MM-DD")
        case "integer" | "number":
            return _number(one, written)
        case _:
            assert_never(one.type)


def _fits(one: FormField, value: Any, fits: bool, wanted: str) -> Any:
    if not fits:
        raise PressError(f"{one.label}: {wanted}, please.")
    return value


def _is_date(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def _number(one: FormField, written: str) -> int | float:
    whole = one.type == "integer"
    _fits(one, written, bool(_NUMBER.fullmatch(written)), "a whole number" if whole else "a number")
    number = float(written)
    _fits(one, written, not whole or number.is_integer(), "a whole number")
    least = -math.inf if one.minimum is None else one.minimum
    most = math.inf if one.maximum is None else one.maximum
    if not least <= number <= most:
        bounds = [f"{least:g} or more"] * (least > -math.inf) + [f"{most:g} or less"] * (most < math.inf)
        raise PressError(f"{one.label}: {' and '.join(bounds)}, please.")
    return int(number) if whole else number
