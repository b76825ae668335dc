"""What a call does when the caller speaks over an agent, pauses in a number, or says nothing for long."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.turn_taking import Interruptions
from tests.fakes import FakeSpeaker
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step, tone
from tests.turns.stage import staged, team, tones
from tests.virtual_time import virtual_time
from worker.line.openai import OpenAILink
from worker.turns.long_silence import REASON
from worker.voice_detection import VoiceDetector

CHAT, HUM, STOP, NOTHING, FIRST, REST, LONG = 300, 350, 400, 450, 500, 550, 600
WORDS = {
    CHAT: "Where is my order?",
    HUM: "Uh-huh.",
    STOP: "Stop, please.",
    NOTHING: "",
    FIRST: "It is 4 2",
    REST: "1 7.",
    LONG: "Tell me all of it.",
}
STORY = "This is the first sentence of it. This one is the second of them. And here is the third and last one."
STORY_MS = 6000
QUIET = {"turn_taking": {"silence": {"nudge_s": None}}}


words = tones(lambda hz: WORDS.get(hz, ""))


def play(asked: Asked) -> Sequence[Step]:
    if asked.said == WORDS[LONG] and "interrupted by a sound" not in asked.instructions:
        return [Say(STORY, ms=STORY_MS, hz=440, words="before")]
    if "interrupted by a sound" in asked.instructions:
        return [Say("And the rest of it.", ms=900, hz=440)]
    return [Say(f"Answer to {asked.said}", ms=900, hz=660)]


@virtual_time
async def test_given_a_back_channel_then_the_reply_goes_on_at_the_sample(tmp_path: Path) -> None:
    async with staged(tmp_path, team(**QUIET), play, words) as stage:
        await stage.quiet()
        began = stage.speaker.position
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(1)
        await stage.say(HUM, 350)
        await stage.quiet()
        assert stage.speaker.heard[began:] == tone(440) * (STORY_MS // 1000)
        assert stage.said[-1] == STORY
        assert len(stage.asked) == 2


@virtual_time
async def test_given_a_sound_over_a_reply_then_it_is_silent_before_anything_else_is_done_with_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = list[str]()

    def note(whose: type, what: str) -> None:
        does = getattr(whose, what)

        def noted(*given: object) -> object:
            done.append(what)
            return does(*given)

        monkeypatch.setattr(whose, what, noted)

    async with staged(tmp_path, team(**QUIET), play, words) as stage:
        await stage.quiet()
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(1)
        note(FakeSpeaker, "clear")
        note(VoiceDetector, "feed")
        note(OpenAILink, "hear")
        await stage.say(HUM, 350)
    sound = done.index("clear")
    assert done[sound : sound + 4] == ["clear", "feed", "feed", "hear"], (
        "voices are looked for in what came before, too"
    )


@virtual_time
async def test_given_a_short_stop_then_the_reply_that_went_on_is_cut_when_its_words_are_known(tmp_path: Path) -> None:
    async with staged(tmp_path, team(**QUIET), play, words, pace=Pace(think_ms=100, transcript_ms=600)) as stage:
        await stage.quiet()
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(1)
        await stage.say(STOP, 350)
        await stage.quiet()
        assert stage.said[-1] == f"Answer to {WORDS[STOP]}"
        assert len(stage.said[-2]) < len(STORY)
        assert len(stage.asked) == 3, "each turn is answered once"


@pytest.mark.parametrize("sound", [NOTHING, HUM])
@virtual_time
async def test_given_a_long_sound_without_a_word_then_what_it_cut_off_is_taken_up_again(
    tmp_path: Path, sound: int
) -> None:
    async with staged(tmp_path, team(**QUIET), play, words, pace=Pace(think_ms=100, transcript_ms=50)) as stage:
        await stage.quiet()
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(1)
        await stage.say(sound, 2300)
        await stage.quiet()
        assert stage.said[-1] == "And the rest of it."
        cut = stage.said[-2]
        assert STORY.startswith(cut)
        assert f'"{cut}"' in stage.asked[-1].instructions


@pytest.mark.parametrize(
    ("interruptions", "until"),
    [("free", "This is the first"), ("polite", "This is the first sentence of it."), ("none", STORY)],
)
@virtual_time
async def test_given_a_policy_then_so_much_is_heard_and_the_turn_is_answered_after_it(
    tmp_path: Path, interruptions: Interruptions, until: str
) -> None:
    async with staged(tmp_path, team({"interruptions": interruptions}, **QUIET), play, words) as stage:
        await stage.quiet()
        began = stage.speaker.position
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(0.7)
        await stage.say(CHAT, 1600)
        await stage.quiet()
        assert stage.said[-2].strip() == until
        assert stage.said[-1] == f"Answer to {WORDS[CHAT]}"
        assert len(stage.asked) == 3
        heard = stage.speaker.heard[began:]
        story = heard[: heard.rindex(tone(440)[:480]) + 480]
        assert heard.startswith(story)
        if interruptions == "none":
            assert heard.startswith(tone(440) * (STORY_MS // 1000))


@virtual_time
async def test_given_a_notice_then_it_is_heard_in_full_and_what_the_caller_said_is_answered(tmp_path: Path) -> None:
    async with staged(tmp_path, team({"must_hear": ["the second of them"]}, **QUIET), play, words) as stage:
        await stage.quiet()
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(0.5)
        await stage.say(CHAT, 1600)
        await stage.quiet()
        assert stage.said[-2].strip() == "This is the first sentence of it. This one is the second of them."
        assert stage.said[-1] == f"Answer to {WORDS[CHAT]}"


@virtual_time
async def test_given_what_is_typed_while_a_notice_is_heard_then_it_is_answered_after_it(tmp_path: Path) -> None:
    async with staged(tmp_path, team({"must_hear": ["the second of them"]}, **QUIET), play, words) as stage:
        await stage.quiet()
        await stage.say(LONG, 900)
        await stage.speaking()
        await asyncio.sleep(0.5)
        stage.write("And now this")
        await stage.quiet()
        assert stage.said[-2].strip() == "This is the first sentence of it. This one is the second of them."
        assert stage.said[-1] == "Answer to And now this"


NUMBER = {
    "facts": {"order": {"type": "integer", "description": "the order", "minimum": 1000, "maximum": 9999}},
}


@virtual_time
async def test_given_a_pause_in_a_number_that_is_asked_for_then_it_is_one_turn(tmp_path: Path) -> None:
    spec = team({"tasks": [{"id": "identify", "collect": ["order"]}]}, **NUMBER, **QUIET)
    async with staged(tmp_path, spec, play, words) as stage:
        await stage.quiet()
        await stage.say(FIRST, 700)
        await asyncio.sleep(1.2)
        await stage.say(REST, 500)
        await stage.quiet()
        assert stage.said[1:] == [f"Answer to {WORDS[REST]}"]
        assert len(stage.asked) == 2


@virtual_time
async def test_given_half_a_number_and_nothing_more_then_it_is_answered_after_a_while(tmp_path: Path) -> None:
    spec = team({"tasks": [{"id": "identify", "collect": ["order"]}]}, **NUMBER, **QUIET)
    async with staged(tmp_path, spec, play, words) as stage:
        await stage.quiet()
        await stage.say(FIRST, 700)
        await stage.quiet(4)
        assert stage.said[1:] == [f"Answer to {WORDS[FIRST]}"]


@virtual_time
async def test_given_other_words_while_a_number_is_asked_for_then_they_are_answered_when_they_are_known(
    tmp_path: Path,
) -> None:
    spec = team({"tasks": [{"id": "identify", "collect": ["order"]}]}, **NUMBER, **QUIET)
    async with staged(tmp_path, spec, play, words) as stage:
        await stage.quiet()
        await stage.say(CHAT, 700)
        said = asyncio.get_running_loop().time()
        await stage.speaking()
        assert asyncio.get_running_loop().time() - said < 1.2, "silence, transcript, reply; but no patience"


@virtual_time
async def test_given_a_caller_who_is_gone_then_they_are_asked_and_told_goodbye(tmp_path: Path) -> None:
    keys = {"turn_taking": {"silence": {"nudge_s": 10, "nudges": 1, "nudge": "Are you there?", "goodbye": "Bye then."}}}

    def tell(asked: Asked) -> Sequence[Step]:
        for said in ("Are you there?", "Bye then."):
            if said in asked.instructions:
                return [Say(said, ms=900)]
        return [Say("Hello.", ms=900)]

    async with staged(tmp_path, team(**keys), tell, words) as stage:
        await asyncio.sleep(60)
        assert stage.said == ["Hello.", "Are you there?", "Bye then."]
        assert stage.reason == REASON


@virtual_time
async def test_given_a_caller_who_speaks_into_the_goodbye_then_they_are_answered_and_the_call_goes_on(
    tmp_path: Path,
) -> None:
    keys = {"turn_taking": {"silence": {"nudge_s": 10, "nudges": 0, "goodbye": "Bye then."}}}

    def tell(asked: Asked) -> Sequence[Step]:
        if "Bye then." in asked.instructions:
            return [Say("Bye then.", ms=3000)]
        return [Say(f"Answer to {asked.said}", ms=900)]

    async with staged(tmp_path, team(**keys), tell, words) as stage:
        await stage.quiet()
        await stage.speaking()
        await stage.say(CHAT, 1600)
        await stage.quiet()
        assert stage.said[-1] == f"Answer to {WORDS[CHAT]}"
        assert not stage.reason
