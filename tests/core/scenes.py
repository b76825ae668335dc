"""What is said in the leakage test: replies by the dozen, some with a sentence that nobody may hear, and what arrived."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.recital import TIMINGS, Book, Pcm, Piece, Reply, Sentence, Timing
from bench.tone_code import SAMPLE_RATE, SLOT_MS
from tests.core.guarded_worker import CRASHES, FOUND, HANGS
from tests.simulators.openai_realtime.script import Asked, Recite
from worker.gate.checking import LONGEST_S

SPEEDS = (1.0, 3.0, 20.0)
READ = 0.85  # of a sentence's slots, at least, can be read in a busy room
_WORDS = (
    "after all because before between bread bridge candle carry clear cloud copper corner early evening fabric family "
    "fasten figure forest garden gather gentle golden handle harbour island kettle ladder lantern letter little market "
    "meadow middle mirror morning needle nothing number often orange paper parcel pencil pepper pocket quiet rather "
    "ribbon river saddle second silver simple spring station summer table thunder ticket timber travel under valley "
    "velvet village violet walnut water weather window winter wonder yellow"
)
_ASIDES = ("at 3.50 each", "for Dr. Moss", "e.g. tomorrow", "by 10 a.m. sharp", "at www.example.com")


@dataclass(frozen=True)
class Scene:
    """The caller writes `reply NUMBER`. `bad`: the sentences that may not be heard, by number in `reply`, and why not.

    `again`: what the model says when it is asked anew, in order; the last of them may be heard.
    """

    number: int
    timing: Timing
    speed: float
    reply: Reply
    bad: dict[int, str]
    again: Sequence[Reply]

    @property
    def kept(self) -> int:
        """How many sentences of the reply may be heard."""
        return min(self.bad, default=len(self.reply.sentences))

    @property
    def allowed(self) -> list[Sentence]:
        """What is to be heard, in order."""
        safe = self.again[-1].sentences if self.bad else ()
        return [*self.reply.sentences[: self.kept], *safe]

    @property
    def forbidden(self) -> Iterator[Sentence]:
        """All that does not pass."""
        yield from (self.reply.sentences[place] for place in self.bad)
        for refused in self.again[:-1]:
            yield from refused.sentences

    @property
    def shown(self) -> list[str]:
        """What may be seen of messages."""
        return [self.reply.until(self.kept), *([self.again[-1].text] if self.bad else [])]

    def forgotten_from(self, text: str) -> int | None:
        """The ms of a message from which on it may not be remembered, known by its words; None for one that may be."""
        if text and self.bad and self.reply.text.startswith(text):
            return self.reply.begins[self.kept]
        return 0 if text and any(refused.text.startswith(text) for refused in self.again[:-1]) else None


@dataclass
class Script:
    """All scenes of one call, and the model that plays them."""

    book: Book
    greeting: Reply
    scenes: list[Scene]

    @classmethod
    def of(cls, call: int, first: int, count: int, bad_share: float) -> "Script":
        """`count` scenes from number `first`; each third or so has something bad in it. The same for the same numbers."""
        book = Book(random.Random("greeting"))  # the same in each call: nobody knows yet which it is
        greeting = book.reply(["Good morning to you.", "How may we help?"])
        chance = book.chance = random.Random(call)
        writer, script = Writer(chance), cls(book, greeting, [])
        for number in range(first, first + count):
            script.scenes.append(writer.scene(number, book, bad=chance.random() < bad_share))
        return script

    def say(self, scene: Scene, times: int) -> Recite:
        """When the scene's reply is asked for so many times already."""
        replies = [scene.reply, *scene.again]
        return replies[min(times, len(replies) - 1)].recite(scene.timing, scene.speed)


class Writer:
    """Makes up sentences, none twice."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._written = set[str]()

    def scene(self, number: int, book: Book, *, bad: bool) -> Scene:
        chance = self._chance
        count = chance.choice((2, 3, 3, 4))
        places = list[int]()
        if bad:
            place = chance.choice((0, count // 2, count - 1))
            places = sorted({place, chance.randrange(count)}) if chance.random() < 0.2 else [place]
        why = {place: chance.choices((FOUND, CRASHES, HANGS), (8, 1, 1))[0] for place in places}
        reply = book.reply([self.sentence(why.get(place, "")) for place in range(count)])
        again = list[Reply]()
        if bad:
            if chance.random() < 0.15:
                again.append(book.reply([self.sentence(FOUND)]))
            again.append(book.reply([self.sentence()]))
        timing, speed = chance.choice(TIMINGS), chance.choice(SPEEDS)
        if timing == "after" and max(one.ms for one in (reply, *again)) / 1000 / speed > LONGEST_S - 1:
            timing = "late"  # sound that goes on for so long without words is blocked as such
        return Scene(number, timing, speed, reply, why, again)

    def sentence(self, word: str = "") -> str:
        chance = self._chance
        words = chance.sample(_WORDS.split(), chance.randint(3, 7))
        if chance.random() < 0.15:
            words.insert(chance.randrange(1, len(words)), chance.choice(_ASIDES))
        if word:
            words.insert(chance.randrange(len(words) + 1), word)
        text = " ".join(words)
        sentence = f"{text[0].upper()}{text[1:]}{chance.choice('...?!')}"
        if sentence in self._written:
            return self.sentence(word)
        self._written.add(sentence)
        return sentence


def asked_for(asked: Asked) -> int | None:
    """Which scene the caller wants; None for the greeting."""
    word, _, number = asked.said.partition(" ")
    return int(number) if word == "reply" else None


# ---- what arrived


@dataclass(frozen=True, slots=True)
class Arrived:
    """Of one sentence, by the ear in the room (ms) and by what the speaker was handed (samples).

    `sent`: the speaker had all of it; `whole`: the ear had it too, of which a machine that stutters keeps some. `breath`: it
    ends where the voice takes breath in it; nobody can tell such a pause from the one after a sentence.
    """

    ms: float
    samples: int
    sent: bool
    whole: bool
    breath: bool

    @property
    def begun(self) -> bool:
        return bool(self.ms or self.samples)


def arrived(sentence: Sentence, pieces: Sequence[Piece], handed: dict[int, int]) -> Arrived:
    """`handed`: of each sentence, by its first slot, how many samples there were."""
    heard = [piece for piece in pieces if piece.sentence is sentence]
    samples = handed.get(sentence.first, 0)
    read = [slot for piece in heard for slot in piece.slots]
    said = [slot for slot in range(sentence.slots) if slot not in sentence.breath]
    in_order = read == sorted(read)
    sent = samples == len(sentence.pcm)
    whole = sent and in_order and _covers(read, said)
    breath, handed_ms = sentence.breath, samples * 1000 / SAMPLE_RATE
    at_breath = bool(breath) and breath.start * SLOT_MS <= handed_ms <= breath.stop * SLOT_MS + 1
    cut = in_order and at_breath and _covers(read, [slot for slot in said if slot < breath.start])
    return Arrived(sum(piece.ms for piece in heard), samples, sent, whole, cut)


def _covers(read: Sequence[int], said: Sequence[int]) -> bool:
    """Whether all of it was heard, but for what a jitter buffer in trouble leaves out or makes up."""
    ends = set(read) & set(said[:2]) and set(read) & set(said[-2:])
    return bool(ends) and len(set(read) & set(said)) >= READ * len(said)


def handed_over(file: Path, book: Book) -> tuple[dict[int, int], int]:
    """What a speaker was handed: of each sentence, by its first slot, how many samples; and how many of none of them.

    Exact: what is counted is the sentence from its beginning, sample by sample. Silence is of nobody.
    """
    pcm = np.frombuffer(file.read_bytes(), "<i2")
    known = {_onset(sentence.pcm): sentence for sentence in book.sentences}
    counted, foreign, at = dict[int, int](), 0, 0
    sounds = np.flatnonzero(pcm)
    while (place := int(np.searchsorted(sounds, at))) < len(sounds):
        at = int(sounds[place])
        if sentence := known.get(_onset(pcm[at : at + 400])):
            silent = int(np.flatnonzero(sentence.pcm)[0])
            said = pcm[at - silent : at - silent + len(sentence.pcm)]
            same = said == sentence.pcm[: len(said)]
            length = len(said) if same.all() else int(np.flatnonzero(~same)[0])
            counted[sentence.first] = counted.get(sentence.first, 0) + length
            at += max(1, length - silent)
        else:
            foreign += 1
            at += 1
    return counted, foreign


def _onset(pcm: Pcm) -> bytes:
    """The first samples that are none of silence: enough to know a sentence by."""
    first = int(np.flatnonzero(pcm)[0])
    return pcm[first : first + 100].tobytes()
