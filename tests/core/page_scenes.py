"""The page in states that stay as they are: what a call has told it, as the worker writes it, without a room."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from tests.core.page_events import cost, everything
from tools.card import Card, ChoiceCard, ConfirmCard, FormCard, FormField, Item, Link, Option, OrderCard
from worker.journal import events as journal
from worker.journal.events import JournalEvent
from worker.room.outbox import AGENT, SEES, STATE, TOPIC

Came = dict[str, Any]  # see web-demo/scenes/livekit.ts
ME, SLIP = "me", "slip.png"
TEAM = {
    "reception": ("orders", "returns", "gift_finder"),
    "orders": ("reception", "returns"),
    "returns": ("reception", "orders"),
    "gift_finder": ("reception",),
}
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 2


@dataclass(frozen=True)
class Scene:
    """`called`: whether somebody has called. `came` is what the page is told; then, if `shows`, the caller shows a picture,
    and `then` follows. `presses` are the names of buttons, one after the other. `pictured`: it has a picture of its own."""

    name: str
    called: bool = True
    came: Sequence[Came] = ()
    shows: bool = False
    then: Sequence[Came] = ()
    presses: Sequence[str] = ()
    address: str = ""
    pictured: bool = True


def tell(*events: JournalEvent) -> list[Came]:
    return [_text("agent", TOPIC, "", event.model_dump_json()) for event in events]


def present(agent: str, state: str = "listening", sees: str = "camera screen") -> Came:
    return {"what": "agent", "attributes": {STATE: state, AGENT: agent, SEES: sees}}


def says(item: str, text: str) -> Came:
    """A caption of the agent's."""
    return _text("agent", "lk.transcription", item, text)


def heard(item: str, text: str, who: str = ME) -> Came:
    return _text(who, "lk.transcription", item, text)


def _text(who: str, topic: str, item: str, body: str) -> Came:
    return {"what": "text", "from": who, "topic": topic, "id": item, "body": body}


def _said(agent: str, item: str, text: str, *, interrupted: bool = False, latency_ms: int = 640) -> JournalEvent:
    return journal.AgentSaid(
        agent=agent, text=text, item=item, heard_ms=900, interrupted=interrupted, latency_ms=latency_ms
    )


def _started(linked: Any = "first") -> JournalEvent:
    return journal.CallStarted(
        call="c", room="r", team="shop", agent="reception", model="openai", caller=ME, linked=linked, agents=TEAM
    )


def _given(stream: str, name: str, mime: str, words: str, size: int) -> JournalEvent:
    return journal.FileGiven(
        agent="orders", call_id="9", tool="give", stream=stream, name=name, mime=mime, bytes=size, words=words
    )


def _card(ref: str, card: Any) -> JournalEvent:
    return journal.CardShown(agent="orders", call_id="1", tool="find_order", ref=ref, card=card)


def slip() -> bytes:
    """A photo of an order slip, as far as a thumbnail shows it. PNG."""
    picture = Image.new("RGB", (480, 360), (96, 88, 80))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((90, 30, 390, 340), fill=(250, 248, 240))
    draw.rectangle((120, 60, 260, 84), fill=(40, 40, 44))
    for line in range(5):
        draw.rectangle((120, 120 + 32 * line, 350 - 30 * (line % 3), 130 + 32 * line), fill=(120, 120, 124))
    draw.rectangle((120, 290, 240, 318), fill=(180, 60, 40))
    return _png(picture)


def chart() -> bytes:
    """Bars of what was spent. PNG."""
    picture = Image.new("RGB", (640, 320), "white")
    draw = ImageDraw.Draw(picture)
    for place, height in enumerate((220, 160, 130, 70, 40)):
        draw.rectangle((60 + 112 * place, 280 - height, 130 + 112 * place, 280), fill=(10, 102, 88))
    draw.line((40, 281, 610, 281), fill=(60, 60, 60), width=2)
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def _file(stream: str, mime: str, data: bytes) -> Came:
    return {"what": "file", "id": stream, "mime": mime, "data": base64.b64encode(data).decode()}


PLAN = journal.PlanChanged(
    steps=(
        journal.PlanStep(wish="Where is my order?", agent="orders", state="done"),
        journal.PlanStep(wish="A new lid for the kettle", agent="returns", state="active"),
        journal.PlanStep(wish="A present for my sister", agent="gift_finder", state="open"),
    )
)
MORNING = "Good morning, you are through to the kettle shop. How can I help?"
FRIDAY = "Order 1042 left us on Tuesday. The carrier brings it on Friday, before noon."
LID = "I am sorry about the lid. Show me the slip, please, and I will send you a new one."

BEGINNING = [
    present("reception"),
    *tell(_started(), journal.RecordingStarted(file="x", began_ms=0)),
    says("m1", MORNING),
    *tell(_said("reception", "m1", MORNING), cost(0.0021, 0.0021)),
    heard("c1", "Where is my order? And the lid of my kettle came broken."),
    *tell(PLAN, journal.HandoffDone(source="reception", target="orders")),
    present("orders"),
    *tell(
        journal.ToolCalled(agent="orders", call_id="1", tool="find_order", arguments={}),
        journal.ToolFinished(agent="orders", call_id="1", tool="find_order", output=""),
    ),
    says("m2", FRIDAY),
    *tell(_said("orders", "m2", FRIDAY, latency_ms=812), cost(0.0104, 0.0125)),
    *tell(
        _card(
            "track",
            Card(
                title="Order 1042",
                lines=("On its way to you.",),
                fields={"Carrier": "Parcel Post", "Arrives": "Friday, before noon"},
                link=Link(label="Follow the parcel", url="https://example.org"),
                choices=("Another day", "To a neighbour"),
            ),
        ),
        journal.HandoffDone(source="orders", target="returns"),
    ),
    present("returns"),
    says("m3", LID),
    *tell(_said("returns", "m3", LID, interrupted=True, latency_ms=702)),
]
SHOWN = [
    *tell(
        journal.UserShowed(participant=ME, ref="photo-1", name=SLIP, stream=SLIP),
        journal.PictureDescribed(ref="photo-1", by="eyes", description="An order slip with the number 1042."),
        journal.ToolCalled(agent="returns", call_id="2", tool="check_return", arguments={}),
        journal.ToolProgressed(agent="returns", call_id="2", tool="check_return", text="Asking the warehouse."),
        _given("label", "label-1042.pdf", "application/pdf", "The label for your parcel.", 48_200),
    ),
    _file("label", "application/pdf", b"%PDF-1.7"),
]

CARDS = [
    present("orders", "speaking"),
    *tell(
        _started(),
        _card(
            "order",
            OrderCard(
                title="Order 1018",
                state="Packing",
                items=(
                    Item(name="Kettle, brushed steel, 1.7 litres", quantity=2, price=41.9),
                    Item(name="Descaler", quantity=1, price=4.9),
                ),
                total=88.7,
                currency="EUR",
                choices=("Change the address", "Cancel it"),
            ),
        ),
        _card(
            "which",
            ChoiceCard(
                title="Which lid fits?",
                options=(
                    Option(label="Brushed steel", detail="2 left, at your door on Friday"),
                    Option(label="Black", detail="next week"),
                ),
            ),
        ),
        journal.UserPressed(participant=ME, ref="which", title="Which lid fits?", choice="Brushed steel"),
        _given("chart", "spending.png", "image/png", "Most of it was for groceries.", 9_000),
    ),
    _file("chart", "image/png", chart()),
    *tell(
        _card("gone", ConfirmCard(title="Send the vase back?", fields={"Order": "1017"})),
        journal.CardClosed(ref="gone"),
        _card(
            "form",
            FormCard(
                title="Where shall it go?",
                fields=(
                    FormField(key="order_number", label="Order number", type="integer", minimum=1000, maximum=9999),
                    FormField(key="place", label="Place", type="choice", choices=("My door", "A neighbour")),
                    FormField(key="day", label="Day", type="date", required=False),
                ),
            ),
        ),
        _card("yes", ConfirmCard(title="Send a new lid?", fields={"Order": "1042", "Price": "nothing"})),
    ),
]

TROUBLE = [
    present("reception", "thinking"),
    {"what": "person", "identity": "ben", "name": "Ben"},
    *tell(
        _started("all"),
        journal.RecordingStarted(file="x", began_ms=0),
        journal.PersonCame(participant="ben", name="Ben"),
    ),
    says("m1", MORNING),
    heard("b1", "We both wonder where the parcel is.", "ben"),
    *tell(
        journal.UserDialled(participant=ME, digits="1042", started_ms=0, ended_ms=1),
        journal.CallWarned(
            code="microphone.silent",
            detail="Nothing comes from the microphone. If you speak: is it muted, or another in use?",
        ),
        journal.LineLost(reason="closed"),
        journal.LineRestored(gap_ms=2300),
        journal.WatchdogFired(reason="the model is mute", action="ask again"),
        journal.GuardBlocked(agent="reception", guard="claims", place="output", action="block", why="a price"),
        journal.HandoffFailed(source="reception", target="gift_finder", reason="x"),
        journal.ToolCalled(agent="reception", call_id="1", tool="find_parcel", arguments={}),
        journal.ToolFinished(agent="reception", call_id="1", tool="find_parcel", output="", failed=True),
    ),
]
REFUSED = [
    *tell(
        journal.CallWarned(code="file.kind", detail="Nothing here reads this kind of file.", stream=SLIP),
        journal.UserWrote(participant=ME, text="Are you still there?"),
        journal.AgentMuted(participant="ben", muted=True),
    ),
    {"what": "away", "seconds": 12},
]

SCENES = (
    Scene("join", called=False),
    Scene("refused", called=False, address="?refused", presses=("Call",)),
    Scene("call", came=BEGINNING, shows=True, then=SHOWN),
    Scene("cards", came=CARDS),
    Scene("keypad", came=BEGINNING, presses=("Keypad", "4", "2", "Star")),
    Scene("trouble", came=TROUBLE, shows=True, then=REFUSED),
    Scene("ended", came=[*BEGINNING, *tell(journal.CallEnded(reason="the caller left"))]),
    Scene(
        "long_words",
        came=[present(f"agent_{LONG}"), *tell(_started()), says("m1", LONG), *tell(*everything(LONG))],
        shows=True,
        pictured=False,
    ),
)
