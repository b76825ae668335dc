"""Two sets drawn by seeds: `practice`, which turn-taking may be mended with, and `held_out`, on which nothing is tuned.

They share no voice at one pace and pitch, no noise and no seed. Listeners of both say the nine words that all say; all
other words of `held_out` are not in `practice`, and its turns are others. Nobody looks at single clips of `held_out`:
who has, and changes the decision, draws it anew by another seed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from tests.turns.clips import LIBRIVOX, Clip, Kind, Pcm, babble, made, person, sounds
from tests.turns.clips.speakers import Speaker

_ALL_SAY = ("uh-huh", "mm-hmm", "mhm", "yeah", "right", "okay", "sure", "got it", "I see")


def practice() -> list[Clip]:
    """In order."""
    speakers = (
        Speaker("flite", "slt", 1.15),
        Speaker("flite", "slt", 0.85),
        Speaker("flite", "rms", 1.1),
        Speaker("flite", "awb", 0.9),
        Speaker("flite", "kal16", 1.0),
        Speaker("espeak", "en-gb", 1.1, 40),
        Speaker("espeak", "en-us+m3", 0.9, 60),
        Speaker("espeak", "en-gb+f3", 1.0, 45),
        Speaker("espeak", "en-gb-scotland", 1.15, 55),
        Speaker("espeak", "en-us+f4", 1.0, 60),
        Speaker("ours", "heart"),
        Speaker("ours", "deep"),
        Speaker("ours", "bright"),
        Speaker("ours", "male"),
    )
    draw = _Draw(20_261_128, speakers)
    return [
        *draw.say("back_channel", 4, *_ALL_SAY),
        *draw.say("back_channel", 3, "aha", "yep", "all right", "oh, okay", "yeah, yeah", "right, right", "exactly"),
        *draw.say("back_channel", 3, "cool", "good", "of course", "oh, I see", "wow", "I know", "ah, okay"),
        *draw.say("vocal_tic", 2, "um", "uh", "er", "hm"),
        *draw.utterances(10),
        *draw.things(8),
        *draw.behind(LIBRIVOX.format("0870"), (300, 2300, 4300)),
        *draw.say("non_directed", 2, "dinner is ready", "have you seen my glasses?", level_dbfs=(-46, -40)),
        *draw.say("turn", 2, "okay, so how much is it?", "yeah, but no", "wait", "stop", "no", "what?", "hello?"),
        *draw.say("turn", 2, "uh-huh, but what about my refund?", "right, but it never came", "hold on", "sorry?"),
        *draw.say("turn", 2, "okay, but can I pay later?", "I see, but that is too late", "not that one", "thank you"),
        *draw.say("turn", 2, "no, wait a second", "four two one", "I want the blue one", "how long will it take?"),
        *draw.say("turn", 2, "yes", "no", "okay", "uh-huh", "Friday", "three", "right", asked=True),
        Clip("go forward ten meters (a person)", "turn", person("goforward.raw", 300)),
        Clip("cards 3 (a person)", "turn", person("cards/003.wav")),
        Clip("cards 4 (a person)", "turn", person("cards/004.wav")),
    ]


def held_out() -> list[Clip]:
    """In order."""
    speakers = (
        Speaker("espeak", "en-gb-x-rp+m1", 1.2, 30),
        Speaker("espeak", "en-gb-x-gbcwmd+f2", 1.05, 70),
        Speaker("espeak", "en-gb-x-gbclan+m5", 0.95, 50),
        Speaker("espeak", "en-029+f1", 1.1, 55),
        Speaker("espeak", "en-us-nyc+m7", 1.0, 35),
        Speaker("espeak", "en-us+f5", 1.25, 65),
        Speaker("flite", "slt", 1.0, throat=1.14),
        Speaker("flite", "rms", 0.95, throat=0.9),
        Speaker("flite", "awb", 1.2, throat=1.1),
        Speaker("flite", "kal", 1.1),
        Speaker("ours", "low"),
        Speaker("ours", "low", throat=1.1),
        Speaker("ours", "heart", throat=1.12),
        Speaker("ours", "male", throat=0.93),
    )
    draw = _Draw(77_003, speakers)
    return [
        *draw.say("back_channel", 5, *_ALL_SAY),
        *draw.say("back_channel", 3, "yup", "oh, yeah", "oh, wow", "that's right", "that's true", "huh", "gotcha"),
        *draw.say(
            "back_channel", 3, "makes sense", "ah, right", "oh, nice", "absolutely", "that's great", "okay, cool"
        ),
        *draw.say("back_channel", 3, "sounds good", "really?", "yeah, right", "mm", "okay, okay"),
        *draw.say("vocal_tic", 2, "umm", "uhh", "ehm", "hmm"),
        *draw.utterances(14),
        *draw.things(12),
        *draw.behind(LIBRIVOX.format("0890"), (3300,)),
        *draw.behind(LIBRIVOX.format("0920"), (4000,)),
        Clip("four people, held out", "non_directed", babble, -43.0),
        *draw.say(
            "non_directed", 2, "who took the car?", "turn the oven off", "she is on the phone", level_dbfs=(-47, -40)
        ),
        *draw.say(
            "turn", 3, "okay so, where do I sign?", "yeah but that's wrong", "hang on", "no, no", "pardon?", "why?"
        ),
        *draw.say("turn", 3, "uh-huh, but what about the invoice?", "right, and my other order", "wait", "stop", "no"),
        *draw.say(
            "turn", 3, "I see, so can I send it back?", "sure, but how long does that take?", "go back", "listen"
        ),
        *draw.say(
            "turn", 3, "got it, and what does it cost?", "mm, actually no", "stop it", "repeat that", "not Tuesday"
        ),
        *draw.say("turn", 3, "that's not my name", "nine one eight", "excuse me", "I already paid for it"),
        *draw.say(
            "turn", 2, "yes", "no", "okay", "sure", "mm-hmm", "Monday", "seven", "right", "the red one", asked=True
        ),
        Clip("numbers (a person)", "turn", person("numbers.raw", 300)),
        Clip("something (a person)", "turn", person("something.raw", 300)),
    ]


class _Draw:
    """Who says what, and what else is heard."""

    def __init__(self, seed: int, speakers: Sequence[Speaker]) -> None:
        self._seed, self._random, self._speakers = seed, Random(seed), speakers

    def say(
        self, kind: Kind, voices: int, *texts: str, asked: bool = False, level_dbfs: tuple[int, int] = (-25, -19)
    ) -> list[Clip]:
        """Each text by so many speakers."""
        return [
            self._clip(f"{text} ({speaker.name})", kind, partial(speaker.say, text), level_dbfs, asked=asked)
            for text in texts
            for speaker in self._random.sample(self._speakers, voices)
        ]

    def utterances(self, count: int) -> list[Clip]:
        """Of a caller who says nothing: coughs, throats, laughter, breath, in turns."""
        whole = self._random.randint
        kinds: list[tuple[str, Callable[[int], sounds.Sound]]] = [
            ("cough", lambda seed: sounds.cough(whole(1, 4), seed)),
            ("throat", sounds.throat),
            ("laughter", lambda seed: sounds.laughter(whole(2, 7), whole(110, 280), seed)),
            ("breath", sounds.breath),
        ]
        return self._made("vocal_tic", kinds, count, (-30, -20))

    def things(self, count: int) -> list[Clip]:
        whole = self._random.randint
        kinds: list[tuple[str, Callable[[int], sounds.Sound]]] = [
            ("keyboard", lambda seed: sounds.keyboard(whole(4, 15), seed)),
            ("door", sounds.door),
            ("key", lambda _: sounds.tone(self._random.choice("123456789*0#"), whole(120, 600))),
            ("cup", sounds.cup),
        ]
        return self._made("noise", kinds, count, (-30, -18))

    def behind(self, recording: str, starts_ms: Sequence[int]) -> list[Clip]:
        """Somebody reads, behind the caller."""
        return [
            self._clip(
                f"behind: {recording}, {start}", "non_directed", person(recording, start, start + 2000), (-47, -39)
            )
            for start in starts_ms
        ]

    def _made(
        self, kind: Kind, kinds: Sequence[tuple[str, Callable[[int], sounds.Sound]]], count: int, level: tuple[int, int]
    ) -> list[Clip]:
        found = list[Clip]()
        for number in range(count):
            name, make = kinds[number % len(kinds)]
            seed = self._random.randrange(1_000_000)
            found.append(self._clip(f"{name} {seed}", kind, made(make(seed)), level))
        return found

    def _clip(
        self, name: str, kind: Kind, make: Callable[[], Pcm], level: tuple[int, int], *, asked: bool = False
    ) -> Clip:
        level_dbfs = float(self._random.randint(*level))
        return Clip(f"{name}{', asked' if asked else ''}, {self._seed}", kind, make, level_dbfs, after_question=asked)
