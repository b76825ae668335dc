"""Writes down what the embedded ears hear in each clip: tests without them go by that.

python -m tests.turns.clips.listen
"""

import numpy as np
import yaml

from tests.turns.clips import OPENER, RATE, Clip, Pcm, in_a_room
from tests.turns.clips.hearing import HEARD, Heard
from tests.turns.clips.sets import every_clip
from worker.local_model.ears import Ears
from worker.local_model.turn_detection import WINDOW_MS, Started, Stopped, TurnDetector
from worker.voice_detection import VoiceDetector

_BEFORE_MS, _AFTER_MS, _PADDING_MS, _SILENCE_MS = 992, 1500, 300, 500


def listen(ears: Ears, clip: Clip) -> list[Heard]:
    pcm = in_a_room(clip.pcm(), before_ms=_BEFORE_MS, after_ms=_AFTER_MS)
    detector, turns, heard = VoiceDetector(RATE), TurnDetector(), list[Heard]()
    started = (0, 0)
    for number, probability in enumerate(detector.feed(pcm.tobytes()), 1):
        now_ms = number * WINDOW_MS
        match turns.take(probability, now_ms, threshold=0.5, silence_ms=_SILENCE_MS):
            case Started(at_ms):
                started = at_ms, now_ms
            case Stopped(at_ms):
                said = _part(pcm, started[0] - _PADDING_MS, at_ms)
                text = ears.recognise_now(said.tobytes(), RATE)
                start, told, stop, stop_told = (ms - _BEFORE_MS for ms in (*started, at_ms, now_ms))
                heard.append(Heard(start, told, stop, stop_told, str(text), round(text.sure, 2)))
    return heard


def _part(pcm: Pcm, start_ms: int, end_ms: int) -> Pcm:
    return np.ascontiguousarray(pcm[max(0, start_ms) * RATE // 1000 : end_ms * RATE // 1000])


def main() -> None:
    ears = Ears()
    found = {clip.name: [_row(heard) for heard in listen(ears, clip)] for clip in (OPENER, *every_clip())}
    ears.close()
    head = "# What the embedded ears hear in each clip: start, told, stop, told (ms), words, how sure. See listen.py.\n"
    HEARD.write_text(head + yaml.safe_dump(found, sort_keys=False, default_flow_style=None, width=120))


def _row(heard: Heard) -> list[int | float | str]:
    return [heard.start_ms, heard.start_told_ms, heard.stop_ms, heard.stop_told_ms, heard.text, heard.sure]


if __name__ == "__main__":
    main()
