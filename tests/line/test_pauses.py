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
        return pauses.ended_ms

    assert hear(0, 1000) == 0
    assert hear(300, 400) == 0
    assert hear(0, 200) == 0, "within a word"
    assert hear(300, 400) == 0
    assert 2000 <= hear(0, 400) <= 2150
    assert 2000 <= hear(350, 5000) <= 2150, "that one goes on"
