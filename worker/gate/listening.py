"""Nothing that a caller says or writes is answered before the guards have let it pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livekit.agents.utils import shortuuid

from worker.background import Start
from worker.gate.guard import Finding, Panel, Passage, gravest
from worker.gate.instead import Instead
from worker.journal import events as journal
from worker.line.line import Line
from worker.turns.arbiter import Reason
from worker.turns.replies import Replies

WORDS_S = 3.0  # words of the caller that have not come so long after they ended will not come
NO_TRANSCRIPT = Finding("transcript", "block", "no transcript")


@dataclass(frozen=True, slots=True)
class Screened:
    """What the guards have found in words of the caller's."""

    item: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """`written`: as the journal has them; else they were spoken, and the model has heard them."""

    agent: str
    text: str
    written: journal.UserWrote | None = None


class Listening:
    """While it is `busy`, nothing may be asked of the model. What does not pass is taken from it, and it is told so.

    `put` gets `Screened` for what was judged, which comes back by `screened`. `write` gives the model what was written,
    with the words that passed. `present` is who has the call. Times are seconds on `clock`; call `watch` at `deadline`,
    and after whatever has happened. `told`: what guards may know. `release`: a turn of the caller's that waits for more of a
    number waits no more.
    """

    def __init__(
        self,
        panel: Panel,
        line: Line,
        replies: Callable[[], Replies],
        instead: Instead,
        *,
        clock: Callable[[], float],
        put: Callable[[Screened], None],
        record: Callable[[journal.JournalEvent], None],
        write: Callable[[journal.UserWrote], None],
        present: Callable[[], str],
        told: Callable[[], Sequence[str]],
        release: Callable[[], None],
    ) -> None:
        self._panel, self._line, self._replies, self._instead = panel, line, replies, instead
        self._clock, self._put, self._record, self._write = clock, put, record, write
        self._present, self._told, self._release = present, told, release
        self._awaited: dict[str, float] = {}  # what was said and is in no words yet: until when it is waited for
        self._judged: dict[str, _Words] = {}  # what is being judged
        self._to_judge: list[tuple[str, Passage]] = []

    @property
    def watches(self) -> bool:
        """Whether the present agent's callers are listened to."""
        return self._panel.watches("input", self._present())

    @property
    def busy(self) -> bool:
        return bool(self._awaited or self._judged)

    @property
    def deadline(self) -> float | None:
        return min(self._awaited.values(), default=None)

    def ended(self, item: str) -> None:
        """The caller has said something, whose words will come."""
        if self.watches:
            self._awaited[item] = self._clock() + WORDS_S

    def said(self, item: str, text: str) -> None:
        """The words of something that was said; there may be none."""
        if self._awaited.pop(item, None) is None and not self.watches:
            return
        if text:
            self._judge(item, _Words(self._present(), text))
        else:
            self._miss(item)

    def wrote(self, written: journal.UserWrote) -> None:
        self._judge(shortuuid("typed_"), _Words(self._present(), written.text, written))

    def lost(self) -> None:
        """The session is gone, and with it what it had heard and not written down: the next one hears that again."""
        self._awaited.clear()

    def watch(self, start: Start) -> None:
        now = self._clock()
        for item, until in list(self._awaited.items()):
            if now >= until:
                del self._awaited[item]
                self._miss(item)
        for item, passage in self._to_judge:
            start(self._ask(item, passage))
        self._to_judge.clear()

    def screened(self, event: Screened) -> None:
        """A verdict is there."""
        words = self._judged.pop(event.item)
        self._note(event.item, words, event.findings)
        finding = gravest(event.findings)
        if finding is None:
            if words.written:
                self._write(words.written)
        elif finding.action == "rewrite" and finding.instead:
            self._rewrite(event.item, words, finding.instead)
        else:
            self._refuse(event.item, words, finding)

    def _judge(self, item: str, words: _Words) -> None:
        self._judged[item] = words
        self._to_judge.append((item, Passage("input", words.agent, words.text, told=tuple(self._told()))))

    async def _ask(self, item: str, passage: Passage) -> None:
        findings: tuple[Finding, ...] = (Finding("guards", "block", "no verdict"),)
        try:
            findings = await self._panel.judge(passage)
        finally:
            self._put(Screened(item, findings))

    def _rewrite(self, item: str, words: _Words, text: str) -> None:
        """The model knows the words that may stand there instead."""
        if words.written:
            self._write(words.written.model_copy(update={"text": text}))
            return
        self._line.forget(item)
        self._line.write(text)
        self._begin_anew()

    def _miss(self, item: str) -> None:
        """There are no words. If it was a noise, nobody was to answer it."""
        self._release()
        words = _Words(self._present(), "")
        if self._replies().due:
            self._note(item, words, (NO_TRANSCRIPT,))
        self._refuse(item, words, NO_TRANSCRIPT)

    def _refuse(self, item: str, words: _Words, finding: Finding) -> None:
        """The model does not know it."""
        self._release()
        if not words.written:
            self._line.forget(item)
            self._begin_anew()
        if not self._replies().due:
            return  # nobody was to answer it: it was said over a reply, and was no turn
        if finding.action == "hand_over":
            self._replies().drop(Reason.TURN)
            self._instead.find(finding, "")
        else:
            self._replies().want(Reason.TURN, _hint(finding))

    def _begin_anew(self) -> None:
        """What a model that keeps turns itself has begun to say, it says without knowing what it must not know."""
        if not self._line.profile.own_turns and self._replies().running:
            self._replies().cut()
            self._replies().want(Reason.TURN)

    def _note(self, item: str, words: _Words, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._record(
                journal.GuardBlocked(
                    agent=words.agent,
                    guard=finding.guard,
                    place="input",
                    action=finding.action,
                    why=finding.why,
                    item=item,
                    text=finding.text,
                )
            )


def _hint(finding: Finding) -> str:
    if finding is NO_TRANSCRIPT:
        return "What the caller said last was not understood. Ask them to say it again."
    told = f"What the caller said last was withheld from you: {finding.why}. "
    if finding.instead:
        return f'{told}Tell them: "{finding.instead}"'
    return f"{told}Tell them that you cannot go into that, and ask what else you can do for them."
