"""What the present session's model remembers is brought to what the call's memory says that it shall know."""

from collections.abc import Sequence

from livekit.agents.utils import shortuuid

from worker.line.events import Audio, LinkEvent, MessageStarted, SpeechStopped, Text, ToolRequested, Transcript
from worker.line.memory import Called, Entry, Memory, Said
from worker.line.session import Session
from worker.line.sessions import Sessions

FRAMES = 60  # of a session that forgets nothing: with so many, it is left for another in the next pause


class SessionMemory:
    """While no session is open, only the call's memory changes: the session to come is filled from it.

    With `holds`, words of the model's are told no other session before they are approved, or released.
    """

    def __init__(self, memory: Memory, sessions: Sessions, *, holds: bool) -> None:
        self._memory, self._sessions, self._holds = memory, sessions, holds
        self._cut_ms: dict[str, int] = {}  # of messages that were cut: after how many ms

    def add(self, entry: Entry) -> None:
        """At the end of both."""
        self._memory.add(entry)
        if self._sessions.open:
            self._sessions.present.remember(entry)

    def note(self, text: str) -> None:
        """Something the model shall know that nobody said."""
        self.add(Said(shortuuid("note_"), "system", text))

    def sync(self, before: Sequence[Entry], after: Sequence[Entry]) -> None:
        """Brings the session's memory from what it was to what it shall be."""
        if not self._sessions.open:
            return  # the session to come is filled with what is shared
        session = self._sessions.present
        known, wanted = {entry.item for entry in before}, {entry.item for entry in after}
        if session.profile.removes_items:
            for entry in before:
                if entry.item not in wanted:
                    session.link.forget(entry.item)
        else:
            known = session.items
            self._sessions.stale = bool(known & self._memory.withheld) or session.frames > FRAMES
        previous = "root"
        for entry in after:
            if entry.item not in known:
                session.remember(entry, after=previous)
                self._memory.sounds(entry.item, 0)
            previous = entry.item

    def fits(self, session: Session) -> bool:
        """Whether a session's memory can be made what it shall be."""
        return session.profile.removes_items or not session.items & self._memory.withheld

    def take_over(self, new: Session, again: Sequence[str]) -> None:
        """A new session remembers what has changed since it was dialled; items that it will hear `again` are none."""
        for item in again:
            self._memory.forget(item)
        self._memory.restored()
        self.sync(new.given, self._memory.entries())
        for entry in new.given:
            if isinstance(entry, Said) and entry.role == "assistant":
                text = self._memory.text(entry.item)
                if text and text != entry.text:
                    self._change(entry.item, text)

    def on_event(self, session: Session, event: LinkEvent) -> None:
        """What the present session says is remembered: by itself it does so already."""
        match event:
            case SpeechStopped(item, at_ms):
                self._memory.add(Said(item, "user", ""))
                self._memory.sounds(item, at_ms - session.onsets.get(item, at_ms))
            case Transcript(item, text, final=True):
                self._memory.word(item, text)
            case MessageStarted(_, item):
                self._memory.add(Said(item, "assistant", ""))
                if self._holds:
                    self._memory.hold(item)
            case Audio(_, item, pcm):
                ms = len(pcm) * 500 // session.profile.sample_rate
                self._memory.sounds(item, self._memory.audio_ms(item) + ms)
            case Text(_, item, text):
                self._memory.more(item, text)
            case ToolRequested(_, item, call_id, name, arguments):
                self._memory.add(Called(item, call_id, name, arguments))
            case _:
                pass

    def heard(self, item: str, text: str, heard_ms: int) -> None:
        """Of an interrupted message no more was heard, or will be: the model forgets the rest."""
        if self._cut_ms.get(item) == heard_ms:
            return
        self._cut_ms[item] = heard_ms
        as_sound = self._memory.audio_ms(item) > 0
        if heard_ms > 0:
            self._memory.word(item, text)
            self._memory.sounds(item, heard_ms if as_sound else 0)
        else:
            self._memory.forget(item)
        if not self._sessions.open:
            return
        session = self._sessions.present
        if as_sound and heard_ms > 0 and session.profile.truncates:
            session.link.truncate(item, heard_ms)
        elif heard_ms > 0:
            self._change(item, text)
        elif session.profile.removes_items:
            session.link.forget(item)
        else:
            self.note("The caller has heard nothing of your last words.")

    def forget(self, item: str) -> None:
        """The model shall not know any more what was said there."""
        self._memory.forget(item)
        if self._sessions.open and item in self._sessions.present.items:
            self._unlearn(item)

    def withhold(self, item: str, text: str, heard_ms: int) -> None:
        """Of a message that is not over the caller will hear no more than this, and the model shall know no more."""
        self.heard(item, text, heard_ms)
        if self._sessions.open and not self._sessions.present.profile.removes_items:
            self._unlearn(item)

    def release(self, item: str) -> None:
        """All of a message may be remembered: by a session, too, that has come meanwhile and knows but what had passed."""
        before = self._memory.text(item)
        self._memory.release(item)
        if not self._sessions.open or (text := self._memory.text(item)) == before:
            return
        session = self._sessions.present
        if item in {entry.item for entry in session.given}:
            self._change(item, text)
        elif item not in session.items:
            self._put_back(item)

    def _change(self, item: str, heard: str) -> None:
        """A message that the present session has as text."""
        if self._sessions.present.profile.removes_items:
            self._sessions.present.link.forget(item)
            self._put_back(item)
        else:
            self.note(f'Of your last words the caller has heard only: "{heard}"')

    def _unlearn(self, item: str) -> None:
        """A session that cannot forget is left for another in the next pause."""
        if self._sessions.present.profile.removes_items:
            self._sessions.present.link.forget(item)
        else:
            self._memory.spoil(item)
            self._sessions.stale = True

    def _put_back(self, item: str) -> None:
        previous = "root"
        for entry in self._memory.held():
            if entry.item == item:
                self._sessions.present.remember(entry, after=previous)
            previous = entry.item
