"""What an agent is told of a card that nobody sees."""

from agents import context
from agents.cards import UNSEEN, in_words, unseen_file
from tests.agents.test_presses import FIELDS, ITEM
from tools.card import Card, ChoiceCard, ConfirmCard, FormCard, Link, Option, OrderCard


def test_all_that_matters_on_a_card_is_told_in_words() -> None:
    facts = Card(
        title="Order 7",
        lines=("It is late.",),
        fields={"Arrives": "Friday"},
        link=Link(label="Track it", url="https://example.org"),
        choices=("Move it", "Keep it"),
    )
    assert in_words(facts) == (
        f"[{UNSEEN}. What matters of it you have to say: Order 7; It is late; Arrives: Friday; ask which of these: "
        "Move it, Keep it; a link cannot be opened by telephone, so do not offer it.]"
    )
    order = OrderCard(title="Order 7", state="packing", items=(ITEM,), total=25, currency="GBP")
    assert "state: packing; 1 kettle, 20.00 GBP; in all 25.00 GBP.]" in in_words(order)
    choice = ChoiceCard(title="Which?", options=(Option(label="Red"), Option(label="Blue", detail="2 left")))
    assert "Which?; ask which of these: Red, Blue (2 left).]" in in_words(choice)
    form = FormCard(title="Who are you?", fields=(FIELDS[0], FIELDS[5], FIELDS[8]))
    assert (
        "ask for these, one at a time: Order number (a whole number), Colour (one of red, blue, if they like), "
        "Reason (if they like).]" in in_words(form)
    )
    confirm = ConfirmCard(title="Send this back?", fields={"Order": "1017"})
    assert "Send this back?; Order: 1017; ask for a yes or a no.]" in in_words(confirm)
    assert "label.pdf. It could not be handed over. What matters of it you have to say: A label.]" in unseen_file(
        "label.pdf", "A label."
    )


def test_a_press_is_told_as_one_and_the_words_can_be_had_from_it_alone() -> None:
    told = context.pressed('Say "when"', "Another day: Friday", {})
    assert told == "On my screen I have pressed, on the card \"Say 'when'\": Another day: Friday"
    assert context.words_in(told) == "Another day: Friday"
    filled = context.pressed("Your order", "", {"order_number": 1017, "broken": True, "reason": "lid"})
    assert filled.startswith('On my screen I have filled in, on the card "Your order": ')
    assert context.words_in(filled) == "order number: 1017; broken: yes; reason: lid"
    assert context.words_in(context.dialled("12")) == "12"
    assert context.words_in("Hello.") == "Hello."
