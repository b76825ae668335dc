"""Cards in a call: what is pressed is a turn of the caller's, once, and only what was really shown can be pressed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.stage import Stage, staged
from tests.guarded_call import Words
from tests.modalities import PAID, TEAM, play
from tests.virtual_time import virtual_time
from worker.arrival import Arrival
from worker.cards import ANSWERED, CLOSED, NOTHING, UNKNOWN

pytestmark = pytest.mark.parts

PRESSED = 'On my screen I have pressed, on the card "Order 7": '


def trial(hold: Callable[[Stage], Any], **options: Any) -> Callable[[Path], None]:
    """A call with the simulated OpenAI, on virtual time."""

    def test(tmp_path: Path) -> None:
        PAID.clear()

        @virtual_time
        async def run() -> None:
            async with staged(tmp_path, "openai", team=TEAM, play=play, **options) as at:
                await at.answered(1)
                try:
                    await hold(at)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{at.transcript()}") from error

        run()

    return test


async def show(at: Stage, what: str) -> str:
    """Has a card shown; returns its name."""
    replies = len(at.said) + 1
    at.write(what)
    await at.answered(replies)
    return str(at.of("card.shown")[-1]["ref"])


async def _turn(at: Stage) -> None:
    ref = await show(at, "menu")
    assert await at.press(ref, 0) == ""
    await at.answered(3)
    assert at.said[-1] == "You said: Keep it"
    [pressed] = at.of("user.pressed")
    assert (pressed["participant"], pressed["ref"], pressed["title"], pressed["choice"]) == (
        "caller",
        ref,
        "Order 7",
        "Keep it",
    )
    assert f"{PRESSED}Keep it" in at.known
    assert at.heard == ["menu"], "it is not told as if it had been written"
    assert await at.press(ref, 1) == ANSWERED
    assert len(at.of("user.pressed")) == 1


test_what_is_pressed_is_answered_as_a_turn_and_only_once = trial(_turn)


async def _refused(at: Stage) -> None:
    assert await at.press("card_of_another_call", 0) == UNKNOWN
    ref = await show(at, "menu")
    assert await at.press(ref, 4) == "That is not one of the answers on this card."
    assert await at.press(ref, 0, note="x") == "That is not one of the answers on this card."
    order = await show(at, "order")
    assert await at.press(order, 0) == NOTHING
    await at.rest()
    assert len(at.said) == 3, "nobody is answered who has pressed nothing"
    assert not at.of("user.pressed")
    assert await at.press(ref, 0) == ""


test_what_was_not_shown_cannot_be_pressed = trial(_refused)


async def _interrupts(at: Stage) -> None:
    ref = await show(at, "menu")
    at.write("goes on")
    await at.speaking()
    assert await at.press(ref, 0) == ""
    await at.answered(4)
    assert at.of("agent.said")[-2]["interrupted"]
    assert at.said[-1] == "You said: Keep it"


test_a_press_breaks_into_what_is_being_said = trial(_interrupts)


async def _form(at: Stage) -> None:
    ref = await show(at, "form")
    assert await at.press(ref, None, order_number="12") == "Order number: 1000 or more and 9999 or less, please."
    assert not at.of("task.done")
    assert await at.press(ref, None, order_number="1042", why="it is broken") == ""
    await at.answered(3)
    assert at.said[-1] == "You said: order number: 1042; why: it is broken"
    assert [event["task"] for event in at.of("task.done")] == ["identify"]
    assert "Known of this call: order_number: 1042." in at.known
    assert "why: it is broken." not in at.given[-1].instructions, "what no step asks for is no fact"
    assert at.of("user.pressed")[0]["values"] == {"order_number": 1042, "why": "it is broken"}


test_what_is_filled_in_is_known_to_the_steps_that_ask_for_it = trial(_form)


async def _form_refused(at: Stage) -> None:
    ref = await show(at, "form")
    assert await at.press(ref, None, order_number="1042", why="a lamp") == ""
    await at.answered(3)
    assert "1042" not in at.known
    assert not at.of("task.done")


test_what_guards_withhold_of_a_form_is_established_by_nobody = trial(
    _form_refused, guards=(Words(["lamp"], "block", "input"),)
)


async def _confirm(at: Stage) -> None:
    ref = await show(at, "pay")
    [shown] = at.of("card.shown")
    assert shown["card"]["kind"] == "confirm"
    assert shown["card"]["title"] == "Pay for it?"
    assert shown["card"]["fields"] == {"Number": "7", "How": "by bank"}
    assert not PAID
    assert await at.press(ref, 0) == ""
    await at.answered(3)
    assert at.said[-1] == "I see: Paid 7."
    assert PAID == [(7, "by bank")], "what stood on the card, however the model puts it now"
    assert at.of("user.pressed")[0]["choice"] == "yes"


test_a_yes_that_is_pressed_does_what_stood_on_the_card = trial(_confirm)


async def _declined(at: Stage) -> None:
    ref = await show(at, "pay")
    assert await at.press(ref, 1) == ""
    await at.answered(3)
    assert at.said[-1] == "You said: no"
    assert not PAID


test_a_no_that_is_pressed_does_nothing = trial(_declined)


async def _superseded(at: Stage) -> None:
    first = await show(at, "pay")
    second = await show(at, "pay another")
    assert first != second
    assert await at.press(first, 0) == CLOSED
    assert [event["ref"] for event in at.of("card.closed")] == [first]
    at.write("pay another")
    await at.answered(4)
    assert PAID == [(8, "by bank")], "asked again after a turn of the caller's, it is done"
    assert await at.press(second, 0) == CLOSED
    assert [event["ref"] for event in at.of("card.closed")] == [first, second]


test_a_card_is_closed_when_other_values_are_asked_about_and_when_it_is_done = trial(_superseded)


async def _handed_over(at: Stage) -> None:
    ref = await show(at, "pay")
    at.write("bravo")
    await at.rest()
    assert at.of("handoff.done")
    assert await at.press(ref, 0) == CLOSED


test_a_card_that_waits_for_a_yes_is_closed_at_a_handoff = trial(_handed_over)


async def _crashed(at: Stage) -> None:
    menu = await show(at, "menu")
    asked = await show(at, "pay")
    assert await at.press(menu, 0) == ""
    await at.answered(4)
    await at.crash()
    await at.answered(5)
    assert f"{PRESSED}Keep it" in at.known
    assert await at.press(menu, 1) == ANSWERED
    assert await at.press(asked, 0) == ""
    await at.answered(6)
    assert PAID == [(7, "by bank")]


test_the_next_worker_knows_the_cards_and_what_was_pressed = trial(_crashed)


async def _telephone(at: Stage) -> None:
    at.write("pay")
    await at.answered(2)
    at.write("menu")
    await at.answered(3)
    assert not at.of("card.shown")
    [finished] = [event for event in at.of("tool.finished") if event["tool"] == "show_menu"]
    assert finished["output"] == (
        "Here it is. [The caller has no screen, and sees nothing of this. What matters of it you have to say: Order 7; "
        "Arrives: Friday; ask which of these: Keep it, order, slip, Hello.]"
    )


test_who_has_no_screen_is_told = trial(_telephone, arrival=Arrival(telephone=True))


def test_the_cards_of_another_call_have_other_names(tmp_path: Path) -> None:
    names = list[str]()

    async def note(at: Stage) -> None:
        names.append(await show(at, "menu"))

    for folder in ("one", "another"):
        (tmp_path / folder).mkdir()
        trial(note)(tmp_path / folder)
    assert len(set(names)) == 2
