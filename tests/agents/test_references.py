"""What a caller may point at, and how agents are told of it."""

import pytest

from agents.references import MOST, References, age, read

MINUTE = 60_000


def found(references: References, tool: str, output: str, at_ms: int, **arguments: object) -> None:
    references.called("call", "orders", tool, dict(arguments))
    references.returned("call", output, at_ms, failed=False)


def test_given_an_order_that_a_tool_found_then_it_is_told_with_its_age_and_what_it_is() -> None:
    references = References()
    found(references, "find_order", 'Order 1042 is two "mugs".', 10 * MINUTE, order_number=1042)
    told = references.told(12 * MINUTE)
    assert "- order 1042 (find_order, with orders, 2 minutes ago): Order 1042 is two mugs." in told
    assert "as of minute 12." in told
    assert '"' not in told, "what is quoted in instructions is to be said"


def test_given_a_tool_that_failed_then_there_is_no_such_thing() -> None:
    references = References()
    references.called("call", "orders", "find_order", {"order_number": 9999})
    references.returned("call", "There is no order 9999.", 0, failed=True)
    references.returned("unknown", "R-2041", 0, failed=False)
    assert references.told(0) == ""


@pytest.mark.parametrize(
    ("tool", "arguments", "output", "names"),
    [
        ("find_order", {"order_number": 1042}, "", ["order 1042"]),
        ("open_return", {"order_number": 1017, "reason": "broke"}, "It is R-2041.", ["order 1017", "return R-2041"]),
        ("pay", {"number": 7}, "", ["number 7"]),
        ("find_reader", {"number": 7}, "", ["reader 7"]),
        ("fines", {"card": 12345, "count": 3, "all": True}, "", ["card 12345"]),
        ("subscribe", {"e_mail": "jo@example.com"}, "", ["e mail jo@example.com"]),
        ("change_day", {"day": "2026-11-27", "product": "kettle"}, "59.90 pounds", []),
    ],
)
def test_what_tools_are_asked_about_and_name_can_be_pointed_at(
    tool: str, arguments: dict[str, object], output: str, names: list[str]
) -> None:
    references = References()
    found(references, tool, output, 0, **arguments)
    assert [thing.name for thing in references.things] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My e-mail is jo.b@example.co.uk, thanks.", ["e-mail jo.b@example.co.uk"]),
        ("It says 1042, not 1024.", ["number 1024", "number 1042"]),
        ("code AB-12X or ref88213", ["code ref88213", "code AB-12X"]),
        ("call me on 0207 946 0958", ["phone 02079460958"]),
        (f"my key is {'A1' * 40}", []),
        ("I paid 59.90 on the 2nd at 10am, on 2026-11-27", []),
    ],
)
def test_what_is_typed_letter_by_letter_can_be_pointed_at(text: str, names: list[str]) -> None:
    references = References()
    references.wrote(text, 0)
    assert [thing.name for thing in references.things] == names


def test_what_comes_up_again_is_new_again_and_the_oldest_goes() -> None:
    references = References()
    references.showed("photo-1", "a broken mug", 0)
    for number in range(MOST):
        if number == MOST - 1:
            references.showed("photo-1", "", 5)
        references.wrote(f"jo{number}@example.com", number)
    assert len(references.things) == MOST
    assert [thing.name for thing in references.things][:2] == [f"e-mail jo{MOST - 1}@example.com", "photo-1"]
    assert "photo-1 (shown by the caller, just now): a broken mug" in references.told(10)
    assert "jo0@example.com" not in references.told(10)


def test_numbers_that_are_typed_in_passing_do_not_drive_out_what_was_found() -> None:
    references = References()
    found(references, "find_order", "Two mugs.", 0, order_number=1042)
    references.wrote("jo@example.com", 1)
    for number in range(100, 140):
        references.wrote(f"that is {number}", number)
    for number in range(MOST - 2 - 4):
        found(references, "find_book", "It is there.", 200 + number, book_id=number)
    names = [thing.name for thing in references.things]
    assert len(names) == MOST
    assert {"order 1042", "e-mail jo@example.com", "number 139"} <= set(names)


def test_an_agent_can_read_what_it_was_told() -> None:
    references = References()
    references.showed("photo-1", "a mug (broken): 3 pieces", 0)
    found(references, "find_order", "Two mugs.", 1, order_number=1042)
    references.wrote("jo@example.com", 2)
    instructions = f"You sell mugs.\n- kettle 3 (blue)\n\n{references.told(3)}\n\nYour next steps: none (yet)."
    assert list(read(instructions)) == [("e-mail", "jo@example.com"), ("order", "1042"), ("photo", "photo-1")]
    assert list(read("You sell mugs.\n- kettle 3 (blue)")) == []


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "just now"), (1, "a minute ago"), (59, "59 minutes ago"), (60, "over an hour ago"), (130, "over 2 hours ago")],
)
def test_ages_are_coarse(minutes: int, said: str) -> None:
    assert age(minutes * MINUTE) == said
