"""The scripted provider of `baton bench turns`: it hears voices as the embedded model does, and knows which clip is played.

python -m bench.listening_provider

Prints its addresses, then a line for each clip it was told of. On standard input: `clip NAME`, of `bench.turns`.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence

from bench.tones import ALFA, BRAVO
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from tests.turns.clips import OPENER
from tests.turns.clips.hearing import EmbeddedHearing, written_down
from tests.turns.clips.sets import every_clip

REPLY_MS = 4000
TELLS = "It is on its way to you. It left our house on Monday in the morning, and the van has it since then."
ASKS = "It is late. Shall I book another day for you? It can come on Thursday, or on Friday if you like."
_OPENS = written_down()[OPENER.name][0].text


class Played:
    """What the caller is saying: the words of the opening, then those of the clip."""

    def __init__(self) -> None:
        self.text = TELLS
        self._words: Iterator[str] = iter(())
        self._every = {clip.name: clip for clip in every_clip()}

    def is_now(self, name: str) -> None:
        clip = self._every[name]
        self.text = ASKS if clip.after_question else TELLS
        self._words = iter([_OPENS, *(heard.words for heard in written_down()[clip.name])])

    def next_words(self) -> str:
        return next(self._words, "")


async def main() -> None:
    played = Played()

    def play(asked: Asked) -> Sequence[Step]:
        if asked.said == _OPENS:
            return [Say(played.text, ms=REPLY_MS, hz=ALFA, words="before")]
        return [Say("as you wish", ms=600, hz=BRAVO)]

    pace = Pace(think_ms=400, speed=3.0, transcript_ms=250)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    provider = Provider(
        play, pace=pace, transcribe=lambda _: played.next_words(), keep_events=False, hearing=EmbeddedHearing
    )
    async with provider.serve():
        print(provider.url, provider.azure, flush=True)
        while order := (await orders.readline()).decode().strip():
            played.is_now(order.removeprefix("clip "))
            print(json.dumps({"type": order, "at": time.monotonic()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
