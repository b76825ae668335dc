"""What every provider is tried with. A case holds a call, and returns what it showed: a cell of the table in the docs.

What a provider's profile says that it can do is held against what was seen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.guarding import Place
from tests.conformance import script
from tests.conformance.stage import TEAM, Stage
from tests.conformance.tools import SLOW_S
from tests.simulators.gemini_live.server import Provider as Gemini
from tests.simulators.openai_realtime.script import Asked, BreakOff, Fault, Say, Script, Step
from worker.gate.guard import Finding, Guard, Passage
from worker.line.profile import Profile
from worker.line.sessions import EARLY

YES = "yes"
ORDER, HOURS, CATALOGUE = "When does order 1042 arrive?", "When are you open?", "Please send me your catalogue."
LAMP, BILL, SHOP = "I want to return a lamp.", "I have a question about my bill.", "Tell me all about your shop."
THANKS, WAIT = "Thank you.", "Wait, that was not my question."
SESSION_S = 120
BLOCKED = "I would tell you more about that if only I were allowed to"


async def greet(at: Stage) -> str:
    await at.answered(1)
    assert at.said == ["Good day, how can I help you?"]
    assert at.sessions_used == 1
    return YES


async def speaks_first(at: Stage) -> str:
    """Before anybody has greeted the caller."""
    at.say(THANKS)
    await at.until(lambda: at.said)
    at.say(ORDER)
    await at.answered(2)
    assert at.heard == [THANKS, ORDER]
    assert at.said[1] == "I see: Order 1042 arrives on Friday."
    if at.profile.own_turns:
        assert at.said[0].startswith("Good day")
        return f"{YES}, and is greeted with the answer"
    assert at.said[0] == f"You said: {THANKS}"
    return f"{YES}, and is not greeted any more"


async def turn(at: Stage) -> str:
    await at.answered(1)
    asks = at.asks
    at.say(THANKS)
    await at.answered(2)
    assert at.said[-1] == f"You said: {THANKS}"
    assert at.heard == [THANKS]
    assert (at.asks > asks) == at.profile.own_turns
    return YES if at.profile.own_turns else f"{YES}, by itself"


async def tool(at: Stage) -> str:
    await at.answered(1)
    at.say(ORDER)
    await at.answered(2)
    assert at.said[-1] == "I see: Order 1042 arrives on Friday."
    assert len(at.of("tool.called")) == len(at.of("tool.finished")) == 1
    return YES


async def slow_tool(at: Stage) -> str:
    await at.answered(1)
    at.say(HOURS)
    await at.answered(3)
    assert at.said[1:] == ["One moment, please.", "I see: We are open from nine to five."]
    return YES


async def background_tool(at: Stage) -> str:
    await at.answered(1)
    at.say(CATALOGUE)
    await at.until(lambda: len(at.said) == 2)
    at.say(THANKS)
    await at.answered(4)
    assert at.said[1].startswith("I see: It runs.")
    assert at.said[2:] == [f"You said: {THANKS}", "News: the catalogue is on its way."]
    return YES


async def same_voice(at: Stage) -> str:
    return await _handoff(at, LAMP, "returns", in_place=at.profile.changes_instructions and at.profile.changes_tools)


async def other_voice(at: Stage) -> str:
    return await _handoff(at, BILL, "billing", in_place=at.profile.changes_voice)


async def _handoff(at: Stage, phrase: str, target: str, *, in_place: bool) -> str:
    await at.answered(1)
    used = at.sessions_used
    at.say(phrase)
    await at.answered(2)
    assert at.said[-1] == "How can I help you with that?"
    at.say(THANKS)
    await at.answered(3)
    assert at.said[-1] == f"You said: {THANKS}"
    assert [event["agent"] for event in at.of("agent.said")] == ["reception", target, target]
    assert [event["target"] for event in at.of("handoff.done")] == [target]
    assert at.service.given[-1].voice == at.profile.voice(at.voice_of(target))
    assert phrase in at.known
    assert (at.sessions_used == used) == in_place
    return f"{YES}, in the open session" if in_place else f"{YES}, in another session"


async def speaks_on(at: Stage) -> str:
    """While one agent hands over to another with another voice."""
    await at.answered(1)
    at.say(BILL)
    await at.until(lambda: at.of("handoff.decided"))
    at.say(THANKS)
    await at.until(lambda: THANKS in at.said[-1])
    await asyncio.sleep(3)
    assert " ".join(at.heard) == f"{BILL} {THANKS}"
    last = at.of("agent.said")[-1]
    assert (last["agent"], last["interrupted"]) == ("billing", False)
    assert sum(THANKS in said for said in at.said) == 1
    return YES


async def barge_in(at: Stage) -> str:
    await at.answered(1)
    at.say(SHOP)
    await at.until(lambda: at.service.given[-1:] and len(at.service.given) == 2)
    await at.speaking()
    await asyncio.sleep(2)
    at.say(WAIT)
    await at.answered(3)
    cut = at.of("agent.said")[1]
    assert cut["interrupted"]
    assert 1900 < cut["heard_ms"] < 2600
    assert script.LONG.startswith(cut["text"])
    assert at.said[2] == f"You said: {WAIT}"
    at.say(THANKS)
    await at.answered(4)
    truncated = at.truncated.get(cut["item"])
    assert (truncated is not None) == at.profile.truncates
    if at.profile.truncates:
        assert truncated == cut["heard_ms"]
        return f"{YES}; the rest is forgotten"
    assert f'Of your last words the caller has heard only: "{cut["text"]}"' in at.known
    return f"{YES}; the model cannot forget the rest, and is told what was heard after its next reply"


async def image(at: Stage) -> str:
    """Shown and asked about; then so many that the first is let go."""
    await at.answered(1)
    picture = at.show(1)
    at.say(THANKS)
    await at.answered(2)
    assert at.said[-1] == f"You said: {THANKS}", "one turn"
    told = '[The caller shows photo-1, a file called "slip.jpg".]'
    assert told in at.known
    if not at.profile.images:
        assert not at.pictures
        assert [event["description"] for event in at.of("picture.described")] == ['the text "7"']
        assert f'{told} It shows the text "7" (its text and codes were read' in at.known
        return images(at.profile)
    assert at.pictures == [picture]
    for number in range(2, TEAM.showing.remembered + 2):
        newest = at.show(number)
    await at.answered(3)
    assert at.said[-1] == "Thank you for showing me.", "it is answered, and all of it as one turn"
    assert at.pictures[-1] == newest
    at.say(THANKS)
    await at.answered(4)
    assert len(at.pictures) == TEAM.showing.remembered
    assert picture not in at.pictures
    assert f"{told} You cannot see it now." in at.known
    return images(at.profile)


def images(profile: Profile) -> str:
    if not profile.images:
        return "no: it is told the text and the codes on them"
    if profile.removes_items:
        return f"{YES}; the oldest leave its memory"
    return f"{YES}; the oldest leave its memory in a new session, in a pause"


async def film(at: Stage) -> str:
    """A screen that shows something else each second, and is asked about."""
    await at.answered(1)
    at.camera.every_s = 1.0
    at.film("screen")
    await asyncio.sleep(21)
    at.say(THANKS)
    await at.answered(2)
    assert at.said[-1] == f"You said: {THANKS}", "what is seen is no turn"
    given, frames = at.of("frame.given"), TEAM.showing.frames
    assert [event["why"] for event in given].count("words") == 2, "at the beginning, and at the end"
    if not at.profile.images:
        assert not at.pictures
        assert at.known.count('at this moment.] It shows the text "7" (') == len(given) <= frames
    elif at.profile.removes_items:
        assert len(at.pictures) == frames < len(given)
    else:
        assert frames < len(at.pictures) <= len(given)
    return films(at.profile)


def films(profile: Profile) -> str:
    frames = TEAM.showing.frames
    if not profile.images:
        return f"no: it is told the text and the codes on the newest {frames} frames"
    if profile.removes_items:
        return f"{YES}, as pictures; the newest {frames} are before it"
    return f"{YES}, as pictures; all that a session has seen are before it, and the newest {frames} before the next"


async def text_in(at: Stage) -> str:
    await at.answered(1)
    at.write(ORDER)
    await at.answered(2)
    assert at.said[-1] == "I see: Order 1042 arrives on Friday."
    assert at.heard == [ORDER]
    assert at.known.count(ORDER) == 1
    return YES


async def text_out(at: Stage) -> str:
    await at.answered(1)
    at.say(THANKS)
    await at.answered(2)
    assert list(at.room.captions.values()) == at.said
    return captions(at.profile)


def captions(profile: Profile) -> str:
    alone = "are not asked for" if profile.text_replies else "it does not have"
    return f"{YES}, as captions of what is said; replies in text alone {alone}"


async def facts(at: Stage) -> str:
    """What was established meanwhile is known to the model, in the session that is open."""
    await at.answered(1)
    at.write("My e-mail is jo@example.com.")
    await at.answered(2)
    at.say(THANKS)
    await at.answered(3)
    assert "- e-mail jo@example.com (written by the caller" in at.known
    assert at.sessions_used == 1
    return f"{YES}, in its instructions" if at.profile.changes_instructions else f"{YES}, by a note"


async def spoken_into_a_tool(at: Stage) -> str:
    await at.answered(1)
    at.say(HOURS)
    await at.until(lambda: at.of("tool.called"))
    await asyncio.sleep(0.3)
    at.say(THANKS)
    await at.until(lambda: any("nine to five" in said for said in at.said))
    await asyncio.sleep(5)
    assert at.heard == [HOURS, THANKS]
    assert sum("nine to five" in said for said in at.said) == 1, at.transcript()
    assert sum(said == f"You said: {THANKS}" for said in at.said) == 1, at.transcript()
    assert len(at.of("tool.called")) == len(at.of("tool.finished")) == 1
    return YES


async def spoken_over_a_result(at: Stage) -> str:
    """The tool ends while the caller speaks: nobody speaks over them, and the model knows it when it answers."""
    await at.answered(1)
    at.say(HOURS)
    await at.until(lambda: at.of("tool.called"))
    await asyncio.sleep(SLOW_S - 0.5)
    at.say(THANKS)
    await at.until(lambda: at.of("tool.finished"))
    while at.waiting:
        await asyncio.sleep(0.02)
        assert not at.speaker.queued
    await at.answered(3 if at.profile.own_turns else 4)
    assert at.said[1:3] == ["One moment, please.", f"You said: {THANKS}"]
    assert at.heard == [HOURS, THANKS]
    assert at.known.count("We are open from nine to five.") == 1
    if at.profile.own_turns:
        return YES
    assert at.said[3] == "And we are open from nine to five."
    return f"{YES}; what it says unasked may miss the result, which is told then"


async def reconnect(at: Stage) -> str:
    await at.answered(1)
    at.say(THANKS)
    await at.answered(2)
    at.say(SHOP)
    await at.until(lambda: len(at.service.given) == 3)
    await at.speaking()
    await asyncio.sleep(1)
    at.service.cut()
    await at.answered(4)
    assert script.LONG.startswith(at.said[2])
    assert at.said[3] == "And so I go on."
    assert len(at.of("line.lost")) == len(at.of("line.restored")) == 1
    at.say(ORDER)
    await at.answered(5)
    assert at.heard == [THANKS, SHOP, ORDER]
    assert at.known.count(THANKS) == 2, "what was said, and what was answered"
    assert not at.of("line.switched")
    return YES


async def failover(at: Stage) -> str:
    await at.answered(1)
    at.say(THANKS)
    await at.answered(2)
    at.service.vanish()
    at.say(ORDER)
    await at.answered(3)
    other = at.services[1].profile.provider
    assert [event["provider"] for event in at.of("line.switched")] == [other]
    assert at.said[-1] == "I see: Order 1042 arrives on Friday."
    assert at.heard == [THANKS, ORDER]
    assert at.known.count(THANKS) == 2
    return f"{YES}, to {other}"


async def session_limit(at: Stage) -> str:
    if at.profile.session_s is None:
        return "no need: a session has no end"
    await at.answered(1)
    at.say(THANKS)
    await at.answered(2)
    simulator = at.service.simulator
    if isinstance(simulator, Gemini):
        simulator.connections[at.service.given[-1].connection].suffer(Fault("", "go_away", left_ms=10_000))
    else:
        await asyncio.sleep(SESSION_S * (1 - EARLY) - 8)
    at.say(WAIT)
    await at.answered(3)
    await at.until(lambda: at.of("line.switched"))
    assert [event["why"] for event in at.of("line.switched")] == ["limit"]
    at.say(ORDER)
    await at.answered(4)
    assert at.heard == [THANKS, WAIT, ORDER]
    assert at.known.count(THANKS) == 2
    assert not at.of("line.lost")
    noticed = "after its notice" if isinstance(simulator, Gemini) else "before its end"
    return f"{YES}: left in a pause, {noticed}"


def _nearly_over(profile: Profile) -> Profile:
    """It lasts two minutes, where nothing announces its end."""
    return replace(profile, session_s=SESSION_S) if profile.session_s and profile.own_turns else profile


def _blocks(asked: Asked) -> Sequence[Step]:
    """Once, in the middle of a reply."""
    if "Go on from there" not in script.told_last(asked) and script.caller_said(asked) == THANKS:
        return [BreakOff(Say(BLOCKED, ms=4000), after_ms=1500)]
    return script.play(asked)


async def blocked(at: Stage) -> str:
    await at.answered(1)
    at.say(THANKS)
    await at.answered(3)
    assert BLOCKED.startswith(at.said[1])
    assert at.said[2] == "And so I go on."
    assert [event["action"] for event in at.of("watchdog.fired")] == ["ask again"]
    return f"{YES}: asked to go on differently"


class Secrets:
    """A guard that lets nobody say what the shop keeps to itself."""

    name = "secrets"
    places = frozenset[Place](("output",))
    deadline_s = 2.0

    async def judge(self, passage: Passage) -> Finding | None:
        found = any(word in passage.text for word in ("swordfish", "Friday"))
        return Finding(self.name, "block", "a secret") if found else None


def _tells(asked: Asked) -> Sequence[Step]:
    """What it should not, at first."""
    if "withheld from the caller" in script.told_last(asked):
        return [Say("I may not tell you that.", ms=1200)]
    if script.caller_said(asked) == THANKS:
        return [Say("The password is swordfish. And so it goes on.", ms=3500)]
    return script.play(asked)


async def withheld(at: Stage) -> str:
    await at.answered(1)
    at.say(THANKS)
    await at.answered(2)
    assert at.said[1] == "I may not tell you that."
    assert "swordfish" not in str(at.room.captions)
    assert [event["why"] for event in at.of("guard.blocked")] == ["a secret"]
    at.say(WAIT)
    await at.answered(3)
    assert "swordfish" not in at.known
    moved = [event["why"] for event in at.of("line.switched")]
    assert moved == ([] if at.profile.removes_items else ["memory"])
    return YES if at.profile.removes_items else f"{YES}; another session takes over, which does not know of it"


@dataclass(frozen=True)
class Case:
    hold: Callable[[Stage], Awaitable[str]]
    play: Script = script.play
    change: Callable[[Profile], Profile] = lambda same: same
    stands_in: bool = False  # a second provider, of another kind
    expects: tuple[str, ...] = ()  # events that are else signs of a fault
    guards: tuple[Guard, ...] = ()


CASES: Mapping[str, Case] = {
    "greets": Case(greet),
    "the caller speaks first": Case(speaks_first),
    "answers a turn, once": Case(turn),
    "calls a tool, once": Case(tool),
    "a slow tool: a word fills the wait": Case(slow_tool),
    "a tool in the background": Case(background_tool),
    "spoken into a tool's work": Case(spoken_into_a_tool),
    "spoken over a tool's result": Case(spoken_over_a_result),
    "hands over, same voice": Case(same_voice),
    "hands over, another voice": Case(other_voice),
    "spoken into a handoff": Case(speaks_on),
    "interrupted": Case(barge_in),
    "text in": Case(text_in),
    "text out": Case(text_out),
    "images": Case(image),
    "camera and screen": Case(film),
    "what the call has found out": Case(facts),
    "a lost socket, in mid-reply": Case(reconnect, expects=("line.lost",)),
    "a provider that is gone": Case(failover, stands_in=True, expects=("line.lost",)),
    "the end of a session": Case(session_limit, change=_nearly_over),
    "a sentence that a guard withholds": Case(withheld, play=_tells, guards=(Secrets(),)),
    "a reply that the provider stops": Case(blocked, play=_blocks, expects=("watchdog.fired",)),
}
