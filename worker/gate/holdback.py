"""What of a message may be heard: the sentences that have passed, in order, and the samples that surely are theirs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.gate.alignment import Alignment, Reach, heard_text
from worker.gate.sentences import Sentence, Sentences

SLOWEST = 4  # characters a second: more sound than that has words that are not known
UNWORDED_S = 1.0  # a laugh, a breath
SLOW = 9  # characters a second: with fewer, a voice drags


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a message ends whose next sentence does not pass; `text` is what is heard of it by then."""

    samples: int
    text: str


class Holdback:
    """One message. Words and sound in, in any order; verdicts on its sentences in any order, too.

    What is likely to be a sentence is judged already: the verdict counts if it turns out to be one, and else for nothing.

    `characters` have passed, and `samples` may be heard: both only grow. `through`: all of it has passed, and all is
    there. `blocked` is the sentence that ends it: what comes after is dropped.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._sentences = Sentences()
        self._alignment = Alignment(sample_rate)
        self._found = list[Sentence]()
        self._asked = set[Sentence]()
        self._passed = set[Sentence]()
        self._failed = set[Sentence]()
        self._next = 0  # the first sentence that has not passed
        self._fed = 0
        self._reach, self._aligned = Reach(0, whole=True), 0
        self.ended = False

    @property
    def text(self) -> str:
        """All that is known of its words, passed or not."""
        return self._sentences.text

    def words(self, sentence: Sentence) -> tuple[str, str]:
        """Of a sentence, and what comes before it."""
        return self.text[sentence.start : sentence.end].strip(), self.text[: sentence.start]

    def write(self, text: str) -> Sequence[Sentence]:
        """Returns the sentences that are to be judged now."""
        return self._note(self._sentences.add(text), self._sentences.likely)

    def feed(self, pcm: bytes) -> None:
        self._fed += len(pcm) // 2
        self._alignment.feed(pcm)
        self._align()

    def end(self) -> Sequence[Sentence]:
        """The message is complete. Returns what is left to be judged."""
        self.ended = True
        return self._note(self._sentences.end())

    def judged(self, sentence: Sentence, *, passes: bool) -> None:
        (self._passed if passes else self._failed).add(sentence)
        self._advance()

    @property
    def waits(self) -> bool:
        """A sentence is being judged."""
        return not self._passed.union(self._failed).issuperset(self._found)

    @property
    def passed(self) -> Sequence[Sentence]:
        """In order, up to the first that has not."""
        return self._found[: self._next]

    @property
    def blocked(self) -> Sentence | None:
        after = self._found[self._next :]
        return after[0] if after and after[0] in self._failed else None

    @property
    def characters(self) -> int:
        return self._found[self._next - 1].end if self._next else 0

    @property
    def samples(self) -> int:
        return self._reach.samples

    @property
    def through(self) -> bool:
        return self.ended and self._next == len(self._found) and not self.unworded

    @property
    def unworded(self) -> bool:
        """There is more sound than the words that are known can be."""
        speech_s, letters = self._alignment.speech_s, len(self.text.strip())
        return speech_s > (letters / SLOWEST + UNWORDED_S if letters else 0)

    @property
    def whole(self) -> bool:
        """What may be heard ends where a sentence does, as far as anybody can know."""
        return self._reach.whole

    @property
    def settled(self) -> bool:
        """More sound will not tell where what has passed ends: it is over by now, however slowly it was spoken."""
        return self._alignment.speech_s > self.characters / SLOW

    @property
    def cut(self) -> Cut:
        """What remains, if no more passes."""
        text, samples = self.text[: self.characters], min(self.samples, self._fed)
        if not self._reach.whole:
            text = heard_text(text, heard=samples, fed=samples, ended=False, sample_rate=self._sample_rate)
        return Cut(samples, text if samples else "")

    def _note(self, sentences: Sequence[Sentence], likely: Sentence | None = None) -> Sequence[Sentence]:
        self._found += sentences
        self._advance()
        due = [one for one in (*sentences, likely) if one and one not in self._asked]
        self._asked.update(due)
        return due

    def _advance(self) -> None:
        while self._next < len(self._found) and self._found[self._next] in self._passed:
            self._next += 1
        self._align()

    def _align(self) -> None:
        """The sentences that have passed may be more by now, and more may be known of where the last of them ends."""
        if not self._next:
            return
        complete = self.ended and not self.unworded
        ends = [sentence.end for sentence in self._found]
        reach = self._alignment.reach(self.text, ends, passed=self._next, ended=complete)
        if self._aligned != self._next or reach.samples > self._reach.samples:
            self._aligned = self._next
            self._reach = Reach(max(reach.samples, self._reach.samples), reach.whole)
