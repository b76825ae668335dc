"""Each event of a turn, in order, by a name that a fault can be set at: a test cuts the socket at every one of them.

@pytest.mark.parametrize("moment", moments(play), ids=str)
async def test_...(moment): ... provider.strike(moment, "abort") ... and then the client does what is rehearsed
"""

import asyncio
import base64
import collections
import itertools

from tests.simulators.gemini_live.messages import Message, name
from tests.simulators.gemini_live.session import Session
from tests.simulators.openai_realtime.moments import Moment
from tests.simulators.openai_realtime.script import Pace, Refusals, Script, tone
from tests.virtual_time import virtual_time

_CONFIG: Message = {"inputAudioTranscription": {}, "outputAudioTranscription": {}, "sessionResumption": {}}


def moments(play: Script, *, setup: Message | None = None, result: str = "{}") -> list[Moment]:
    """Plays a script once, without a socket: from what the caller says to the end of the turn, and each tool answers
    with `result`. `setup`: what the client asks for, besides transcripts and resumption, such as its tools.
    """
    names: list[Moment] = []

    @virtual_time
    async def rehearse() -> None:
        seen, events = collections.Counter[str](), asyncio.Queue[Message]()

        def send(message: Message) -> None:
            kind = name(message)
            names.append(Moment(kind, seen[kind]))
            seen[kind] += 1
            events.put_nowait(message)

        session = Session(
            0,
            send,
            vertex=False,
            play=play,
            pace=Pace(),
            refusals=Refusals(),
            transcribe=lambda _: "hello there",
            replies=itertools.count(),
            handles={},
            in_use=lambda: False,
            hang_up=lambda _: None,
            broken=lambda _: None,
        )
        await session.take({"setup": {"model": "rehearsed", **_CONFIG, **(setup or {})}})
        heard = base64.b64encode(tone(300) + bytes(48000)).decode()
        await session.take({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=24000", "data": heard}}})
        while not (message := await events.get()).get("sessionResumptionUpdate"):
            calls = (message.get("toolCall") or {}).get("functionCalls") or []
            responses = [{"id": call["id"], "name": call["name"], "response": {"output": result}} for call in calls]
            if responses:
                await session.take({"toolResponse": {"functionResponses": responses}})
        await session.close()

    rehearse()
    return names
