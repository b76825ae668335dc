"""What a call tells the page, for tests that want one of each."""

from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, FormField, Item, Link, Option, OrderCard
from worker.journal import events as journal
from worker.journal.events import JournalEvent

TEAM = {"reception": ("orders", "returns"), "orders": ("reception",), "returns": ("reception", "orders")}


def started(room: str) -> JournalEvent:
    return journal.CallStarted(
        call="c", room=room, team="shop", agent="reception", model="openai", caller="x", agents=TEAM
    )


def cost(amount: float, total: float) -> JournalEvent:
    return journal.CostUpdated(
        agent="a", provider="openai", model="m", tokens={}, cost=amount, total=total, currency="USD"
    )


def cards(text: str = "") -> list[AnyCard]:
    """One of each kind that has more on it than facts."""
    number = FormField(key="order_number", label=f"Order number{text}", type="integer", minimum=1000, maximum=9999)
    colour = FormField(key="colour", label="Colour", type="choice", choices=("red", f"blue {text}"), required=False)
    return [
        OrderCard(
            title=f"Order 1018 {text}",
            state=f"Packing {text}",
            items=(Item(name=f"Kettle {text}", quantity=2, price=41.9),),
            total=46.8,
            currency="EUR",
            link=Link(label=f"Track it {text}", url="https://example.org"),
        ),
        ChoiceCard(
            title=f"Which one? {text}",
            options=(Option(label=f"Red {text}"), Option(label="Blue", detail=f"2 left {text}")),
        ),
        FormCard(title=f"Your order {text}", fields=(number, colour)),
        ConfirmCard(title=f"Send this back? {text}", fields={"Order": f"1017 {text}"}),
    ]


def everything(text: str = "") -> list[JournalEvent]:
    """One of each that the page shows, with a text of a stranger's in it."""
    steps = (
        journal.PlanStep(wish=f"Send it back {text}", agent="returns", state="active"),
        journal.PlanStep(wish="Move the other one", agent="orders", state="open"),
        journal.PlanStep(wish="A whisk", agent="orders", state="dropped"),
    )
    card = Card(
        title=f"Order 1017 {text}",
        lines=(f"On its way {text}",),
        fields={f"Item {text}": f"Kettle {text}"},
        choices=("Open it", f"Not now {text}"),
    )
    return [
        journal.RecordingStarted(file="x", began_ms=0),
        journal.UserWrote(participant="x", text=f"It is 1017 {text}"),
        journal.UserDialled(participant="x", digits=f"1017{text}", started_ms=0, ended_ms=1),
        journal.PlanChanged(steps=steps),
        journal.ToolCalled(agent="reception", call_id="1", tool=f"find_order{text}", arguments={}),
        journal.ToolProgressed(agent="reception", call_id="1", tool="x", text=f"Asking the carrier. {text}"),
        journal.ToolCalled(agent="reception", call_id="2", tool="check_return", arguments={}),
        journal.ToolFinished(agent="reception", call_id="2", tool="check_return", output=text, failed=True),
        journal.TaskDone(agent="reception", task=f"identify{text}"),
        *(
            journal.CardShown(agent="reception", call_id="1", tool="x", ref=f"card_{place}", card=one)
            for place, one in enumerate([card, *cards(text)])
        ),
        journal.FileGiven(
            agent="reception",
            call_id="1",
            tool="x",
            stream="s",
            name="a.pdf",
            mime="application/pdf",
            bytes=9,
            words=f"A label {text}",
        ),
        journal.UserPressed(participant="x", ref="card_0", title=f"Order {text}", choice="Open it"),
        journal.CardClosed(ref="card_4"),
        journal.CallWarned(code="microphone.silent", detail=f"Nothing is heard. {text}"),
        journal.GuardBlocked(agent="reception", guard=f"claims{text}", place="output", action="block", why="x"),
        journal.LineLost(reason=text),
        journal.LineRestored(gap_ms=1200),
        journal.WatchdogFired(reason=f"late {text}", action="asked again"),
        journal.HandoffFailed(source="reception", target=f"orders{text}", reason="x"),
        journal.HandoffDone(source="reception", target="returns"),
        cost(0.0021, 0.0021),
    ]
