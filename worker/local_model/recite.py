"""Speaks lines for another process, which need not load the voice: `python -m worker.local_model.recite`.

In comes one JSON object a line, `{"text": …, "voice": …}`; out goes its sound, a line of base64: PCM16 mono at 24 kHz.
"""

import base64
import json
import sys
from contextlib import redirect_stdout

from worker.local_model.voice import Voice


def main() -> None:
    answers = sys.stdout
    with redirect_stdout(sys.stderr):  # whatever a library has to say is no sound
        voice = Voice()
        for line in sys.stdin:
            asked = json.loads(line)
            print(base64.b64encode(voice.speak_now(asked["text"], asked["voice"])).decode(), file=answers)
    voice.close()


if __name__ == "__main__":
    main()
