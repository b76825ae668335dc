"""What becomes of a reply, and what the next is told."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from tests.fakes import FakeSpeaker
from tests.virtual_time import virtual_time
from worker.background import background
from worker.gate.audio_gate import AudioGate, GateEvent, Heard, Started
from worker.journal.events import JournalEvent, WatchdogFired
from worker.line.events import Audio, MessageEnded, MessageStarted, ReplyEnded, ReplyStarted, Text
from worker.turns.arbiter import Reason
from worker.turns.replies import BUSY, CORRECTIONS, Replies
from worker.turns.reply_hints import LATE_RESULT, ONE_MOMENT
from worker.turns.watchdog import BEGIN_S, CANCEL_S, RETRIES, STALL_S, Watchdog

RATE = 24000
WORDS = "Your order comes on Monday."


class FakeModel:
    """Takes requests as a line does; what comes of them is the test's to tell."""

    def __init__(self) -> None:
        self.up = True
        self.asked: list[str] = []  # the hints
        self.without_tools: list[str] = []
        self.cancelled: list[str | None] = []
        self.given_up: list[str] = []
        self.said: dict[str, str] = {}

    def ask(self, hint: str = "", *, tools: bool = True) -> str:
        self.asked.append(hint)
        if not tools:
            self.without_tools.append(hint)
        return f"ask {len(self.asked)}"

    def cancel(self, reply: str | None = None) -> None:
        self.cancelled.append(reply)

    def give_up(self, why: str) -> None:
        self.given_up.append(why)

    def words(self, item: str) -> str:
        return self.said[item]


class Stage:
    """Replies that are heard through a real gate. The n-th request is for `reply n`, whose message is `item n`."""

    def __init__(self) -> None:
        self.model = FakeModel()
        self.gate = AudioGate(FakeSpeaker(RATE), RATE, self._on_gate)
        self.watched = Watchdog()
        self.replies = Replies(
            self.model,
            self.gate,
            self.watched,
            clock=asyncio.get_running_loop().time,
            record=self._record,
            begun=self._on_begun,
            not_begun=self._on_not_begun,
            gave_up=lambda _: self.apologies.append(len(self.model.asked)),
            how_it_goes=lambda: self.progress,
        )
        self.progress = ""  # what a tool has told
        self.to_enter: int | None = None  # the epoch of a handoff that is on its way
        self.rolled_back: list[str] = []
        self.heard: list[str] = []
        self.apologies: list[int] = []  # after so many requests
        self.latencies_ms: list[int | None] = []
        self.watchdog: list[str] = []  # what it did
        self.why: list[str] = []  # and why

    def _on_gate(self, event: GateEvent) -> None:
        match event:
            case Started(item):
                self.replies.sounds(item)
            case Heard(item=item, text=text, heard_ms=heard_ms):
                self.heard.append(text)
                self.latencies_ms.append(self.replies.latency_ms(item, heard=heard_ms > 0))

    def _record(self, event: JournalEvent) -> None:
        assert isinstance(event, WatchdogFired)
        self.watchdog.append(event.action)
        self.why.append(event.reason)

    def _on_begun(self, epoch: int) -> None:
        if epoch == self.to_enter:
            self.to_enter = None

    def _on_not_begun(self, epoch: int, why: str) -> bool:
        if epoch != self.to_enter:
            return False
        self.to_enter = None
        self.rolled_back.append(why)
        self.replies.want(Reason.ENTRY, "They could not be reached.")
        return True

    @property
    def last(self) -> str:
        return f"reply {len(self.model.asked)}"

    def ask(self, epoch: int = 0) -> bool:
        """Whether a reply was due, and is asked for."""
        before = len(self.model.asked)
        self.replies.ask("ann", epoch, caller_speaking=False)
        return len(self.model.asked) > before

    def want(self, reason: Reason, hint: str = "") -> None:
        """A reply that is due, and asked for."""
        self.replies.want(reason, hint)
        assert self.ask()

    def start(self) -> None:
        self.replies.handle(ReplyStarted(self.last, f"ask {len(self.model.asked)}"))

    def speak(self, ms: int = 2000) -> None:
        """The last reply begins, and a message in it."""
        item = self.last.replace("reply", "item")
        self.model.said[item] = WORDS
        self.start()
        self.replies.handle(MessageStarted(self.last, item))
        self.replies.handle(Text(self.last, item, WORDS))
        if ms:
            self.feed(ms)

    def feed(self, ms: int) -> None:
        self.replies.handle(Audio(self.last, self.last.replace("reply", "item"), bytes(2 * RATE * ms // 1000)))

    def end(self, failure: str = "") -> None:
        if not failure:
            self.replies.handle(MessageEnded(self.last, self.last.replace("reply", "item")))
        self.replies.handle(ReplyEnded(self.last, failure))

    def fail(self, times: Iterable[int]) -> None:
        """So many replies fail before a word, and each is asked for again."""
        for _ in times:
            self.start()
            self.end("server_error")
            assert self.ask()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    stage = Stage()
    async with background(stage.gate.run()):
        yield stage


@virtual_time
async def test_given_a_turn_then_its_reply_is_heard_and_the_wait_is_known_for_its_first_sound_only() -> None:
    async with staged() as stage:
        await asyncio.sleep(1)
        stage.replies.caller_spoke(ended=0.5)
        assert stage.replies.due
        assert stage.ask()
        assert (stage.replies.running, stage.replies.due) == (True, False)
        assert not stage.ask(), "one at a time"
        stage.speak()
        stage.end()
        assert not stage.replies.running
        assert stage.watched.deadline is None
        await asyncio.sleep(3)
        stage.want(Reason.RESULT)
        stage.speak()
        stage.end()
        await asyncio.sleep(3)
        assert stage.heard == [WORDS, WORDS]
        assert stage.latencies_ms == [500, None]
        assert not stage.ask()
        assert stage.watchdog == []


@virtual_time
async def test_given_a_first_sound_that_was_cut_before_it_was_heard_then_the_wait_goes_on() -> None:
    async with staged() as stage:
        await asyncio.sleep(1)
        stage.replies.caller_spoke(ended=0.5)
        assert stage.ask()
        stage.speak()
        await asyncio.sleep(0)
        stage.replies.cut()
        stage.end()
        await asyncio.sleep(1)
        stage.want(Reason.RESULT)
        stage.speak()
        stage.end()
        await asyncio.sleep(3)
        assert stage.latencies_ms == [None, 1500]


@virtual_time
async def test_given_a_line_that_is_down_then_nothing_is_asked_or_given_up() -> None:
    async with staged() as stage:
        stage.replies.want(Reason.TURN)
        stage.model.up = False
        assert not stage.ask()
        stage.model.up = True
        assert stage.ask()
        stage.model.up = False
        await asyncio.sleep(STALL_S)
        stage.replies.watch()
        assert stage.replies.running


@virtual_time
async def test_given_no_reply_then_nothing_can_become_of_it() -> None:
    async with staged() as stage:
        stage.replies.handle(ReplyStarted("reply 0", "ask 0"))
        stage.replies.handle(Audio("reply 0", "item 0", bytes(RATE)))
        stage.replies.handle(ReplyEnded("reply 0", "server_error"))
        stage.replies.refused("", BUSY)
        stage.replies.watch()
        stage.replies.cut()
        stage.replies.line_lost()
        assert stage.model.cancelled == ["reply 0"]
        assert not stage.ask()
        assert stage.watchdog == []


@virtual_time
async def test_given_a_provider_that_is_busy_with_another_reply_then_that_is_cancelled_and_ours_asked_again() -> None:
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        stage.replies.refused("ask 1", BUSY)
        assert stage.model.cancelled == [None]
        assert not stage.ask(), "the other is not over"
        stage.replies.handle(ReplyEnded("reply of somebody", ""))
        assert stage.ask()
        assert stage.model.asked == ["Greet them.", "Greet them."]
        assert stage.watchdog == ["ask again"]


@virtual_time
async def test_given_another_reply_that_does_not_end_then_ours_is_asked_again_all_the_same() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.replies.refused("", BUSY)
        assert stage.watched.deadline == CANCEL_S
        await asyncio.sleep(CANCEL_S)
        stage.replies.watch()
        assert stage.ask()
        assert stage.why == ["the provider stays busy with another reply"]


@virtual_time
async def test_given_a_refusal_of_a_reply_that_is_not_waited_for_then_it_means_nothing() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.replies.refused("ask 0", "invalid_value")
        stage.speak()
        stage.replies.refused("ask 1", "invalid_value")
        assert stage.replies.running
        assert stage.watchdog == []


@virtual_time
async def test_given_a_provider_that_refuses_for_good_then_it_is_asked_again_and_then_left_until_the_next_turn() -> (
    None
):
    async with staged() as stage:
        stage.want(Reason.TURN)
        for number in range(RETRIES):
            stage.replies.refused(f"ask {number + 1}", "invalid_value")
            assert stage.ask()
        stage.replies.refused(f"ask {RETRIES + 1}", "invalid_value")
        assert not stage.ask()
        assert stage.watchdog == ["ask again", "swap the line", "apologise"]
        assert stage.apologies == [RETRIES + 1]
        assert stage.watched.deadline is None
        stage.replies.caller_spoke(ended=0)
        assert stage.ask()
        stage.fail(range(RETRIES))


@virtual_time
async def test_given_a_model_that_does_not_begin_then_another_session_is_asked_and_the_late_reply_is_not_heard() -> (
    None
):
    async with staged() as stage:
        stage.want(Reason.TURN, "Greet them.")
        await asyncio.sleep(BEGIN_S - 1)
        stage.replies.watch()
        assert stage.model.given_up == []
        await asyncio.sleep(1)
        stage.replies.watch()
        assert len(stage.model.given_up) == 1
        assert stage.watchdog == ["swap the line"]
        stage.replies.line_lost()
        assert stage.ask()
        assert stage.model.asked[-1] == "Greet them."
        stage.replies.handle(ReplyStarted("reply 1", "ask 1"))
        stage.replies.handle(MessageStarted("reply 1", "item 1"))
        stage.replies.handle(Audio("reply 1", "item 1", bytes(RATE)))
        stage.replies.handle(ReplyEnded("reply 1", ""))
        assert stage.model.cancelled == ["reply 1"]
        assert not stage.gate.audible
        assert stage.replies.running, "the second is"


@virtual_time
async def test_given_sessions_that_are_all_mute_then_the_second_is_the_last_that_is_asked() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        await asyncio.sleep(BEGIN_S)
        stage.replies.watch()
        stage.replies.line_lost()
        assert stage.ask()
        await asyncio.sleep(BEGIN_S)
        stage.replies.watch()
        assert len(stage.model.given_up) == 2, "what the caller says next is for another"
        assert stage.watchdog == ["swap the line", "apologise"]
        assert stage.apologies == [2]
        assert not stage.ask()


@virtual_time
async def test_given_sound_without_words_then_it_is_cancelled_and_asked_for_again_when_that_is_confirmed() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN, "Greet them.")
        stage.speak()
        stage.replies.unworded("item 1", "", again=True)
        assert stage.model.cancelled == ["reply 1"]
        assert not stage.ask(), "the provider has not ended it yet"
        stage.end("cancelled")
        assert stage.ask()
        assert stage.model.asked == ["Greet them."] * 2
        assert (stage.watchdog, stage.why) == (["ask again"], ["the reply has no words"])


@virtual_time
async def test_given_sound_without_words_whatever_is_asked_then_there_is_an_apology_though_each_reply_came_to_its_end() -> (
    None
):
    async with staged() as stage:
        stage.want(Reason.TURN, "Greet them.")
        for number in range(RETRIES + 1):
            assert not number or stage.ask()
            stage.speak()
            stage.end()
            stage.replies.unworded(f"item {number + 1}", "", again=True)
        assert not stage.ask()
        assert stage.model.asked == ["Greet them."] * (RETRIES + 1)
        assert stage.watchdog == ["ask again", "swap the line", "apologise"]


@virtual_time
async def test_given_words_that_do_not_go_on_then_the_next_reply_does_from_what_was_heard() -> None:
    async with staged() as stage:
        stage.want(Reason.NEWS)
        stage.speak()
        stage.replies.unworded("item 1", "Your order", again=True)
        assert stage.watchdog == ["leave it"], "news of which something was heard is not told anew"
        stage.end("cancelled")
        stage.want(Reason.TURN)
        stage.speak()
        stage.replies.unworded("item 2", "Your order", again=True)
        stage.end("cancelled")
        assert stage.ask()
        assert 'heard this much: "Your order"' in stage.model.asked[-1]


@virtual_time
async def test_given_sound_without_words_of_somebody_who_has_the_call_no_more_then_it_is_only_cancelled() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak()
        stage.replies.unworded("item 1", "", again=False)
        stage.end("cancelled")
        assert stage.model.cancelled == ["reply 1"]
        assert not stage.ask()
        assert stage.watchdog == []


@virtual_time
async def test_given_an_answer_that_is_given_up_then_no_other_attempt_at_it_follows_the_apology() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak()
        stage.replies.unworded("item 1", "", again=True)
        stage.replies.say("I may not say that.")
        stage.replies.abandon("it took too long")
        assert not stage.model.given_up, "its reply is cut, and its session as good as any"
        stage.end("cancelled")
        assert not stage.ask()
        assert stage.watchdog == ["ask again", "apologise"]


@virtual_time
async def test_given_a_reply_of_words_alone_then_it_is_as_if_it_had_not_come() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN, "Greet them.")
        stage.speak(ms=0)
        stage.end()
        assert stage.why == ["the reply has no sound"]
        await asyncio.sleep(1)
        assert stage.ask()
        assert stage.model.asked == ["Greet them."] * 2, "there is nothing to go on from"


@virtual_time
async def test_given_an_answer_that_nobody_will_hear_then_it_is_left_and_there_is_an_apology() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.start()
        stage.replies.abandon("it took too long")
        assert stage.model.cancelled == ["reply 1"]
        assert (stage.watchdog, stage.apologies) == (["apologise"], [1])
        assert stage.model.given_up == ["it took too long"]
        assert not stage.replies.running
        assert stage.watched.deadline is None
        assert not stage.ask()


@virtual_time
async def test_given_a_model_that_answers_unasked_then_it_is_heard_as_the_reply_to_the_turn() -> None:
    async with staged() as stage:
        stage.want(Reason.NEWS)
        stage.replies.answers("reply 9", "ann", 0)
        stage.replies.handle(MessageStarted("reply 9", "item 9"))
        stage.replies.handle(Text("reply 9", "item 9", WORDS))
        stage.replies.handle(Audio("reply 9", "item 9", bytes(RATE)))
        stage.replies.handle(MessageEnded("reply 9", "item 9"))
        assert not stage.ask(), "it runs"
        stage.replies.handle(ReplyEnded("reply 9", ""))
        await asyncio.sleep(1)
        assert stage.heard == [WORDS]
        assert not stage.replies.running


@virtual_time
async def test_given_a_model_that_does_not_answer_a_turn_unasked_then_it_is_asked() -> None:
    async with staged() as stage:
        stage.replies.owed(ended=0)
        assert stage.watched.deadline == BEGIN_S
        await asyncio.sleep(BEGIN_S - 1)
        stage.replies.watch()
        assert not stage.ask()
        await asyncio.sleep(1)
        stage.replies.watch()
        assert stage.watchdog == ["ask"]
        assert stage.ask()


@virtual_time
async def test_given_a_model_that_answers_a_turn_in_time_then_it_owes_nothing() -> None:
    async with staged() as stage:
        stage.replies.owed(ended=0)
        stage.replies.answers("reply 9", "ann", 0)
        stage.replies.handle(ReplyEnded("reply 9", ""))
        await asyncio.sleep(BEGIN_S)
        stage.replies.watch()
        assert "ask" not in stage.watchdog, "but that its reply is empty was seen"


@virtual_time
async def test_given_a_model_that_is_about_to_answer_unasked_then_nothing_is_asked_that_would_break_it_off() -> None:
    async with staged() as stage:
        stage.replies.owed(ended=0)
        stage.replies.want(Reason.FILLER)
        assert not stage.ask()
        stage.replies.answers("reply 9", "ann", 0)
        assert not stage.ask()


@virtual_time
async def test_given_a_turn_of_the_callers_that_is_to_be_asked_for_then_nothing_is_owed_any_more() -> None:
    async with staged() as stage:
        stage.replies.owed(ended=0)
        stage.replies.caller_spoke(ended=0)
        assert stage.ask(), "another provider took over, or the caller typed"


@virtual_time
async def test_given_a_result_when_the_caller_is_answered_unasked_then_it_is_told_after_that() -> None:
    async with staged() as stage:
        stage.replies.want(Reason.RESULT)
        stage.replies.answers("reply 9", "ann", 0)
        stage.replies.handle(MessageStarted("reply 9", "item 9"))
        stage.replies.handle(Audio("reply 9", "item 9", b""))
        stage.replies.handle(ReplyEnded("reply 9", ""))
        assert stage.ask()
        assert stage.model.asked == [LATE_RESULT]


@virtual_time
async def test_given_a_greeting_when_the_caller_is_answered_unasked_then_no_later_reply_is_told_to_greet() -> None:
    async with staged() as stage:
        stage.replies.want(Reason.ENTRY, "Greet them.")
        stage.replies.answers("reply 9", "ann", 0)
        stage.replies.handle(MessageStarted("reply 9", "item 9"))
        stage.replies.handle(Audio("reply 9", "item 9", b""))
        stage.replies.handle(ReplyEnded("reply 9", ""))
        assert not stage.ask()
        stage.replies.want(Reason.RESULT)
        assert stage.ask()
        assert stage.model.asked == [""]


@virtual_time
async def test_given_a_reply_that_falls_silent_then_what_there_is_of_it_is_heard_and_the_next_goes_on() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak(ms=500)
        await asyncio.sleep(STALL_S - 1)
        stage.feed(500)
        await asyncio.sleep(STALL_S - 1)
        stage.replies.watch()
        assert stage.replies.running, "it was a sign of life"
        await asyncio.sleep(1)
        stage.replies.watch()
        assert stage.model.given_up == ["no sign of life for 9 s"]
        stage.replies.line_lost()
        await asyncio.sleep(1)
        assert stage.heard == [WORDS]
        assert stage.ask()
        assert f'"{WORDS}" Go on from there' in stage.model.asked[-1]


@virtual_time
async def test_given_replies_that_fail_then_so_many_are_asked_for_again_and_a_good_one_counts_anew() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.fail(range(RETRIES))
        stage.speak()
        stage.end()
        await asyncio.sleep(3)
        stage.want(Reason.RESULT)
        stage.fail(range(RETRIES))
        stage.start()
        stage.end("server_error")
        assert not stage.ask()
        assert stage.watchdog == ["ask again", "swap the line", "ask again", "ask again", "apologise"]
        assert stage.model.given_up == ["server_error"], "once, until the caller speaks again"


@virtual_time
async def test_given_a_reply_that_fails_in_mid_sentence_then_its_words_are_heard_and_the_next_goes_on_at_once() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak(ms=1000)
        stage.end("server_error")
        assert stage.why == ["server_error"]
        assert stage.ask(), "it takes its time to begin"
        assert f'"{WORDS}" Go on from there' in stage.model.asked[-1]
        stage.speak(ms=1000)
        stage.end()
        await asyncio.sleep(0.9)
        assert not stage.heard
        await asyncio.sleep(1.2)
        assert stage.heard == [WORDS] * 2, "one after the other, without a pause"


@virtual_time
async def test_given_an_empty_reply_then_it_is_asked_for_again_but_not_one_that_calls_a_tool() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.start()
        stage.end()
        assert stage.why == ["the reply was empty"]
        assert stage.ask(epoch=3)
        stage.start()
        assert stage.replies.tool_requested("reply 1") is None, "of another time"
        assert stage.replies.tool_requested("reply 2") == 3
        stage.end()
        assert not stage.ask()
        assert stage.watchdog == ["ask again"]


@virtual_time
async def test_given_a_tool_call_late_in_a_reply_then_the_reply_has_some_time_to_end() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.start()
        assert stage.watched.deadline == STALL_S
        await asyncio.sleep(1)
        stage.replies.tool_requested(stage.last)
        assert stage.watched.deadline == STALL_S
        await asyncio.sleep(STALL_S - 2)
        stage.replies.tool_requested(stage.last)
        assert stage.watched.deadline == STALL_S - 1 + CANCEL_S


@virtual_time
async def test_given_a_cut_before_the_reply_began_then_it_is_cancelled_when_it_does_and_its_hint_is_the_next_ones() -> (
    None
):
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        stage.replies.cut()
        assert stage.model.cancelled == []
        assert stage.watched.deadline == CANCEL_S
        stage.replies.caller_spoke(ended=0)
        assert not stage.ask(), "the provider has one to end"
        stage.speak()
        assert stage.model.cancelled == ["reply 1"]
        assert not stage.gate.audible
        stage.end("cancelled")
        assert stage.watchdog == []
        assert stage.ask()
        assert stage.model.asked[-1] == "Greet them."


@virtual_time
async def test_given_a_cut_that_is_never_confirmed_then_the_reply_is_taken_to_be_over() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.replies.cut()
        await asyncio.sleep(CANCEL_S)
        stage.replies.watch()
        assert not stage.replies.running
        assert not stage.ask(), "nobody wants to hear it"
        assert stage.watchdog == []


@virtual_time
async def test_given_a_cut_while_it_speaks_then_it_is_silent_at_once_and_nothing_of_it_comes_after() -> None:
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        stage.speak(ms=4000)
        await asyncio.sleep(1)
        stage.replies.cut()
        stage.replies.cut()
        assert stage.model.cancelled == ["reply 1"]
        assert WORDS.startswith(stage.heard[0])
        assert len(stage.heard[0]) < len(WORDS)
        stage.feed(1000)
        assert not stage.gate.audible
        stage.end()
        stage.want(Reason.TURN)
        assert stage.model.asked[-1] == "", "they were greeted"
        assert stage.watchdog == []


@virtual_time
async def test_given_retries_then_a_reply_that_is_cut_does_not_count_as_a_good_one() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.fail(range(RETRIES))
        stage.speak()
        stage.replies.cut()
        stage.end()
        stage.want(Reason.RESULT)
        stage.start()
        stage.end("server_error")
        assert not stage.ask()
        assert stage.watchdog[-1] == "apologise"


@virtual_time
async def test_given_a_line_lost_in_mid_reply_then_the_next_goes_on_from_what_was_heard() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak(ms=1000)
        stage.replies.line_lost()
        await asyncio.sleep(2)
        assert stage.heard == [WORDS]
        assert stage.ask()
        assert f'"{WORDS}" Go on from there' in stage.model.asked[-1]
        assert stage.watchdog == []


@virtual_time
async def test_given_a_line_lost_before_a_word_then_the_same_is_asked_for_in_the_new_session() -> None:
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        stage.start()
        stage.replies.line_lost()
        assert stage.ask()
        assert stage.model.asked == ["Greet them."] * 2


@virtual_time
async def test_given_a_line_lost_after_a_cut_then_nothing_is_asked_for_again() -> None:
    async with staged() as stage:
        stage.want(Reason.TURN)
        stage.speak()
        stage.replies.cut()
        stage.replies.line_lost()
        assert not stage.replies.running
        assert not stage.ask()


@virtual_time
async def test_given_a_filler_then_it_has_no_tools_tells_how_it_goes_and_is_not_tried_again() -> None:
    async with staged() as stage:
        stage.want(Reason.FILLER)
        stage.start()
        stage.end("server_error")
        assert not stage.ask()
        stage.progress = 'Half of "all" is done.'
        stage.want(Reason.FILLER)
        assert [ONE_MOMENT in hint for hint in stage.model.asked] == [True, False]
        assert "\"Half of 'all' is done.\"" in stage.model.asked[-1]
        assert stage.model.without_tools == stage.model.asked
        stage.replies.cut()
        stage.start()
        stage.end()
        assert stage.watchdog == ["leave it"]
        stage.want(Reason.TURN)
        assert stage.model.asked[-1] == "", "a filler's hint is not left to an answer"


@virtual_time
async def test_given_a_filler_that_is_not_needed_any_more_then_it_is_not_asked_for() -> None:
    async with staged() as stage:
        stage.replies.want(Reason.FILLER)
        stage.replies.drop(Reason.FILLER)
        assert not stage.ask()


@virtual_time
async def test_given_news_that_break_off_then_they_are_not_tried_again_and_the_next_reply_goes_on() -> None:
    async with staged() as stage:
        stage.replies.tell("The parcel is booked.")
        assert stage.ask()
        assert "The parcel is booked." in stage.model.asked[-1]
        stage.speak()
        stage.end("server_error")
        await asyncio.sleep(3)
        assert not stage.ask()
        assert stage.watchdog == ["leave it"]
        stage.want(Reason.TURN)
        assert "Go on from there" in stage.model.asked[-1]


@virtual_time
async def test_given_news_that_no_reply_will_tell_then_they_wait_for_the_caller_and_are_not_lost() -> None:
    async with staged() as stage:
        stage.replies.tell("The parcel is booked.")
        for _ in range(RETRIES + 1):
            assert stage.ask()
            stage.start()
            stage.end("server_error")
        assert not stage.ask()
        assert stage.watchdog == ["ask again", "swap the line", "apologise"]
        stage.replies.caller_spoke(ended=0.0)
        assert stage.ask()
        stage.speak()
        stage.end()
        await asyncio.sleep(3)
        assert stage.ask()
        assert "The parcel is booked." in stage.model.asked[-1]


@virtual_time
async def test_given_news_that_the_caller_cut_before_a_word_then_they_come_again_before_newer_ones() -> None:
    async with staged() as stage:
        stage.replies.tell("The parcel is booked.")
        assert stage.ask()
        stage.replies.cut()
        stage.start()
        stage.end()
        stage.want(Reason.TURN)
        assert "booked" not in stage.model.asked[-1], "the caller comes first"
        stage.speak()
        stage.end()
        await asyncio.sleep(3)
        assert stage.ask()
        assert "The parcel is booked." in stage.model.asked[-1]
        stage.replies.tell("The money is on its way.")
        stage.replies.cut()
        stage.start()
        stage.end()
        assert stage.ask()
        assert "The parcel is booked. The money is on its way." in stage.model.asked[-1]


@virtual_time
@pytest.mark.parametrize("failure", ["", "server_error"])
async def test_given_a_reply_that_said_nothing_then_its_hint_survives_until_one_is_said(failure: str) -> None:
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        for _ in range(RETRIES):
            stage.start()
            stage.replies.handle(ReplyEnded(stage.last, failure))
            assert stage.ask()
            assert stage.model.asked[-1] == "Greet them."
        stage.speak()
        stage.end()
        stage.want(Reason.TURN)
        assert stage.model.asked[-1] == ""


@virtual_time
async def test_given_a_hint_that_is_newer_than_that_of_a_reply_that_said_nothing_then_it_stands() -> None:
    async with staged() as stage:
        stage.want(Reason.ENTRY, "Greet them.")
        stage.replies.want(Reason.ENTRY, "They come from Ann.")
        stage.replies.cut()
        stage.start()
        stage.end()
        assert stage.ask()
        assert stage.model.asked[-1] == "They come from Ann."


@virtual_time
async def test_given_a_handoff_whose_first_reply_never_begins_then_it_is_undone_and_not_asked_for_again() -> None:
    async with staged() as stage:
        stage.to_enter = 1
        stage.replies.want(Reason.ENTRY, "Take over.")
        assert stage.ask(epoch=1)
        stage.replies.refused("ask 1", "invalid_value")
        assert stage.rolled_back == ["invalid_value"]
        assert stage.ask(epoch=2)
        assert stage.model.asked[-1] == "They could not be reached."
        assert stage.watchdog == []


@virtual_time
async def test_given_a_handoff_whose_first_reply_has_begun_then_a_failure_is_no_more_than_that() -> None:
    async with staged() as stage:
        stage.to_enter = 1
        stage.replies.want(Reason.ENTRY, "Take over.")
        assert stage.ask(epoch=1)
        stage.start()
        assert stage.to_enter is None
        stage.end("server_error")
        assert stage.rolled_back == []
        assert stage.watchdog == ["ask again"]


@virtual_time
async def test_given_a_model_that_insists_on_what_is_not_so_then_it_is_corrected_so_often_in_a_turn() -> None:
    async with staged() as stage:
        for _ in range(CORRECTIONS):
            stage.replies.correct(["book_parcel"])
            assert stage.ask()
            assert "book_parcel" in stage.model.asked[-1]
            stage.start()
            stage.replies.tool_requested(stage.last)
            stage.end()
        stage.replies.correct(["book_parcel"])
        assert not stage.ask()
        assert stage.watchdog == ["put it right"] * CORRECTIONS
        stage.replies.caller_spoke(ended=0)
        stage.replies.want(Reason.ENTRY, "Greet them.")
        stage.replies.correct(["book_parcel"])
        assert stage.ask()
        assert stage.model.asked[-1].startswith("Greet them. ")
        assert "book_parcel" in stage.model.asked[-1]
