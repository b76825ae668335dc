"""A caller who says nothing for long: asked, asked again, told goodbye; and taken back when they speak."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from agents.turn_taking import SilenceSpec
from worker.turns.farewell import LINGER_S, End, SayGoodbye
from worker.turns.long_silence import REASON, LongSilence, Nudge

SPEC = SilenceSpec(nudge_s=10, nudges=2, nudge="Are you there?", goodbye="Goodbye then.")


@dataclass
class Stage:
    silence: LongSilence
    caller_speaking: bool = False
    replying: bool = False
    audible: bool = False
    working: bool = False
    done: list[Nudge | SayGoodbye | End] = field(default_factory=list)

    def at(self, now: float) -> list[Nudge | SayGoodbye | End]:
        new: list[Nudge | SayGoodbye | End] = []
        while command := self.silence.step(
            now,
            caller_speaking=self.caller_speaking,
            replying=self.replying,
            audible=self.audible,
            working=self.working,
        ):
            new.append(command)
            self.replying = not isinstance(command, End)
            assert len(new) < 3, "it comes to rest"
        self.done += new
        return new

    def heard(self, now: float) -> None:
        """What was asked for is heard to its end, at that moment."""
        self.replying = False
        self.silence.said()
        self.at(now)


def test_given_a_long_silence_then_the_caller_is_asked_twice_told_goodbye_and_the_call_ends() -> None:
    held = Stage(LongSilence(SPEC))
    assert held.at(0.0) == []
    assert held.silence.deadline == 10.0
    assert held.at(9.9) == []
    [nudge] = held.at(10.0)
    assert isinstance(nudge, Nudge)
    assert "Are you there?" in nudge.hint
    held.heard(12.0)
    assert len(held.at(22.0)) == 1
    held.heard(24.0)
    [goodbye] = held.at(34.0)
    assert isinstance(goodbye, SayGoodbye)
    assert "Goodbye then." in goodbye.hint
    held.heard(36.0)
    assert held.at(36.0 + LINGER_S) == [End(REASON, parted=True)]


def test_given_a_caller_who_speaks_into_the_goodbye_then_it_is_taken_back() -> None:
    held = Stage(LongSilence(SPEC.model_copy(update={"nudges": 0})))
    held.at(0.0)
    [goodbye] = held.at(10.0)
    assert isinstance(goodbye, SayGoodbye)
    assert held.silence.broken()
    held.replying = False
    assert held.at(12.0) == []
    assert held.at(21.9) == []
    assert not held.silence.broken(), "there was nothing to take back"


def test_given_somebody_who_speaks_or_works_then_no_silence_is_counted() -> None:
    for who in ("caller_speaking", "replying", "audible", "working"):
        held = Stage(LongSilence(SPEC))
        held.at(0.0)
        setattr(held, who, True)
        assert held.at(50.0) == []
        assert held.silence.deadline is None
        setattr(held, who, False)
        assert held.at(51.0) == []
        assert held.silence.deadline == 61.0


def test_given_no_goodbye_then_nothing_more_is_said_until_the_caller_is_heard() -> None:
    held = Stage(LongSilence(SPEC.model_copy(update={"goodbye": None, "nudges": 1})))
    held.at(0.0)
    held.at(10.0)
    held.heard(11.0)
    assert held.at(21.0) == []
    assert held.at(1000.0) == []
    assert held.silence.deadline is None
    held.silence.broken()
    held.at(1001.0)
    assert len(held.at(1011.0)) == 1


def test_given_no_nudge_then_nothing_ever_happens() -> None:
    held = Stage(LongSilence(SilenceSpec(nudge_s=None)))
    assert held.at(0.0) == held.at(1e6) == []


@given(st.lists(st.tuples(st.floats(0.1, 12), st.booleans(), st.booleans(), st.booleans()), max_size=40))
def test_whatever_happens_nobody_is_asked_who_has_just_been_heard(
    moments: list[tuple[float, bool, bool, bool]],
) -> None:
    held, now, last = Stage(LongSilence(SPEC)), 0.0, 0.0
    held.at(0.0)
    for wait, speaks, works, heard in moments:
        now += wait
        if heard:
            held.heard(now)
        if speaks:
            held.silence.broken()
            last = now
        held.caller_speaking, held.working = speaks, works
        for command in held.at(now):
            if isinstance(command, Nudge):
                assert now - last >= 10
                assert not speaks
                assert not works
        if any(isinstance(command, End) for command in held.done):
            break
