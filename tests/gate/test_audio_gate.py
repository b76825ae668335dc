import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeSpeaker
from tests.virtual_time import virtual_time
from worker.background import background
from worker.gate.audio_gate import AudioGate, GateEvent, Heard, Progress, Sounding, Started

RATE = 24000


def speech(ms: int, seed: int = 0) -> bytes:
    """Samples that are never zero and never the same at two positions near each other."""
    return (np.random.default_rng(seed).integers(1, 30000, ms * RATE // 1000)).astype(np.int16).tobytes()


def ms(pcm: bytes) -> int:
    return len(pcm) // 2 * 1000 // RATE


def gate() -> tuple[AudioGate, FakeSpeaker, list[GateEvent]]:
    speaker, events = FakeSpeaker(RATE), list[GateEvent]()
    return AudioGate(speaker, RATE, events.append), speaker, events


@virtual_time
async def test_given_a_long_message_when_it_is_cut_then_the_rest_is_dropped_and_what_was_heard_is_known() -> None:
    door, speaker, events = gate()
    pcm = speech(10_000)
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.write("m1", "one two three four five six seven eight nine ten")
        door.feed("m1", pcm)
        door.end("m1")
        await asyncio.sleep(1.5)
        door.cut()
        await asyncio.sleep(10)
    assert speaker.heard == pcm[: len(speaker.heard)]
    [heard] = [event for event in events if isinstance(event, Heard)]
    assert heard.interrupted
    assert heard.heard_ms == ms(speaker.heard)
    assert abs(heard.heard_ms - 1500) <= 20
    assert heard.text == "one two"


@virtual_time
async def test_given_a_pause_when_it_is_resumed_then_nothing_is_missing_and_nothing_twice() -> None:
    door, speaker, events = gate()
    pcm = speech(3000)
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.feed("m1", pcm)
        door.end("m1")
        await asyncio.sleep(1.234)
        door.pause()
        at_pause = speaker.heard
        await asyncio.sleep(2)
        assert speaker.heard == at_pause
        door.resume()
        await asyncio.sleep(5)
    assert speaker.heard == pcm
    assert [event.interrupted for event in events if isinstance(event, Heard)] == [False]


@virtual_time
async def test_given_nobody_who_can_hear_then_what_is_said_waits_for_them() -> None:
    door, speaker, events = gate()
    pcm = speech(1000)
    door.audience(False)
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.write("m1", "Hello.")
        door.feed("m1", pcm)
        door.end("m1")
        await asyncio.sleep(2)
        assert not speaker.heard
        assert not events
        assert not door.sounding
        door.audience(True)
        await asyncio.sleep(2)
    assert speaker.heard == pcm
    assert [event.heard_ms for event in events if isinstance(event, Heard)] == [1000]


@virtual_time
async def test_given_two_messages_then_the_second_waits_for_the_first() -> None:
    door, speaker, events = gate()
    async with background(door.run()):
        for item, seed in (("m1", 1), ("m2", 2)):
            door.open(item, "reception", 0)
            door.feed(item, speech(500, seed))
            door.end(item)
        await asyncio.sleep(5)
    assert speaker.heard == speech(500, 1) + speech(500, 2)
    assert [event.item for event in events if isinstance(event, Started)] == ["m1", "m2"]


@virtual_time
async def test_given_a_message_that_is_over_when_more_of_it_comes_then_it_is_not_heard() -> None:
    door, speaker, _ = gate()
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.feed("m1", speech(300))
        await asyncio.sleep(0.1)
        door.cut()
        heard = speaker.heard
        door.feed("m1", speech(300))
        await asyncio.sleep(2)
    assert speaker.heard == heard


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), st.integers(1, 700)),
        st.tuples(st.just("wait"), st.integers(1, 900)),
        st.tuples(st.sampled_from(["pause", "resume", "cut", "open", "nobody", "somebody"]), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_each_message_is_heard_as_a_beginning_of_itself_in_order(steps: list[tuple[str, int]]) -> None:
    @virtual_time
    async def play() -> None:
        door, speaker, events = gate()
        said: dict[str, bytes] = {}
        async with background(door.run()):
            for number, (step, amount) in enumerate(steps):
                item = f"m{number}"
                match step:
                    case "open":
                        for earlier in said:
                            door.end(earlier)
                        door.open(item, "a", 0)
                        said[item] = b""
                    case "feed" if said:
                        item = list(said)[-1]
                        pcm = speech(amount, number)
                        if any(isinstance(event, Heard) and event.item == item for event in events):
                            continue
                        door.feed(item, pcm)
                        said[item] += pcm
                    case "wait":
                        await asyncio.sleep(amount / 1000)
                    case "pause":
                        door.pause()
                    case "resume":
                        door.resume()
                    case "cut":
                        door.cut()
                    case "nobody" | "somebody":
                        door.audience(step == "somebody")
                    case _:
                        pass
            door.cut()
        over = [event for event in events if isinstance(event, Heard)]
        assert [event.item for event in over] == list(said)
        parts = [said[event.item][: event.heard_ms * RATE // 1000 * 2] for event in over]
        heard, at = speaker.heard, 0
        for part in parts:  # to the millisecond that `heard_ms` tells
            assert heard[at : at + len(part)] == part
            at += len(part)
            while at < len(heard) and len(heard) - at <= 2 * RATE // 1000 * len(parts):
                at += 2
            if at >= len(heard):
                break

    play()


@given(st.integers(1, 4000), st.integers(0, 4000), st.text("ab ", max_size=60))
def test_a_caption_only_grows(fed: int, step: int, text: str) -> None:
    @virtual_time
    async def play() -> None:
        door, _, events = gate()
        async with background(door.run()):
            door.open("m", "a", 0)
            door.write("m", text)
            door.feed("m", speech(fed))
            await asyncio.sleep(step / 1000)
            door.end("m")
            await asyncio.sleep(6)
        texts = [event.text for event in events if isinstance(event, Progress)]
        assert all(text.startswith(shown) for shown in texts)

    play()


@virtual_time
async def test_given_speech_that_starves_is_paused_or_cut_then_it_sounds_exactly_while_samples_are_played() -> None:
    door, speaker, events = gate()
    loop, seen = asyncio.get_running_loop(), list[tuple[float, bool]]()

    def note(event: GateEvent) -> None:
        events.append(event)
        if isinstance(event, Sounding):
            seen.append((round(loop.time(), 3), event.on))
            assert event.on == (speaker.queued > 0) == door.sounding

    door = AudioGate(speaker, RATE, note)
    async with background(door.run()):
        door.open("m1", "reception", 0)
        await asyncio.sleep(0.5)
        assert not door.sounding, "nothing has come yet"
        door.feed("m1", speech(300))
        await asyncio.sleep(1.5)  # until 2.0: starved from 0.8 on
        door.feed("m1", speech(4000))
        await asyncio.sleep(1)
        door.pause()
        await asyncio.sleep(1)
        door.resume()
        await asyncio.sleep(1)
        door.cut()
        await asyncio.sleep(1)
    assert seen == [(0.5, True), (0.8, False), (2.0, True), (3.0, False), (4.0, True), (5.0, False)]
    assert [ms(speaker.heard), *(event.heard_ms for event in events if isinstance(event, Heard))] == [2300, 2300]


@virtual_time
async def test_given_a_message_that_starves_then_a_word_may_go_before_the_rest_of_it_and_nothing_is_lost() -> None:
    door, speaker, events = gate()
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.feed("m1", speech(500, 1))
        await asyncio.sleep(1)
        door.open("word", "reception", 0, first=True)
        door.feed("word", speech(300, 2))
        door.end("word")
        door.feed("m1", speech(700, 3))
        door.end("m1")
        await asyncio.sleep(3)
    assert speaker.heard == speech(500, 1) + speech(300, 2) + speech(700, 3)
    assert [(event.item, event.heard_ms) for event in events if isinstance(event, Heard)] == [
        ("word", 300),
        ("m1", 1200),
    ]


@virtual_time
async def test_given_a_word_that_went_first_when_all_is_cut_then_each_has_what_was_heard_of_it() -> None:
    door, speaker, events = gate()
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.feed("m1", speech(500, 1))
        await asyncio.sleep(1)
        door.open("word", "reception", 0, first=True)
        door.feed("word", speech(3000, 2))
        await asyncio.sleep(1)
        door.cut()
    heard = {event.item: event.heard_ms for event in events if isinstance(event, Heard)}
    assert heard["m1"] == 500
    assert abs(heard["word"] - 1000) <= 20
    assert ms(speaker.heard) == sum(heard.values())


@virtual_time
async def test_given_a_message_that_sounds_then_no_word_goes_first() -> None:
    door, speaker, _ = gate()
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.feed("m1", speech(500, 1))
        door.end("m1")
        await asyncio.sleep(0.2)
        door.open("word", "reception", 0, first=True)
        door.feed("word", speech(300, 2))
        door.end("word")
        await asyncio.sleep(2)
    assert speaker.heard == speech(500, 1) + speech(300, 2)


@virtual_time
async def test_given_a_message_without_a_sound_then_nobody_has_heard_it() -> None:
    door, _, events = gate()
    async with background(door.run()):
        door.open("m1", "reception", 0)
        door.write("m1", "words alone")
        door.end("m1")
        await asyncio.sleep(1)
    [heard] = [event for event in events if isinstance(event, Heard)]
    assert (heard.heard_ms, heard.interrupted) == (0, True)
