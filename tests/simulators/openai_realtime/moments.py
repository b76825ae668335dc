"""Each event of a reply, in order, by a name that a fault can be set at: a test cuts the socket at every one of them.

@pytest.mark.parametrize("moment", moments(play), ids=str)
async def test_...(moment): ... provider.strike(moment, "abort") ... and then the client does what is rehearsed
"""

import asyncio
import base64
import collections
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulators.openai_realtime.script import Pace, Refusals, Script, tone
from tests.simulators.openai_realtime.session import Event, Session
from tests.virtual_time import virtual_time

_OF_ITEMS = ("conversation.item.added", "conversation.item.done")


@dataclass(frozen=True, slots=True)
class Moment:
    """Just before the `nth` event of type `at`, from 0: within a reply, or without one of all."""

    at: str
    nth: int
    reply: int | None = None

    def __str__(self) -> str:
        return f"{self.at}-{self.nth}" if self.reply is None else f"{self.at}-{self.nth}-of-{self.reply}"


class Tally:
    """Counts server events, over all sessions and within each reply."""

    def __init__(self) -> None:
        self.all = collections.Counter[str]()
        self._replies = 0
        self._reply_of: dict[str, int] = {}  # of a response that runs, and of its items
        self._within: dict[int, collections.Counter[str]] = {}

    def ahead(self, moment: Moment) -> Moment:
        """The name of what has that name when one counts from now."""
        if moment.reply is None:
            return Moment(moment.at, moment.nth + self.all[moment.at])
        return Moment(moment.at, moment.nth, moment.reply + self._replies)

    def count(self, event: Event) -> Sequence[Moment]:
        """Its names: over all sessions, then within its reply if it belongs to one."""
        kind = event["type"]
        names = [Moment(kind, self.all[kind])]
        self.all[kind] += 1
        if (reply := self._reply(event)) is not None:
            counter = self._within.setdefault(reply, collections.Counter())
            names.append(Moment(kind, counter[kind], reply))
            counter[kind] += 1
        if kind == "response.done" and reply is not None:
            del self._within[reply]
            self._reply_of = {known: number for known, number in self._reply_of.items() if number != reply}
        return names

    def _reply(self, event: Event) -> int | None:
        kind = event["type"]
        if kind == "response.created":
            self._reply_of[event["response"]["id"]] = self._replies
            self._replies += 1
        if kind.startswith("response."):
            reply = self._reply_of.get(event.get("response_id") or event["response"]["id"])
            if kind == "response.output_item.added" and reply is not None:
                self._reply_of[event["item"]["id"]] = reply
            return reply
        return self._reply_of.get(event["item"]["id"]) if kind in _OF_ITEMS else None


def moments(play: Script, *, spoken: bool = False, result: str = "{}") -> list[Moment]:
    """Plays a script once, without a socket: from the request for a reply to its end, or to the end of the reply to
    the `result` of its tools. `spoken`: from the beginning of what the caller says, with its transcript.
    """
    names: list[Moment] = []

    @virtual_time
    async def rehearse() -> None:
        tally, done = Tally(), asyncio.Queue[Event]()

        def send(event: Event) -> None:
            if event["type"] not in ("session.updated", "error"):
                names.append(tally.count(event)[-1])
            if event["type"] == "response.done":
                done.put_nowait(event["response"])

        session = Session(
            "rehearsed",
            0,
            send,
            play=play,
            pace=Pace(),
            refusals=Refusals(),
            transcribe=lambda _: "hello there",
            replies=itertools.count(),
        )
        turns = {"turn_detection": {"type": "server_vad", "create_response": False}, "transcription": {"model": "any"}}
        await session.take({"type": "session.update", "session": {"type": "realtime", "audio": {"input": turns}}})
        if spoken:
            heard = base64.b64encode(tone(300) + bytes(48000)).decode()
            await session.take({"type": "input_audio_buffer.append", "audio": heard})
        calls: Sequence[Event] = [{}]
        while calls:
            await session.take({"type": "response.create"})
            response = await done.get()
            calls = [item for item in response["output"] if item["type"] == "function_call"]
            for call in calls:
                output = {"type": "function_call_output", "call_id": call["call_id"], "output": result}
                await session.take({"type": "conversation.item.create", "item": output})
        await session.close()

    rehearse()
    return names
