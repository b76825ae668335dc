"""A card for somebody who cannot see it: what the agent has to say of it, and to ask. Pure."""

from collections.abc import Sequence
from typing import assert_never

from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, FormField, Item, OrderCard

UNSEEN = "The caller has no screen, and sees nothing of this"

_WANTED = {
    "text": "",
    "digits": "digits",
    "integer": "a whole number",
    "number": "a number",
    "date": "a day",
    "yes_no": "yes or no",
    "email": "an e-mail address",
    "phone": "a telephone number",
}


def in_words(card: AnyCard) -> str:
    """For the model, beside a tool's result."""
    parts = [card.title, *card.lines]
    match card:
        case Card(fields=fields, choices=choices, link=link):
            parts += [f"{name}: {value}" for name, value in fields.items()]
            parts += _asked(choices) + _opened(link is not None)
        case OrderCard(items=items, choices=choices, link=link):
            parts += [f"state: {card.state}", *(_ordered(item, card.currency) for item in items)]
            parts += [f"in all {card.total:.2f} {card.currency}"] if card.total is not None else []
            parts += _asked(choices) + _opened(link is not None)
        case ChoiceCard(options=options):
            parts += _asked([f"{one.label} ({one.detail})" if one.detail else one.label for one in options])
        case FormCard(fields=wanted):
            parts.append(f"ask for these, one at a time: {', '.join(map(_wanted, wanted))}")
        case ConfirmCard(fields=fields):
            parts += [f"{name}: {value}" for name, value in fields.items()]
            parts.append("ask for a yes or a no")
        case _:
            assert_never(card)
    told = "; ".join(part.rstrip(" .;") for part in parts)
    return f"[{UNSEEN}. What matters of it you have to say: {told}.]"


def unseen_file(name: str, words: str) -> str:
    """The same of a file or a picture."""
    return f"[{UNSEEN}: {name}. It could not be handed over. What matters of it you have to say: {words}]"


def _asked(choices: Sequence[str]) -> list[str]:
    return [f"ask which of these: {', '.join(choices)}"] if choices else []


def _opened(linked: bool) -> list[str]:
    return ["a link cannot be opened by telephone, so do not offer it"] if linked else []


def _ordered(item: Item, currency: str) -> str:
    price = f", {item.price:.2f} {currency}" if item.price is not None else ""
    return f"{item.quantity} {item.name}{price}"


def _wanted(one: FormField) -> str:
    wanted = f"one of {', '.join(one.choices)}" if one.type == "choice" else _WANTED[one.type]
    notes = ", ".join(filter(None, (wanted, "" if one.required else "if they like")))
    return f"{one.label} ({notes})" if notes else one.label
