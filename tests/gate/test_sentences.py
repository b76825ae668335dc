import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.gate.sentences import LONGEST, Sentences


def cut(text: str, size: int) -> list[str]:
    sentences = Sentences()
    found = [one for place in range(0, len(text), size) for one in sentences.add(text[place : place + size])]
    found += sentences.end()
    assert [one.number for one in found] == list(range(len(found)))
    return [text[one.start : one.end].strip() for one in found]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs 4.50 at Dr. Smith. And?", ["It costs 4.50 at Dr. Smith.", "And?"]),
        ("Well... what? Really?! Yes", ["Well...", "what?", "Really?!", "Yes"]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("Your order no. 1042 is here. it is", ["Your order no. 1042 is here.", "it is"]),
        ("\u4f60\u597d\u3002\u6211\u5f88\u597d\u3002", ["\u4f60\u597d\u3002", "\u6211\u5f88\u597d\u3002"]),
        ("  ", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end_however_it_comes(text: str, expected: list[str], size: int) -> None:
    assert cut(text, size) == expected


def test_a_sentence_is_over_as_soon_as_something_follows_its_mark() -> None:
    sentences = Sentences()
    assert not sentences.add("It is here.")
    [first] = sentences.add(" ")
    assert (first.start, first.end) == (0, len("It is here."))
    assert not sentences.add("Ask Dr. Smith")


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("It is here.", True),
        ("It is here", False),
        ("Is it? It is.", True),
        ('He said "Go."', True),
        ("Ask Dr.", False),
        ("It costs 4.", False),
        ("It is here. ", False),
    ],
)
def test_a_sentence_is_likely_to_be_over_when_a_mark_is_the_last_that_is_known(text: str, likely: bool) -> None:
    sentences = Sentences()
    sentences.add(text)
    one = sentences.likely
    assert (one is not None) is likely
    assert one is None or sentences.add(" And")[-1:] == [one], "the same, when it is known"


def test_what_goes_on_after_its_mark_was_no_sentence() -> None:
    sentences = Sentences()
    sentences.add("Look at example.")
    assert (one := sentences.likely)
    [whole] = [*sentences.add("com is open. "), *sentences.end()]
    assert (whole.start, whole.end) == (0, len("Look at example.com is open."))
    assert whole != one


@given(st.text(alphabet="ab .!?,1\n", max_size=900), st.integers(1, 50))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, size: int) -> None:
    sentences = Sentences()
    found = [one for place in range(0, len(text), size) for one in sentences.add(text[place : place + size])]
    found += sentences.end()
    ends = [0, *(one.end for one in found)]
    assert [one.start for one in found] == ends[:-1]
    assert not text[ends[-1] :].strip()
    assert all(one.end - one.start <= LONGEST + size for one in found)
