"""Which frames are given: by what changes, by what the caller says, and never too many."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.showing import Source
from worker.looking.glimpse import SENSES, Glimpse, differs
from worker.looking.sampler import BURST, FIRST_S, FOR_WORDS, QUIET_S, Pace, Sampler

STEP_S = 0.05  # as a microphone's frames come
WATCHED, AT_WORDS = Pace(1.0, watches=True), Pace(0.5, watches=False)


def picture(number: int, source: Source = "screen", *, width_px: int = 1600, detail: float = 1.0) -> Glimpse:
    """Another one for each number, from 0 to 9."""
    sense = SENSES[source]
    grey = np.zeros((sense.height, sense.width), np.uint8)
    grey[:, number * sense.width // 10 : (number + 1) * sense.width // 10] = 200
    return Glimpse(grey, width_px, width_px * 9 // 16, detail)


@dataclass
class Film:
    """A screen that is looked at, and what came of it. `shows` is there at each moment."""

    pace: Pace = WATCHED
    now: float = 0.0
    shows: Glimpse = field(default_factory=lambda: picture(0))
    looks: list[float] = field(default_factory=list)
    given: list[tuple[float, bool]] = field(default_factory=list)  # when, and whether for words
    sampler: Sampler = field(init=False)

    def __post_init__(self) -> None:
        self.sampler = Sampler("screen", self.now, self.pace)

    def run(self, seconds: float, *, loud: bool = False) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.sampler.speech(self.now, loud=loud)
            due = self.sampler.deadline
            if due is not None and due <= self.now:
                words = self.sampler.look(self.now)
                self.looks.append(self.now)
                if self.sampler.gives(self.now, self.shows, words=words):
                    self.given.append((self.now, words))
            self.now += STEP_S

    @property
    def counts(self) -> tuple[int, int]:
        """How many were given for words, and for a change."""
        for_words = sum(words for _, words in self.given)
        return for_words, len(self.given) - for_words


@pytest.mark.parametrize("pace", [WATCHED, AT_WORDS])
def test_a_picture_that_stays_as_it_is_is_given_once_whatever_is_said(pace: Pace) -> None:
    film = Film(pace)
    for _ in range(60):
        film.run(1.0)
        film.run(2.0, loud=True)
    assert len(film.given) == 1


def test_what_changes_is_given_at_its_pace() -> None:
    film = Film()
    for second in range(60):
        film.shows = picture(second % 10)
        film.run(1.0)
    assert 58 <= len(film.given) <= 60
    assert film.counts[0] == 0


def test_what_is_said_has_a_frame_at_its_beginning_and_at_its_end() -> None:
    film = Film(AT_WORDS)
    film.run(5.0)
    film.shows = picture(1)
    began = film.now
    film.run(0.7, loud=True)
    film.shows = picture(2)
    film.run(0.1)
    film.run(0.8, loud=True)  # a breath was no end
    ended = film.now
    film.shows = picture(3)
    film.run(1.0)
    film.shows = picture(4)
    film.run(30.0)
    assert film.counts == (2, 1)
    assert [at for at, words in film.given if words] == pytest.approx([began, ended + QUIET_S], abs=1.5 * STEP_S)


def test_who_watches_all_the_time_has_something_left_for_words() -> None:
    film = Film(Pace(0.5, watches=True))
    for step in range(400):
        film.shows = picture(step % 10)
        film.run(0.25)
    film.shows = picture(5)
    before = len(film.given)
    film.run(0.5, loud=True)
    film.shows = picture(6)
    film.run(0.5)
    words = [at for at, for_words in film.given[before:] if for_words]
    assert len(words) == 2


def test_what_nobody_watches_all_the_time_is_looked_at_for_words_alone() -> None:
    film = Film(AT_WORDS)
    film.run(60.0)
    assert len(film.looks) == 1


def test_until_there_is_a_frame_it_is_looked_for() -> None:
    sampler = Sampler("camera", 0.0, AT_WORDS)
    assert sampler.deadline == 0.0
    assert not sampler.look(0.0)
    assert sampler.deadline == FIRST_S
    assert sampler.gives(0.4, picture(1, "camera"), words=False)
    assert not sampler.look(0.4)
    assert sampler.deadline is None


def test_a_turn_has_a_frame_of_its_moment_unless_words_had_one_just_now() -> None:
    film = Film(AT_WORDS)
    film.run(10.0)
    film.sampler.turn(film.now, 1.0)
    assert film.sampler.deadline == film.now
    film.run(0.1)
    film.sampler.turn(film.now, 1.0)
    assert film.sampler.deadline is None


def test_a_share_that_was_blurred_is_looked_at_again_when_it_is_not() -> None:
    film = Film()
    film.shows = picture(1, width_px=640, detail=1.0)
    film.run(2.0)
    film.shows = picture(1, width_px=640, detail=1.6)
    film.run(2.0)
    assert len(film.given) == 2
    film.shows = picture(1, width_px=1600, detail=1.6)
    film.run(2.0)
    assert len(film.given) == 3
    film.run(10.0)
    assert len(film.given) == 3


Moment = tuple[int, bool]  # what is shown for half a second, and whether the caller speaks


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=200),
    st.sampled_from([WATCHED, AT_WORDS, Pace(2.0, watches=True)]),
)
def test_however_it_goes_frames_are_no_more_than_the_pace_allows(moments: Sequence[Moment], pace: Pace) -> None:
    film = Film(pace)
    for number, loud in moments:
        film.shows = picture(number)
        film.run(0.5, loud=loud)
    times = [at for at, _ in film.given]
    for first, start in enumerate(times):
        for last, end in enumerate(times[first:], first):
            assert last - first + 1 <= pace.fps * (end - start) + BURST + 1e-6
    changes = [at for at, words in film.given[1:] if not words]
    for first, start in enumerate(changes):
        for last, end in enumerate(changes[first:], first):
            assert last - first + 1 <= pace.fps * (end - start) + BURST - FOR_WORDS + 1e-6


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60))
def test_in_the_end_the_model_has_what_is_there(moments: Sequence[Moment]) -> None:
    film = Film()
    for number, loud in moments:
        film.shows = picture(number)
        film.run(0.5, loud=loud)
    film.run(10.0)
    before = len(film.given)
    film.run(10.0)
    assert len(film.given) == before
    assert film.sampler._given is not None
    assert not differs(film.sampler._given, film.shows, SENSES["screen"])
