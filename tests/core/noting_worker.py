"""`baton`, with a worker that notes when it gives the room a frame: monotonic seconds, a line each.

python -m tests.core.noting_worker worker     writes into frames-<pid>, in its folder
"""

import os
import time
from pathlib import Path
from unittest.mock import patch

from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

from worker.cli import main


def run() -> None:
    """All that a worker ever says goes to native code as such a request, whoever says it."""
    request = FfiClient.request
    with Path(f"frames-{os.getpid()}").open("a", buffering=1) as noted:

        def note(client: FfiClient, asked: ffi_pb2.FfiRequest) -> ffi_pb2.FfiResponse:
            if asked.HasField("capture_audio_frame"):
                noted.write(f"{time.monotonic()}\n")
            return request(client, asked)

        with patch.object(FfiClient, "request", note):
            main()


if __name__ == "__main__":
    run()
