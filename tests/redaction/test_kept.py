"""One call's events as they may be kept, and those that have to be written again."""

from agents.redaction import RedactionSpec
from worker.journal import events as journal
from worker.redaction.kept import Redaction, without_parts
from worker.redaction.policy import Policy, Value
from worker.redaction.split import JOINED_MS

FIRST, SECOND = "it is 4111 1111", "1111 1111"


def redaction(*what: object) -> Redaction:
    return Redaction(Policy(RedactionSpec.model_validate(list(what)) if what else RedactionSpec()))


def said(text: str, at: int = 0, who: str = "caller") -> journal.UserSaid:
    return journal.UserSaid(at=at, participant=who, text=text)


def test_given_a_secret_in_two_turns_then_the_first_is_written_again_and_others_see_neither() -> None:
    call = redaction()
    first = call.take(0, said(FIRST))
    assert first.open, "who knows how it goes on"
    assert first.event == said(FIRST)
    remark = call.take(1, journal.AgentSaid(at=10, agent="alfa", text="Go on.", heard_ms=500))
    assert not remark.settled
    assert not remark.open
    second = call.take(2, said(SECOND, at=20))
    assert second.event == said("[card number]", at=20)
    assert second.again == ((0, said("it is [card number]")),)
    assert second.settled == (said("it is [card number]"),)
    assert second.secret == (said(FIRST), said(SECOND, at=20))
    assert not second.open


def test_given_a_number_that_goes_on_as_nothing_then_others_see_it_when_that_is_clear() -> None:
    call = redaction()
    assert call.take(0, said("the order is 2041")).open
    assert not call.take(1, said("Thanks.", at=JOINED_MS)).settled
    assert call.take(2, said("Are you there?", at=JOINED_MS + 1)).settled == (said("the order is 2041"),)
    assert call.take(3, said("or 2042", at=JOINED_MS + 2)).open
    assert call.settle() == (said("or 2042", at=JOINED_MS + 2),), "at the end of the call, at the latest"
    assert call.settle() == ()


def test_given_two_speakers_then_their_numbers_are_not_joined() -> None:
    call = redaction()
    call.take(0, said(FIRST))
    other = call.take(1, said(SECOND, who="somebody else"))
    assert not other.again
    answer = call.take(2, journal.AgentSaid(agent="alfa", text="4111 1111", heard_ms=1))
    assert not answer.again
    assert call.take(3, journal.AgentSaid(agent="bravo", text="1111 1111", heard_ms=1)).again, "agents speak as one"


def test_given_nothing_to_be_found_in_digits_then_nothing_is_open() -> None:
    assert not redaction("secrets", "digits").take(0, said(FIRST)).open


def test_given_what_is_dialled_then_it_stands_nowhere_and_is_known_from_then_on() -> None:
    call = redaction()
    dialled = journal.UserDialled(participant="caller", digits="482193", started_ms=1, ended_ms=2)
    kept = call.take(0, dialled)
    assert kept.event == dialled.model_copy(update={"digits": "[digits]"})
    assert kept.values == (Value("482193", "[digits]"),), "to be taken out of what was written before, too"
    assert kept.secret == (dialled,)
    repeated = journal.AgentSaid(agent="alfa", text="You dialled four eight two one nine three.", heard_ms=1)
    assert call.take(1, repeated).event == repeated.model_copy(update={"text": "You dialled [digits]."})
    called = journal.ToolCalled(agent="alfa", call_id="c", tool="open", arguments={"pin": 482193})
    assert call.take(2, called).event == called.model_copy(update={"arguments": {"pin": "[digits]"}})


def test_given_a_key_of_a_menu_then_that_digit_stands_elsewhere_as_before() -> None:
    call = redaction()
    call.take(0, journal.UserDialled(participant="caller", digits="2", started_ms=1, ended_ms=1))
    assert call.take(1, said("2 cups")).event == said("2 cups")


def test_given_dialled_digits_that_may_be_kept_then_a_card_among_them_may_not() -> None:
    call = redaction("card_numbers")
    menu = journal.UserDialled(participant="caller", digits="2", started_ms=1, ended_ms=1)
    assert call.take(0, menu).event == menu
    card = menu.model_copy(update={"digits": "4111111111111111"})
    assert call.take(1, card).event == menu.model_copy(update={"digits": "[card number]"})


def test_given_a_fact_that_may_not_be_kept_then_its_value_is_out_as_soon_as_it_is_known() -> None:
    call = redaction({"fact": "order_pin"})
    facts: dict[str, object] = {}
    call.follow(facts)
    assert call.take(0, said("My code is 7391.")).event == said("My code is 7391.")
    facts["order_pin"] = 7391
    heard = journal.AgentSaid(agent="alfa", text="I have noted 7 3 9 1.", heard_ms=1)
    kept = call.take(1, heard)
    assert kept.values == (Value("7391", "[order pin]"),)
    assert kept.event == heard.model_copy(update={"text": "I have noted [order pin]."})
    facts["order_pin"] = 8812
    assert call.take(2, said("8812, not 7391")).event == said("[order pin], not [order pin]")


def test_given_a_fact_that_is_noted_soon_then_others_do_not_see_what_was_said_of_it_either() -> None:
    call = redaction("card_numbers", {"fact": "order_pin"})
    facts: dict[str, object] = {}
    call.follow(facts)
    assert call.take(0, said("My code is 7391.")).open
    facts["order_pin"] = "7391"
    noted = call.take(1, journal.TaskDone(agent="alfa", task="identify"))
    assert noted.settled == (said("My code is [order pin]."),)


def test_given_who_calls_by_telephone_then_their_number_is_out_of_their_name_too() -> None:
    call = redaction("phones")
    started = journal.CallStarted(call="c", room="r", team="t", agent="a", model="m", caller="sip_+4930901820")
    assert "901820" not in call.take(0, started).event.model_dump_json()


def test_given_a_number_that_looks_like_none_then_who_calls_from_it_is_not_told() -> None:
    for what, shown in (("phones", "It is [phone number]."), ("emails", "It is oh one one seven 496 0123.")):
        call = redaction(what)
        call.knows_caller("01174960123")
        assert call.take(0, said("It is oh one one seven 496 0123.")).event == said(shown)
        assert ("4960123" in without_parts("sip_01174960123")) is (what == "emails")
        del call


def test_given_a_piece_of_a_number_then_logs_tell_it_no_more_than_the_journal() -> None:
    call = redaction()
    call.take(0, said(FIRST))
    assert without_parts("a driver writes 'it is 4111 1111'") == "a driver writes 'it is [part of a number]'"
    call.take(1, said(SECOND))
    assert "1111" not in without_parts("the history: 4111 1111, and: 1111 1111")
    del call


def test_given_a_number_that_goes_on_in_another_process_then_it_is_found_all_the_same() -> None:
    first, second = redaction(), redaction()
    kept = first.take(0, said(FIRST)).event
    second.go_on([kept])
    assert second.take(1, said(SECOND, at=20)).again == ((0, said("it is [card number]")),)


def test_given_a_form_then_what_it_says_of_a_fact_that_is_not_kept_is_never_written_and_all_else_as_usual() -> None:
    call = redaction({"fact": "pin"}, "card_numbers")
    values = {"pin": "0012", "why": "my card is 4111 1111 1111 1111", "broken": True}
    event = journal.UserPressed(participant="caller", ref="card_1", title="x", values=values)
    kept = call.take(0, event).event
    assert isinstance(kept, journal.UserPressed)
    assert kept.values == {"pin": "[pin]", "why": "my card is [card number]", "broken": True}
