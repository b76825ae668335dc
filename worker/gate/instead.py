"""What the caller hears in the place of what was withheld from them."""

from collections.abc import Awaitable, Callable

from agents.announcements import AnnouncementsSpec
from worker.background import Start
from worker.gate.checking import NO_TRANSCRIPT, Withheld
from worker.gate.guard import Finding
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies

TRIES = 2  # in a turn, to say it otherwise; then a sentence of ours is said


class Instead:
    """The model is asked again, TRIES times in a turn; then the agent says a sentence of ours, or a person is called.

    `present` is who has the call, and since which epoch. `hand_over` calls a person, and returns what the caller is told
    of that, if anything; it never raises. `speak` says our sentence without a model, if that one does not.
    """

    def __init__(
        self,
        texts: AnnouncementsSpec,
        replies: Callable[[], Replies],
        *,
        present: Callable[[], tuple[str, int]],
        hand_over: Callable[[Finding], Awaitable[str | None]],
        speak: Callable[[str], None],
    ) -> None:
        self._texts, self._replies, self._present = texts, replies, present
        self._hand_over, self._speak = hand_over, speak
        self._tried = 0
        self._ours = ""  # what the agent was told to say in this turn
        self._person: Finding | None = None  # because of which one is to be called

    def caller_spoke(self) -> None:
        self._tried, self._ours = 0, ""

    def withheld(self, what: Withheld) -> None:
        """A message has been ended: its reply, too."""
        again = (what.agent, what.epoch) == self._present()  # else whoever has the call by now speaks anyway
        if what.finding is NO_TRANSCRIPT:
            self._replies().unworded(what.item, what.heard, again=again)
            return
        self._replies().withhold(what.item)
        if again:
            self.find(what.finding, _hint(what.finding, what.heard))

    def find(self, finding: Finding, hint: str) -> None:
        """Something else is to be said because of this; `hint` tells the model so."""
        if self._ours:
            self._speak(self._ours)
        elif finding.action == "hand_over":
            self._person = finding
        elif self._tried < TRIES:
            self._tried += 1
            self._replies().want(Reason.RETRY, hint)
        else:
            self._say(finding.instead if finding.action == "block" else "")

    def watch(self, start: Start) -> None:
        if finding := self._person:
            self._person = None
            start(self._call_person(finding))

    async def _call_person(self, finding: Finding) -> None:
        self._say(await self._hand_over(finding))

    def _say(self, sentence: str | None) -> None:
        self._ours = sentence or self._texts.blocked
        self._replies().say(self._ours)


def _hint(finding: Finding, heard: str) -> str:
    told = f"Your last words were withheld from the caller: {finding.why}. " + (
        f'They have heard this much: "{heard}" ' if heard else "They have heard nothing of them. "
    )
    if finding.action == "rewrite":
        how = finding.instead or "leave that out"
        return f"{told}Say the rest again in another way, without it: {how}. Do not speak of this."
    instead = (
        f'Tell them this instead, in your own words: "{finding.instead}"' if finding.instead else "Go on without it."
    )
    return f"{told}{instead} Do not speak of this."
