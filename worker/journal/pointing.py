"""What of a call's journal the caller may point at later."""

from agents import context
from agents.references import References
from agents.showing import SOURCES
from worker.journal import events as journal


def note(references: References, event: journal.JournalEvent) -> None:
    """Takes the next event of a call."""
    match event:
        case journal.UserShowed(at=at, ref=ref, description=description):
            references.showed(ref, description, at)
        case journal.PictureDescribed(at=at, ref=ref, description=description) if not ref.startswith(SOURCES):
            references.showed(ref, description, at)
        case journal.UserWrote(at=at, text=text):
            references.wrote(text, at)
        case journal.UserPressed(at=at):
            references.wrote(context.pressed(event.title, event.choice, event.values), at)
        case journal.UserDialled(at=at, digits=digits):
            references.wrote(digits, at)
        case journal.ToolCalled(agent=agent, call_id=call_id, tool=tool, arguments=arguments):
            references.called(call_id, agent, tool, arguments)
        case journal.ToolFinished(at=at, call_id=call_id, output=output, failed=failed):
            references.returned(call_id, output, at, failed=failed)
