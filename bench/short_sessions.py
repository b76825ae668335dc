"""`baton`, with sessions that their provider ends so soon that each is left after LEFT_S, at a pause or not.

python -m bench.short_sessions COMMAND
"""

from dataclasses import replace
from unittest.mock import patch

from worker.cli import main
from worker.line.profile import OPENAI, PROFILES
from worker.line.sessions import LATE_S

LEFT_S = 6.0


def run() -> None:
    short = replace(OPENAI, session_s=round(LEFT_S + LATE_S))
    with patch("worker.line.endpoint.PROFILES", {**PROFILES, short.provider: short}):
        main()


if __name__ == "__main__":
    run()
