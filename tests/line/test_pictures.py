"""Which pictures are before the model, and what it knows of the others."""

import pytest

from agents.memory import MemorySpec
from agents.showing import Source
from worker.line.compaction import outgrown, size
from worker.line.memory import Frame, Memory, Said, Shown


def memory(looks: int, *counts: int, keeps: int = 3) -> Memory:
    """One to which so many pictures each were shown, one after the other."""
    found = Memory()
    found.look(looks, keeps)
    for number, count in enumerate(counts):
        found.show(Shown(f"shown_{number}", f"[photo-{number}]", (b"jpeg",) * count))
    return found


def filmed(*sources: Source, most: int = 3) -> Memory:
    """One whose model looks at both, and has seen a frame of each of these, one after the other."""
    found = Memory()
    found.watch(frozenset({"camera", "screen"}))
    for number, source in enumerate(sources):
        found.see(Frame(f"frame_{number}", source, f"[{source}]", b"jpeg"), most)
    return found


def items(found: Memory) -> list[str]:
    return [entry.item for entry in found.held()]


def held(found: Memory) -> list[int | str]:
    """Of each thing shown, how many pictures the model has, or its words."""
    return [len(entry.pictures) if isinstance(entry, Shown) else getattr(entry, "text", "") for entry in found.held()]


def unseen(number: int) -> str:
    return f"[photo-{number}] You cannot see it now."


@pytest.mark.parametrize(
    ("looks", "counts", "known"),
    [
        (3, (1, 1, 1), [1, 1, 1]),
        (3, (1, 1, 1, 1), [unseen(0), 1, 1, 1]),
        (3, (2, 1, 2), [unseen(0), 1, 2]),
        (3, (1, 9), [unseen(0), 3]),
        (0, (1, 1), [unseen(0), unseen(1)]),
    ],
)
def test_the_newest_are_before_the_model(looks: int, counts: tuple[int, ...], known: list[int | str]) -> None:
    assert held(memory(looks, *counts)) == known


def test_what_is_not_before_it_is_another_item_so_that_a_session_which_has_the_picture_is_told() -> None:
    found = memory(3, 1, 1, 1)
    assert not found.withheld
    found.show(Shown("shown_3", "[photo-3]", (b"jpeg",)))
    assert found.withheld == {"shown_0"}
    assert [entry.item for entry in found.held()] == ["shown_0_", "shown_1", "shown_2", "shown_3"]


def test_pictures_that_nobody_will_look_at_are_let_go_and_others_come_back() -> None:
    found = memory(0, 1, 1, 1, 1)
    found.look(3, 3)
    assert held(found) == [unseen(0), 1, 1, 1]
    found.look(9, 9)
    assert held(found) == [unseen(0), 1, 1, 1], "what is let go is gone"


def test_what_is_known_to_be_on_it_is_told_in_its_place() -> None:
    found = Memory()
    found.show(Shown("shown_0", "[photo-0]", (b"jpeg",), 'the text "7"'))
    assert held(found) == ['[photo-0] It shows the text "7".']


def test_a_summary_stands_for_what_was_shown_whether_it_is_before_the_model_or_not() -> None:
    found = memory(3, 1, 1, 1, 1)
    found.add(Said("said", "user", "Thank you."))
    outgrown = found.plan(frozenset({"shown_0_", "shown_1"}))
    assert [text for _, text in outgrown.turns] == [unseen(0), unseen(1)]
    assert found.compact(outgrown, "Two photos.")
    assert held(found) == ["Two photos.", 1, 1, "Thank you."]


def test_words_do_not_give_way_to_pictures() -> None:
    assert size(memory(3, 1)) == size(memory(3, 3)) > 0


def test_of_frames_the_newest_are_before_the_model_and_nothing_is_left_of_older_ones() -> None:
    found = filmed("screen", "camera", "screen", "screen", "camera")
    assert items(found) == ["frame_2", "frame_3", "frame_4"]
    assert not found.withheld
    found.look_away()
    assert items(found) == []


def test_the_last_frame_of_what_is_on_stays_when_another_changes_all_the_time_and_goes_when_it_is_off() -> None:
    found = filmed("screen", "camera", "camera", "camera")
    assert items(found) == ["frame_0", "frame_2", "frame_3"]
    found.see(Frame("frame_4", "screen", "[screen]", b"jpeg", whose="ben"), 3)
    assert items(found) == ["frame_0", "frame_3", "frame_4"], "each person's"
    found.off("screen", "")
    found.see(Frame("frame_5", "camera", "[camera]", b"jpeg"), 3)
    assert items(found) == ["frame_3", "frame_4", "frame_5"]


def test_of_more_that_are_on_than_may_be_remembered_the_newest_are() -> None:
    assert items(filmed("screen", "camera", most=1)) == ["frame_1"]


def test_frames_of_what_an_agent_does_not_look_at_are_withheld() -> None:
    found = filmed("screen", "camera", "screen")
    found.watch(frozenset({"camera"}))
    assert items(found) == ["frame_1"]
    assert found.withheld == {"frame_0", "frame_2"}, "a session that cannot forget them is no session for them"


def test_a_frame_is_no_turn_and_no_part_of_a_summary() -> None:
    found = filmed("screen")
    found.add(Said("said", "user", "What is this?"))
    assert found.turns() == (("user", "What is this?"),)
    assert found.plan(frozenset({"frame_0", "said"})).turns == (("user", "What is this?"),)
    assert not outgrown(found, MemorySpec(budget_tokens=500, keep_turns=1))
