from agents.context import SUMMARY_WORDS, established, state, summary, told
from agents.tasks import Task


def test_given_facts_and_steps_then_the_agent_is_told_what_is_known_and_what_comes_next() -> None:
    steps = [Task("identify", collect=("number", "postcode")), Task("refund", tool="refund")]
    assert told("Be kind.", "Monday") == "Be kind.\n\nToday is Monday."
    text = state({"number": 7, "list": [1]}, steps)
    assert "number: 7" in text
    assert "identify (find out postcode); refund (call refund)" in text


def test_given_two_hours_of_talk_then_the_summary_keeps_its_beginning_and_its_end_within_the_budget() -> None:
    turns = [("user", "My order number is 1042.")]
    turns += [("assistant" if n % 2 else "user", f"sentence {n} " + "and so on " * 20) for n in range(800)]
    text = summary(turns)
    assert "1042" in text
    assert "sentence 799" in text
    assert len(text.split()) <= SUMMARY_WORDS + 12


def test_given_many_numbers_then_the_summary_names_those_of_the_caller_whenever_they_were_told() -> None:
    turns = [("user", "Hello there.")]
    turns += [("assistant", f"That is {n} pounds and some more words about it all.") for n in range(100, 200)]
    turns.insert(30, ("user", "Oh, and my order number is 1042."))
    turns.insert(31, ("find_order", "Order 1042 is a kettle."))
    turns.insert(60, ("user", "You reach me as jo@example.com!"))
    text = summary(turns)
    assert "order number is 1042" in text
    assert "me as jo@example.com" in text
    assert len(text.split()) <= SUMMARY_WORDS + 12
    assert "find_order: Order 1042 is a kettle." in summary(turns[29:33]), "a short talk is told whole"


def test_an_agent_can_read_the_facts_it_was_told() -> None:
    known = state({"number": 7, "mail": "jo@example.com", "list": [1]}, (), (), "- a 1")
    text = f"{told('Be kind. Known: a lot.', 'Monday')}\n\n{known}"
    assert established(text) == {"number": "7", "mail": "jo@example.com"}
    assert established(told("Be kind.", "Monday")) == {}
