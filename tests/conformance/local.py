"""The embedded model itself, written to: what it shows is what the docs' table says of it.

On virtual time. Spoken to, it is tried in tests/system and tests/dialogues.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from agents.providers import OpenAISpec
from tests.conformance import script
from tests.conformance.cases import (
    BILL,
    CASES,
    CATALOGUE,
    HOURS,
    LAMP,
    ORDER,
    THANKS,
    YES,
    captions,
    films,
    images,
)
from tests.conformance.stage import TEAM
from tests.conformance.tools import SLOW_S
from tests.fakes import FakeCamera
from tests.local_model.typed_call import TypedCall, typed_call
from tests.shown import files
from tests.shown.files import saved
from tests.simulators.openai_realtime.server import Provider
from tests.virtual_time import virtual_time
from worker.journal import events as journal
from worker.line.endpoint import Endpoint
from worker.line.profile import LOCAL, OPENAI
from worker.local_model.brain import EmbeddingBrain
from worker.local_model.conversation import Conversation, Message, Say, ToolCall
from worker.local_model.eyes import Eyes
from worker.room.events import Filming

Kind = TypeVar("Kind", bound=journal.JournalEvent)
FIRST = "the caller speaks first"
SLIP = "It says: Order 1042. Anna Lamp Shop. Table lamp, green. Total 48.90 EUR."
FRIDAY, NINE = "Order 1042 arrives on Friday.", "We are open from nine to five."


class Noting(EmbeddingBrain):
    """Remembers what it was given last."""

    given: Conversation

    def think(self, conversation: Conversation) -> list[Say | ToolCall]:
        self.given = conversation
        return super().think(conversation)

    def said(self, role: str) -> list[str]:
        return [item.text for item in self.given.items if isinstance(item, Message) and item.role == role]


async def greet(call: TypedCall, brain: Noting) -> str:
    assert call.said() == ["Good day, how can I help you?"]
    return YES


async def turn(call: TypedCall, brain: Noting) -> str:
    await call.say(THANKS)
    await asyncio.sleep(5)
    assert len(call.said()) == 2
    return YES


async def tool(call: TypedCall, brain: Noting) -> str:
    assert await call.say(ORDER) == FRIDAY
    assert len(kinds(call, journal.ToolCalled)) == 1
    return YES


async def slow_tool(call: TypedCall, brain: Noting) -> str:
    assert await call.say(HOURS) == f"One moment, please. {NINE}"
    return YES


async def background_tool(call: TypedCall, brain: Noting) -> str:
    await call.say(CATALOGUE)
    assert not kinds(call, journal.ToolFinished)
    await call.say(THANKS)
    await asyncio.sleep(SLOW_S + 3)
    assert "on its way" in call.said()[-1]
    return YES


async def into_a_tool(call: TypedCall, brain: Noting) -> str:
    await asyncio.gather(call.say(HOURS), _later(0.3, call.say, THANKS))
    await asyncio.sleep(SLOW_S + 3)
    assert sum(NINE in said for said in call.said()) == 1
    assert sum("You are welcome" in said for said in call.said()) == 1
    assert len(kinds(call, journal.ToolCalled)) == len(kinds(call, journal.ToolFinished)) == 1
    return f"{YES}, typed"


async def over_a_result(call: TypedCall, brain: Noting) -> str:
    return "not tried: what is typed is over at once"


async def hands_over(call: TypedCall, brain: Noting, phrase: str, target: str) -> str:
    await call.say(phrase)
    assert call.holder == target
    await call.say(THANKS)
    assert len(call.said()) == 3
    assert phrase in brain.said("user")
    assert f"You are {target.upper()}." in brain.given.instructions
    assert not kinds(call, journal.LineSwitched)
    return f"{YES}, in the open session"


async def into_a_handoff(call: TypedCall, brain: Noting) -> str:
    await asyncio.gather(call.say(BILL), _later(0.01, call.say, THANKS))
    await asyncio.sleep(3)
    assert call.holder == "billing"
    assert brain.said("user") == [BILL, THANKS]
    assert kinds(call, journal.AgentSaid)[-1].agent == "billing"
    return f"{YES}, typed"


async def interrupted(call: TypedCall, brain: Noting) -> str:
    call.speak_slowly()
    saying = asyncio.ensure_future(call.say(ORDER))
    await call.speaking()
    await asyncio.sleep(1)
    await call.say(THANKS)
    await saying
    cut = kinds(call, journal.AgentSaid)[1]
    assert cut.interrupted
    await call.say(THANKS)
    [left] = [said for said in brain.said("assistant") if FRIDAY.startswith(said)]
    assert left != FRIDAY
    assert len(cut.text.split()) - len(left.split()) in (0, 1), "each reckons for itself how far a word reaches"
    return f"{YES}; the rest is forgotten"


async def text_in(call: TypedCall, brain: Noting) -> str:
    assert await call.say(ORDER) == FRIDAY
    assert brain.said("user") == [ORDER]
    return YES


async def facts(call: TypedCall, brain: Noting) -> str:
    await call.say("My e-mail is jo@example.com.")
    await call.say(THANKS)
    assert "- e-mail jo@example.com (written by the caller" in brain.given.instructions
    return f"{YES}, in its instructions"


async def reconnect(call: TypedCall, brain: Noting) -> str:
    await call.say(THANKS)
    call.speak_slowly()
    saying = asyncio.ensure_future(call.say(ORDER))
    await call.speaking()
    await asyncio.sleep(0.5)
    call.cut()
    await saying
    await call.say(HOURS)
    assert len(kinds(call, journal.LineRestored)) == 1
    assert brain.said("user") == [THANKS, ORDER, HOURS]
    return YES


async def first(call: TypedCall, brain: Noting) -> str:
    await call.say(THANKS)
    assert await call.say(ORDER) == FRIDAY
    assert sum(said.startswith("Good day") for said in call.said()) <= 1
    return f"{YES}, typed"


async def text_out(call: TypedCall, brain: Noting) -> str:
    await call.say(ORDER)
    assert list(call.room.captions.values()) == call.said()
    return captions(LOCAL)


async def pictures(call: TypedCall, brain: Noting) -> str:
    slip = saved(files.slip())
    assert await call.show(slip) == SLIP
    assert await call.show(slip, "Can you read this to me?") == SLIP
    assert await call.show(slip, "When does this arrive?") == FRIDAY
    return f"{images(LOCAL)}; it knows the text and the codes on them, and nothing else"


async def film(call: TypedCall, brain: Noting) -> str:
    assert call.call
    call.call.put(Filming("caller", "screen", on=True))
    assert await call.say("Can you read this to me?") == SLIP
    assert await call.say("When does this arrive?") == FRIDAY
    return f"{films(LOCAL)}; it knows the text and the codes on them, and nothing else"


async def failover(call: TypedCall, brain: Noting) -> str:
    await call.say(THANKS)
    await call.close_model()
    assert await call.say(ORDER) == f"I see: {FRIDAY}"
    [switched] = kinds(call, journal.LineSwitched)
    return f"{YES}, to {switched.provider}"


async def session_limit(call: TypedCall, brain: Noting) -> str:
    assert LOCAL.session_s is None
    return "no need: a session has no end"


async def withheld(call: TypedCall, brain: Noting) -> str:
    said = await call.say(ORDER)
    assert said == "I am sorry, I cannot say anything about that."
    assert FRIDAY not in str(call.room.captions)
    await call.say(THANKS)
    assert FRIDAY not in brain.said("assistant")
    return f"{YES}; it has no other words for it, and a sentence of the team's is said"


async def blocked(call: TypedCall, brain: Noting) -> str:
    return "no need: it stops none"


HOLD: Mapping[str, Callable[[TypedCall, Noting], Awaitable[str]]] = {
    "greets": greet,
    FIRST: first,
    "answers a turn, once": turn,
    "calls a tool, once": tool,
    "a slow tool: a word fills the wait": slow_tool,
    "a tool in the background": background_tool,
    "spoken into a tool's work": into_a_tool,
    "spoken over a tool's result": over_a_result,
    "hands over, same voice": partial(hands_over, phrase=LAMP, target="returns"),
    "hands over, another voice": partial(hands_over, phrase=BILL, target="billing"),
    "spoken into a handoff": into_a_handoff,
    "interrupted": interrupted,
    "text in": text_in,
    "text out": text_out,
    "images": pictures,
    "camera and screen": film,
    "what the call has found out": facts,
    "a lost socket, in mid-reply": reconnect,
    "a provider that is gone": failover,
    "the end of a session": session_limit,
    "a sentence that a guard withholds": withheld,
    "a reply that the provider stops": blocked,
}


def run_local(name: str, folder: Path, brain: Noting) -> str:
    """Returns the table's cell."""
    shown = list[str]()

    @virtual_time
    async def hold() -> None:
        async with Provider(script.play).serve() as other:
            stands_in = Endpoint(OPENAI, other.url, "any", OpenAISpec())
            async with typed_call(
                folder,
                brain,
                TEAM,
                stands_in,
                greeted=name != FIRST,
                guards=CASES[name].guards,
                eyes=Eyes(),
                camera=FakeCamera(picture=saved(files.slip())),
            ) as call:
                shown.append(await HOLD[name](call, brain))
                if not CASES[name].expects:
                    assert not [*kinds(call, journal.LineLost), *kinds(call, journal.WatchdogFired)]

    hold()
    return shown[0]


def kinds(call: TypedCall, kind: type[Kind]) -> list[Kind]:
    return [event for event in call.room.events if isinstance(event, kind)]


async def _later(seconds: float, write: Callable[[str], Awaitable[str]], text: str) -> None:
    await asyncio.sleep(seconds)
    await write(text)
