"""Tools that show and give all there is, and a scripted model that calls them when their name is said to it."""

from collections.abc import Sequence

from livekit.agents import function_tool

from agents.context import words_in
from agents.spec import TeamSpec
from tests.conformance import script
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step
from tools.card import Card, FormCard, FormField, Item, OrderCard
from tools.context import CallContext
from tools.file import GivenFile

TEXT = "The order slip.\n"
PAID = list[tuple[int, str]]()


@function_tool
async def show_menu(context: CallContext) -> str:
    """Show what there is to choose from."""
    context.show(Card(title="Order 7", fields={"Arrives": "Friday"}, choices=("Keep it", "order", "slip", "Hello")))
    return "Here it is."


@function_tool
async def show_order(context: CallContext) -> str:
    """Show an order."""
    kettle = Item(name="kettle", quantity=2, price=40)
    context.show(OrderCard(title="Order 7", state="packing", items=(kettle,), total=44.9, currency="GBP"))
    return "Order 7 is being packed."


@function_tool
async def give_slip(context: CallContext) -> str:
    """Give the order slip."""
    context.give(GivenFile("slip.txt", TEXT.encode(), "The order slip of order 7."))
    return "There is your slip."


@function_tool
async def show_form(context: CallContext) -> str:
    """Ask for the order number."""
    number = FormField(key="order_number", label="Order number", type="integer", minimum=1000, maximum=9999)
    context.show(FormCard(title="Your order", fields=(number, FormField(key="why", label="Why", required=False))))
    return "Fill it in, please."


@function_tool
async def pay(context: CallContext, number: int, how: str) -> str:
    """Pay for an order."""
    PAID.append((number, how))
    return f"Paid {number}."


TEAM = TeamSpec.model_validate(
    {
        "team": "modalities",
        "start": "alfa",
        "model": "openai",
        "turn_taking": {"silence": {"nudge_s": None}},
        "facts": {
            "order_number": {"type": "integer", "description": "the order number", "minimum": 1000, "maximum": 9999}
        },
        "agents": {
            "alfa": {
                "name": "alfa",
                "voice": "warm",
                "instructions": "You are ALFA.",
                "tools": [
                    *(f"tests.modalities.{tool}" for tool in ("show_menu", "show_order", "give_slip", "show_form")),
                    {"tool": "tests.modalities.pay", "effect": "write", "confirm": True, "asks": "Pay for it?"},
                ],
                "tasks": [{"id": "identify", "collect": ["order_number"]}],
                "handoffs": [{"to": "bravo", "when": "The caller asks for bravo."}],
            },
            "bravo": {"name": "bravo", "voice": "warm", "instructions": "You are BRAVO."},
        },
    }
)
_CALLS = {
    "menu": CallTool("show_menu"),
    "order": CallTool("show_order"),
    "slip": CallTool("give_slip"),
    "form": CallTool("show_form"),
    "pay": CallTool("pay", '{"number": 7, "how": "by bank"}'),
    "pay another": CallTool("pay", '{"number": 8, "how": "by bank"}'),
    "yes": CallTool("pay", '{"number": 7, "how": "from the bank account"}'),
    "bravo": CallTool("transfer_to_bravo"),
}
LONG = Say("And so it goes on. " * 19 + "That is all.", ms=12_000)


def told(asked: Asked) -> Sequence[Step]:
    """What is said of a tool's result, or to greet; nothing when it is the caller's turn that is answered."""
    if (result := script.result_of(asked)) is not None:
        return [Say(f"I see: {result}", ms=1500)]
    greets = "has just joined" in script.told_last(asked) or "The line broke" in script.told_last(asked)
    return [Say("Good day.", ms=800)] if greets else []


def play(asked: Asked) -> Sequence[Step]:
    """Calls what the caller's last word names, and repeats all else; `goes on` is a long reply."""
    said = words_in(script.caller_said(asked))
    call = _CALLS.get(said)
    answer = call or (LONG if said == "goes on" else Say(f"You said: {said}", ms=1200))
    return told(asked) or [answer]
