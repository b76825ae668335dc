"""The cards and files that a caller gets to see, and what they press there."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from livekit.agents.utils import shortuuid

from agents import cards, context, presses
from tools.card import AnyCard, Card, ChoiceCard, ConfirmCard, FormCard, OrderCard
from tools.file import GivenFile
from worker.journal import events as journal
from worker.room.events import Press

UNKNOWN = "This card is not from this call."
CLOSED = "This card is not open any more."
ANSWERED = "This has been answered already."
NOTHING = "There is nothing to press on this card."
_WORDS, _FIELDS = 120, 12  # characters of a title, and values, on a card of ours


class Cards:
    """Shows cards, takes one press on each, and makes it a turn of the caller's. A press breaks into what is being said:
    whoever presses wants to go on.

    `past` is the journal of a call that goes on here. A caller who `sees` nothing is told in words: `unseen` has them for
    the tool's result. `write` takes a turn of the caller's that is not spoken; `passed` hears when the model has been told
    it, and only then `note` gets a form's values. `agree` hears of a yes to what an agent's tool waits for. `send` gets
    files for the page, with the ids of their streams.
    """

    def __init__(
        self,
        past: Sequence[journal.JournalEvent] = (),
        *,
        sees: bool,
        record: Callable[[journal.JournalEvent], None],
        keep: Callable[[journal.UserPressed], object],
        write: Callable[[journal.UserWrote], None],
        note: Callable[[Mapping[str, Any]], None],
        agree: Callable[[str, str], None],
        send: Callable[[str, GivenFile], None],
    ) -> None:
        self._sees, self._record, self._keep = sees, record, keep
        self._write, self._note, self._agree, self._send = write, note, agree, send
        self._shown: dict[str, journal.CardShown] = {}
        self._over: dict[str, str] = {}  # cards that take no press, and why not
        self._asked: dict[tuple[str, str], str] = {}  # by agent and tool: the card that waits for a yes
        self._unseen: dict[str, list[str]] = {}  # by tool call
        self._sent: list[tuple[journal.UserWrote, Mapping[str, Any]]] = []  # forms that the model does not know yet
        for event in past:
            match event:
                case journal.CardShown(ref=ref) if ref:
                    self._shown[ref] = event
                case journal.CardClosed(ref=ref):
                    self._over[ref] = CLOSED
                case journal.UserPressed(ref=ref):
                    self._over[ref] = ANSWERED
        for ref, shown in self._shown.items():
            if isinstance(shown.card, ConfirmCard) and ref not in self._over:
                self._asked[shown.agent, shown.tool] = ref

    def show(self, agent: str, call_id: str, tool: str, card: AnyCard) -> None:
        """Puts a card before the caller, or into words for them."""
        if not self._sees:
            self._unseen.setdefault(call_id, []).append(cards.in_words(card))
            return
        shown = journal.CardShown(agent=agent, call_id=call_id, tool=tool, ref=shortuuid("card_"), card=card)
        self._shown[shown.ref] = shown
        if isinstance(card, ConfirmCard):
            self.settle(agent, tool)
            self._asked[agent, tool] = shown.ref
        self._record(shown)

    def give(self, agent: str, call_id: str, tool: str, file: GivenFile) -> None:
        """Sends the caller a file, or puts it into words for them."""
        if not self._sees:
            self._unseen.setdefault(call_id, []).append(cards.unseen_file(file.name, file.words))
            return
        stream = str(uuid4())
        given = journal.FileGiven(
            agent=agent,
            call_id=call_id,
            tool=tool,
            stream=stream,
            name=file.name,
            mime=file.mime,
            bytes=len(file.data),
            words=file.words,
        )
        self._record(given)
        self._send(stream, file)

    def unseen(self, call_id: str) -> str:
        """What a tool has shown to a caller who sees nothing, for the model, once."""
        return " ".join(self._unseen.pop(call_id, ()))

    def ask(self, agent: str, call_id: str, tool: str, title: str, arguments: str) -> None:
        """A tool waits for a yes: the caller may say it, or press it."""
        if self._sees:
            fields = {_label(name): _value(value) for name, value in list(_arguments(arguments).items())[:_FIELDS]}
            card = ConfirmCard(title=title[:_WORDS], fields={name: value for name, value in fields.items() if value})
            self.show(agent, call_id, tool, card)

    def settle(self, agent: str, tool: str = "") -> None:
        """It waits no more: it runs, other values are asked about, or somebody else has the caller, if no tool is named."""
        for asker, what in [one for one in self._asked if one[0] == agent and tool in ("", one[1])]:
            ref = self._asked.pop((asker, what))
            if ref not in self._over:
                self._over[ref] = CLOSED
                self._record(journal.CardClosed(ref=ref))

    def press(self, press: Press) -> None:
        """Takes it, or tells the caller why not."""
        try:
            shown, pressed = self._read(press)
        except presses.PressError as error:
            press.answer(str(error))
            return
        self._over[press.ref] = ANSWERED
        event = journal.UserPressed(
            participant=press.participant,
            ref=press.ref,
            title=shown.card.title,
            choice=pressed.choice,
            values=dict(pressed.values),
        )
        self._keep(event)
        press.answer("")
        told = context.pressed(event.title, event.choice, event.values)
        written = journal.UserWrote(participant=press.participant, text=told)
        if pressed.values:
            self._sent.append((written, pressed.values))
        self._write(written)
        asked = self._asked.get((shown.agent, shown.tool)) == press.ref
        if asked and pressed.choice == presses.YES:
            self._agree(shown.agent, shown.tool)

    def passed(self, written: journal.UserWrote) -> None:
        """The model has been told something that the caller wrote. What guards have changed is not what was filled in."""
        for sent in [one for one in self._sent if one[0] is written]:
            self._sent.remove(sent)
            self._note(sent[1])

    def _read(self, press: Press) -> tuple[journal.CardShown, presses.Pressed]:
        """Raises PressError."""
        if (shown := self._shown.get(press.ref)) is None:
            raise presses.PressError(UNKNOWN)
        if why := self._over.get(press.ref):
            raise presses.PressError(why)
        if not _takes_press(shown.card):
            raise presses.PressError(NOTHING)
        return shown, presses.read(shown.card, press.choice, press.values)


def _takes_press(card: AnyCard) -> bool:
    match card:
        case Card(choices=choices) | OrderCard(choices=choices):
            return bool(choices)
        case ChoiceCard() | FormCard() | ConfirmCard():
            return True


def _arguments(written: str) -> Mapping[str, Any]:
    try:
        found = json.loads(written or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _label(name: str) -> str:
    words = name.replace("_", " ").strip()[:_WORDS]
    return words[:1].upper() + words[1:] or "?"


def _value(value: Any) -> str:
    """As it is read on a card; empty for what is none."""
    if isinstance(value, bool):
        return presses.YES if value else presses.NO
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else ""
    told = " ".join(told.split())
    return told if len(told) <= 300 else f"{told[:299]}…"
