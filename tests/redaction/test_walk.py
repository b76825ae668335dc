"""A mask over events: every type there is, and every text in it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, FormField, Item, Link, Option, OrderCard
from worker.journal import events as journal
from worker.redaction.walk import masked

EVERY = get_args(get_args(journal.JournalEvent)[0])
SECRET = "tulip"
# What is named by us, the team or the provider, and so never has what a caller says: nothing else may keep a text.
NAMES = {
    "call",
    "team",
    "agent",
    "agents",
    "model",
    "item",
    "call_id",
    "tool",
    "parent",
    "provider",
    "currency",
    "unpriced",
}
NAMES |= {"source", "target", "guard", "task", "code", "ref", "tokens", "files"}
NAMES |= {"stream"}  # the id of an upload, which is none unless it is a UUID


def made(annotation: Any) -> Any:
    """A value of a type, with the secret wherever there may be a text."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return inner[0]
    if origin is Annotated:
        return made(inner[0])
    if annotation is Card:
        link = Link(label=SECRET, url=f"https://example.org/{SECRET}/x")
        return Card(title=SECRET, lines=(SECRET,), fields={SECRET: f"a {SECRET}"}, link=link, choices=(SECRET,))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return whole(annotation)
    if annotation is Any:
        return {"deep": [SECRET, (1, SECRET)], SECRET: 1}
    if annotation is str:
        return SECRET
    if annotation in (int, float, bool):
        return annotation(1)
    if origin is dict:
        return {made(inner[0]): made(inner[1])}
    if origin is tuple:
        return (made(inner[0]),)
    return made(next(kind for kind in inner if kind is not type(None)))  # a union


def whole(kind: type[BaseModel]) -> BaseModel:
    return kind.model_validate({name: made(field.annotation) for name, field in kind.model_fields.items()})


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of what is dumped, with the name of the field it is in."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            if path:
                yield path, str(key)
            yield from texts(one, path if SECRET in str(key) else str(key))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one, path)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.model_fields["type"].default)
def test_given_an_event_of_any_type_then_no_text_in_it_is_kept_but_names(kind: type[BaseModel]) -> None:
    event = whole(kind)
    kept = masked(event, lambda text: text.replace(SECRET, "[out]"))
    left = {path for path, text in texts(kept.model_dump()) if SECRET in text}
    assert left <= NAMES, "a new field of free text is masked unless `_NAMES` of walk.py has it"
    assert journal.journal_event.validate_json(kept.model_dump_json()), "and it can be read again"


def test_the_union_is_the_one_the_journal_writes() -> None:
    assert journal.ToolCalled in EVERY
    assert len(EVERY) > 20


def test_given_numbers_among_arguments_then_they_are_masked_and_all_else_keeps_its_type() -> None:
    event = journal.ToolCalled(agent="a", call_id="c", tool="t", arguments={"card": 4111, "ok": True, "sum": 2.5})
    kept = masked(event, lambda text: text.replace("4111", "[out]"))
    assert kept.arguments == {"card": "[out]", "ok": True, "sum": 2.5}
    assert kept.arguments["ok"] is True


def test_given_a_card_that_would_be_too_long_then_it_can_still_be_read() -> None:
    title = f"{'a' * 115}{SECRET}"
    shown = journal.CardShown(agent="a", call_id="c", tool="t", card=Card(title=title, lines=(SECRET,)))
    kept = masked(shown, lambda text: text.replace(SECRET, "[a long word for it]"))
    assert SECRET not in kept.model_dump_json()
    assert journal.journal_event.validate_json(kept.model_dump_json()) == kept


def test_given_an_address_then_what_stands_in_it_makes_it_no_other_thing() -> None:
    card = Card(title="Pay", link=Link(label="here", url=f"https://example.org/pay?n={SECRET}"))
    kept = masked(card, lambda text: text.replace(SECRET, "[card number]"))
    assert kept.link
    assert kept.link.url == "https://example.org/pay?n=[card-number]"


FIELD = FormField(key="tulip", label=SECRET, type="choice", choices=(SECRET,))


@pytest.mark.parametrize(
    "card",
    [
        OrderCard(
            title=SECRET, lines=(SECRET,), state=SECRET, items=(Item(name=SECRET),), currency="GBP", choices=(SECRET,)
        ),
        ChoiceCard(title=SECRET, lines=(SECRET,), options=(Option(label=SECRET, detail=SECRET),)),
        FormCard(title=SECRET, lines=(SECRET,), fields=(FIELD,), send=SECRET),
        ConfirmCard(title=SECRET, lines=(SECRET,), fields={SECRET: SECRET}, yes=SECRET, no=SECRET),
    ],
    ids=lambda card: card.kind,
)
def test_given_a_card_of_any_kind_then_all_that_is_read_on_it_is_masked(card: AnyCard) -> None:
    shown = journal.CardShown(agent="a", call_id="c", tool="t", ref="card_1", card=card)
    kept = masked(shown, lambda text: text.replace(SECRET, "[out]"))
    assert {path for path, text in texts(kept.model_dump()) if SECRET in text} <= {"key"}
    assert journal.journal_event.validate_json(kept.model_dump_json()) == kept


def test_given_a_card_of_a_journal_that_knew_no_kinds_then_it_can_be_read() -> None:
    old = '{"type":"card.shown","agent":"a","call_id":"c","tool":"t","card":{"title":"x","choices":["Yes"]}}'
    event = journal.journal_event.validate_json(old)
    assert isinstance(event, journal.CardShown)
    assert event.card == Card(title="x", choices=("Yes",))
