"""The journal's events as what a caller may point at."""

from agents.references import References
from worker.journal import events, pointing


def test_given_a_call_then_what_was_shown_written_and_found_can_be_pointed_at() -> None:
    references = References()
    for event in (
        events.UserShowed(at=1, participant="caller", ref="photo-1", description="a broken mug"),
        events.UserWrote(at=2, participant="caller", text="It is jo@example.com."),
        events.UserSaid(at=3, participant="caller", text="Where is order 1042?"),
        events.ToolCalled(at=4, agent="orders", call_id="c", tool="find_order", arguments={"order_number": 1042}),
        events.ToolCalled(at=5, agent="orders", call_id="d", tool="find_order", arguments={"order_number": 9999}),
        events.ToolFinished(at=6, agent="orders", call_id="d", tool="find_order", output="No.", failed=True),
        events.ToolFinished(at=7, agent="orders", call_id="c", tool="find_order", output="Two mugs."),
    ):
        pointing.note(references, event)
    assert [(thing.name, thing.at_ms) for thing in references.things] == [
        ("order 1042", 7),
        ("e-mail jo@example.com", 2),
        ("photo-1", 1),
    ]
