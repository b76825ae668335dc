"""Where a caller was last silent."""

from bench.tones import tone
from worker.line.pauses import Pauses

RATE = 24000


def test_given_words_and_silences_then_it_knows_where_the_last_sound_before_a_pause_ended() -> None:
    pauses = Pauses(RATE)

    def hear(hz: int, ms: int) -> int:
        pcm = tone(hz, ms, RATE).tobytes()
        for start in range(0, len(pcm), 1001):
            pauses.hear(pcm[start : start + 1001])
        return pauses.sounds[-1][1] if pauses.sounds else 0

    assert hear(0, 1000) == 0
    assert hear(300, 400) == 0
    assert hear(0, 200) == 0, "within a word"
    assert hear(300, 400) == 0
    assert 2000 <= hear(0, 400) <= 2150
    assert 2000 <= hear(350, 5000) <= 2150, "that one goes on"
    assert [begin for begin, _ in pauses.sounds] == [1000]
    assert hear(0, 400) > 7400
    assert 2400 <= pauses.sounds[-1][0] <= 2450
    assert len(pauses.sounds) == 2
    assert pauses.loud_ms == 5800, "the silence within a word is none of it"
    assert 600 <= pauses.quiet_ms <= 800
