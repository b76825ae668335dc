"""The brain in a library it has never heard of: all it knows is in the instructions and tools."""

import json

import pytest

from agents.cards import in_words
from agents.context import state, told
from agents.plan import SETTLE
from agents.references import References
from tools.card import Card
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.conversation import SILENCE, Conversation, Item, Message, Say, Tool, ToolCall, ToolResult

INSTRUCTIONS = """You look after the readers of a library.
Greet with: "City library, good day."
Answer "When do you close?" with: "We close at eight."

Today is Monday 23 November 2026."""
CARD = {"type": "integer", "minimum": 10000, "maximum": 99999, "description": "the card number, five digits"}
RENEW = Tool(
    "renew_loans",
    'Keep borrowed books for longer.\nConfirm first.\nExamples: "I need my books longer.", "Can you extend my loan?"',
    {
        "type": "object",
        "properties": {"card": CARD, "until": {"type": "string", "format": "date", "description": "the new day"}},
        "required": ["card", "until"],
    },
)
FINES = Tool(
    "fines",
    'Tell what a reader owes.\nExamples: "Do I have any fines?", "What do I owe you?"',
    {"type": "object", "properties": {"card": CARD}, "required": ["card"]},
)
CHILDREN = Tool(
    "transfer_to_children", 'Hand over. Books for children.\nExamples: "I want a book for my daughter."', {}
)
TOOLS = (RENEW, FINES, CHILDREN)


@pytest.fixture(scope="module")
def brain() -> EmbeddingBrain:
    return EmbeddingBrain()


def talk(
    brain: EmbeddingBrain,
    *turns: str | ToolResult,
    tools: tuple[Tool, ...] = TOOLS,
    instructions: str = INSTRUCTIONS,
    choice: str = "auto",
) -> list[Say | ToolCall]:
    """What the brain does after these turns, each answered by itself. `choice`: how it chooses in the last one."""
    items: list[Item] = []
    thoughts: list[Say | ToolCall] = []
    for turn in turns:
        items.append(Message("user", turn) if isinstance(turn, str) else turn)
        chosen = choice if turn is turns[-1] else "auto"
        thoughts = brain.think(Conversation(instructions, tools, tuple(items), chosen))
        for thought in thoughts:
            match thought:
                case Say(text):
                    items.append(Message("assistant", text))
                case ToolCall(name, arguments):
                    items.append(ToolCall(name, arguments, "call"))
    return thoughts


def test_a_step_that_a_tool_has_opened_follows_by_itself(brain: EmbeddingBrain) -> None:
    check = Tool(
        "check_card",
        'Tell whether loans can be kept longer.\nExamples: "I need my books longer.", "Can you extend my loan?"',
        {"type": "object", "properties": {"card": CARD}, "required": ["card"]},
    )
    steps = f"{INSTRUCTIONS}\n\nYour next steps, in this order: renew (call renew_loans)."
    asked = ("Can you extend my loan until Friday?", "12345", ToolResult("call", "Nothing is overdue."))
    told = words(talk(brain, *asked, tools=(check, FINES, CHILDREN)))
    assert told == "Nothing is overdue.", "the step is not open"
    told = words(talk(brain, *asked, tools=(check, RENEW, FINES), instructions=steps))
    assert told.startswith("Nothing is overdue. Let me read that back: the card number, 1 2 3 4 5; the new day, Friday")
    fines = ("What do I owe you?", "12345", ToolResult("call", "You owe nothing."))
    told = words(talk(brain, *fines, tools=(check, RENEW, FINES), instructions=steps))
    assert told == "You owe nothing.", "nobody wants a loan renewed"


def test_a_result_that_the_caller_spoke_before_is_told_first(brain: EmbeddingBrain) -> None:
    items = (
        Message("user", "Do I have any fines on 12345?"),
        ToolCall("fines", '{"card": 12345}', "call"),
        ToolResult("call", "You owe two pounds."),
        Message("user", "When do you close?"),
    )
    assert words(brain.think(Conversation(INSTRUCTIONS, TOOLS, items))) == "You owe two pounds. We close at eight."
    settle = Tool(SETTLE, "The wish is settled.")
    thoughts = brain.think(Conversation(INSTRUCTIONS, (*TOOLS, settle), items))
    assert thoughts[0] == ToolCall(SETTLE, '{"outcome": "done"}')
    again = (*items[:3], ToolCall(SETTLE, "{}", "settled"), ToolResult("settled", "The next wish follows."), items[3])
    thoughts = brain.think(Conversation(INSTRUCTIONS, (*TOOLS, settle), again))
    assert not any(isinstance(thought, ToolCall) for thought in thoughts), "another wish is being dealt with by now"


def test_another_value_for_what_failed_is_tried_with_the_rest(brain: EmbeddingBrain) -> None:
    failed = ToolResult("call", "There is no card 12345. Please check the number.")
    asked = ("Can you extend my loan on card 12345 until Friday?", "Yes.", failed, "Oh, 12346.")
    assert "1 2 3 4 6; the new day, Friday the 27th" in words(talk(brain, *asked))


def words(thoughts: list[Say | ToolCall]) -> str:
    return " ".join(thought.text for thought in thoughts if isinstance(thought, Say))


def test_it_greets_as_it_is_told(brain: EmbeddingBrain) -> None:
    assert words(talk(brain) or brain.think(Conversation(INSTRUCTIONS, TOOLS, ()))) == "City library, good day."


def test_it_asks_for_what_is_missing_and_confirms_before_it_writes(brain: EmbeddingBrain) -> None:
    turns = ["I need my books for longer, please.", "one two three four five", "until Friday"]
    assert "card number" in words(talk(brain, *turns[:1]))
    assert "day" in words(talk(brain, *turns[:2]))
    assert "Friday the 27th of November" in words(talk(brain, *turns))
    [call] = talk(brain, *turns, "Yes.")
    assert isinstance(call, ToolCall)
    assert (call.name, json.loads(call.arguments)) == ("renew_loans", {"card": 12345, "until": "2026-11-27"})


def test_a_call_that_wants_a_yes_is_read_back_and_called_again(brain: EmbeddingBrain) -> None:
    tool = Tool(RENEW.name, RENEW.description.replace("Confirm first.\n", ""), RENEW.parameters)
    wait = ToolResult("call", "Not done yet. Read the values back and ask the caller to confirm.")
    asked = ("Can you extend my loan on card 12345 until Friday?", wait)
    assert "Friday the 27th of November" in words(talk(brain, *asked, tools=(tool,)))
    [first] = talk(brain, asked[0], tools=(tool,))
    assert talk(brain, *asked, "Yes.", tools=(tool,)) == [first], "the same values"
    [other] = talk(brain, *asked, "No, until Saturday.", tools=(tool,))
    assert isinstance(other, ToolCall)
    assert json.loads(other.arguments)["until"] == "2026-11-28"
    assert "leave it" in words(talk(brain, *asked, "No.", tools=(tool,)))


def test_a_no_with_another_value_is_a_correction(brain: EmbeddingBrain) -> None:
    turns = ["Can you extend my loan on card 12345 until Friday?", "No, until Saturday."]
    assert "Saturday the 28th" in words(talk(brain, *turns))


def test_a_no_leaves_it(brain: EmbeddingBrain) -> None:
    assert "leave it" in words(talk(brain, "Can you extend my loan on card 12345 until Friday?", "No."))


def test_it_does_not_ask_again_for_what_was_said(brain: EmbeddingBrain) -> None:
    told = ToolResult("call", "You owe nothing.")
    turns = ("Do I have any fines? My card is 12345.", told, "Then I need my books longer.")
    assert "day" in words(talk(brain, *turns))


def test_a_result_is_spoken_and_a_machine_error_is_an_apology(brain: EmbeddingBrain) -> None:
    asked = "Do I have any fines on 12345?"
    assert words(talk(brain, asked, ToolResult("call", "You owe two pounds."))) == "You owe two pounds."
    assert "sorry" in words(talk(brain, asked, ToolResult("call", "Error parsing arguments for `fines`: 1 …")))
    assert "The sum is 2" in words(talk(brain, asked, ToolResult("call", '{"sum": 2}')))


def test_a_note_about_what_the_caller_cannot_see_is_not_read_to_them(brain: EmbeddingBrain) -> None:
    asked, note = "Do I have any fines on 12345?", in_words(Card(title="Fines", fields={"Sum": "2 pounds"}))
    assert words(talk(brain, asked, ToolResult("call", f"You owe two pounds. {note}"))) == "You owe two pounds."
    assert words(talk(brain, asked, ToolResult("call", note))) == "Fines; Sum: 2 pounds."


def test_it_hands_over_once_and_the_next_agent_deals_with_the_same_words(brain: EmbeddingBrain) -> None:
    [call] = talk(brain, "I would like a book for my daughter.")
    assert call == ToolCall("transfer_to_children", "{}")
    find = Tool("find_book", 'Find a book for a child.\nExamples: "I want a book for my daughter."', {"type": "object"})
    back = Tool("transfer_to_library", 'Hand over. Loans.\nExamples: "I want a book for my daughter."', {})
    thoughts = talk(
        brain, "I would like a book for my daughter.", ToolResult("call", "Handed over."), tools=(CHILDREN, find, back)
    )
    items = (
        Message("user", "I would like a book for my daughter."),
        ToolCall("transfer_to_children", "{}", "call"),
        ToolResult("call", "The caller is with children now."),
    )
    assert brain.think(Conversation(INSTRUCTIONS, (find, back), items)) == [ToolCall("find_book", "{}")]
    assert thoughts


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("When do you close?", "eight"),
        ("Thank you, bye.", "Goodbye"),
        ("Are you a robot?", "automated"),
        ("What is the capital of France?", "do not know"),
        ("What can you do?", "tell what a reader owes"),
        ("...", "did not catch"),
    ],
)
def test_what_belongs_to_every_conversation(brain: EmbeddingBrain, said: str, answer: str) -> None:
    assert answer in words(talk(brain, said))


def test_it_gives_up_politely(brain: EmbeddingBrain) -> None:
    turns = ("Do I have any fines?", "Purple.", "Bananas.", "Elephants.")
    assert "cannot make it out" in words(talk(brain, *turns))


def test_it_repeats_itself(brain: EmbeddingBrain) -> None:
    assert words(talk(brain, "When do you close?", "Can you say that again?")) == "We close at eight."


@pytest.mark.parametrize(
    ("turns", "choice", "called", "arguments"),
    [
        (("I need my books for longer, please.",), "required", "renew_loans", {}),
        (("I need my books until Friday.",), "required", "renew_loans", {"until": "2026-11-27"}),
        (("Do I have any fines on 12345?",), "required", "fines", {"card": 12345}),
        (("I would like a book for my daughter.",), "required", "transfer_to_children", {}),
        (("I need my books for longer.", "My card is 12345.", "Hello?"), "required", "renew_loans", {"card": 12345}),
        (("Do I have any fines on 12345?", ToolResult("call", "None.")), "required", "fines", {"card": 12345}),
        (("Do I have any fines on 12345?",), "renew_loans", "renew_loans", {"card": 12345}),
        (("Hello.",), "fines", "fines", {}),
        (
            ("I need my books until Friday.", "12345"),
            "renew_loans",
            "renew_loans",
            {"card": 12345, "until": "2026-11-27"},
        ),
    ],
)
def test_a_call_that_the_client_insists_on_is_made_with_what_is_known(
    brain: EmbeddingBrain, turns: tuple[str | ToolResult, ...], choice: str, called: str, arguments: dict[str, object]
) -> None:
    [call] = [thought for thought in talk(brain, *turns, choice=choice) if isinstance(thought, ToolCall)]
    assert (call.name, json.loads(call.arguments)) == (called, arguments)


def test_it_calls_nothing_when_it_may_not(brain: EmbeddingBrain) -> None:
    assert words(talk(brain, "Do I have any fines on 12345?", choice="none"))


def test_it_insists_even_when_nothing_was_said_yet(brain: EmbeddingBrain) -> None:
    assert isinstance(brain.think(Conversation(INSTRUCTIONS, TOOLS, (), "required"))[-1], ToolCall)


def test_a_long_silence_is_asked_about_and_changes_nothing(brain: EmbeddingBrain) -> None:
    assert "still there" in words(talk(brain, "I need my books for longer.", SILENCE))
    assert "day" in words(
        talk(brain, "I need my books for longer.", SILENCE, SILENCE, SILENCE, "one two three four five")
    )


def referring(*lines: str, facts: str = "") -> str:
    """Instructions that name things, as an agent's are made."""
    references = References()
    for number, (kind, value) in enumerate(line.split(" ") for line in lines):
        if kind == "photo":
            references.showed(value, "a torn page", number)
        elif kind == "wrote":
            references.wrote(value, number)
        else:
            references.called("call", "desk", "find", {f"{kind}_number": value})
            references.returned("call", "It is there.", number, failed=False)
    known = {"card": facts} if facts else {}
    return f"{told(INSTRUCTIONS, 'Monday 23 November 2026')}\n\n{state(known, (), (), references.told(0))}"


@pytest.mark.parametrize(
    ("instructions", "said", "card"),
    [
        (referring("card 12345"), "Do I have any fines on that card?", 12345),
        (referring("card 12345", "book 23456"), "Do I have any fines?", 12345),
        (referring("card 12345", "card 54321"), "What do I owe you on it?", 54321),
        (referring("wrote 12345"), "Do I have any fines? It is the card I typed.", 12345),
        (referring("card 12345"), "Do I have any fines on card 54321?", 54321),
        (referring("card 12345", facts="54321"), "Do I have any fines?", 54321),
    ],
)
def test_what_is_pointed_at_is_looked_up_in_the_instructions(
    brain: EmbeddingBrain, instructions: str, said: str, card: int
) -> None:
    [call] = brain.think(Conversation(instructions, TOOLS, (Message("user", said),)))
    assert isinstance(call, ToolCall)
    assert (call.name, json.loads(call.arguments)) == ("fines", {"card": card})


@pytest.mark.parametrize("lines", [(), ("book 23456",), ("card 99",)])
def test_what_cannot_be_meant_is_asked_for(brain: EmbeddingBrain, lines: tuple[str, ...]) -> None:
    said = (Message("user", "Do I have any fines on that card?"),)
    assert "card number" in words(brain.think(Conversation(referring(*lines), TOOLS, said)))


def test_another_one_is_asked_for_and_the_same_one_is_an_answer(brain: EmbeddingBrain) -> None:
    instructions = referring("card 12345")
    items: list[Item] = [Message("user", "Do I have any fines on my other card?")]
    [asked] = brain.think(Conversation(instructions, TOOLS, tuple(items)))
    assert "card number" in words([asked])
    items += [Message("assistant", words([asked])), Message("user", "Oh, the same one.")]
    [call] = brain.think(Conversation(instructions, TOOLS, tuple(items)))
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"card": 12345}


def test_a_photo_is_named_by_its_reference(brain: EmbeddingBrain) -> None:
    look = Tool(
        "look_at_photo",
        'Tell what is wrong with a book.\nExamples: "Can you look at the photo of my book?"',
        {
            "type": "object",
            "properties": {"photo": {"type": "string", "description": "the photo"}},
            "required": ["photo"],
        },
    )
    said = (Message("user", "Can you look at the photo I sent before?"),)
    [call] = brain.think(Conversation(referring("photo photo-1", "photo photo-2"), (look,), said))
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {"photo": "photo-2"}


def test_the_day_that_does_not_suit_is_not_the_day_that_is_wanted(brain: EmbeddingBrain) -> None:
    turns = ("I am away on Friday.", "Can you extend my loan on card 12345? I am not here that day.")
    assert "Which day" in words(talk(brain, *turns))
