from worker.local_model.voice import pieces


def test_a_piece_of_speech_has_the_blank_that_shows_that_it_is_over_and_the_last_has_none() -> None:
    assert pieces("It left on Monday. It is here?  Yes.") == ["It left on Monday. ", "It is here? ", "Yes."]
    assert pieces("Yes.") == ["Yes."]
    assert not pieces(" ")


def test_a_long_first_sentence_is_cut_after_a_clause() -> None:
    long = "Your parcel is on its way, and it will be with you on Thursday in the morning, or in the afternoon."
    first, second = pieces(long)
    assert (first, second) == ("Your parcel is on its way, ", long.removeprefix(first))
