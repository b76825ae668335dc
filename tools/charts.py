"""Charts as pictures. Each is drawn by a process of its own: the library for it takes more memory than a worker."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from livekit.agents import ToolError

DRAWN_S = 40.0  # a first chart on a new machine looks for fonts
_TWO = ThreadPoolExecutor(2, thread_name_prefix="charts")
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "MPLCONFIGDIR", "SYSTEMROOT")  # of our variables: no keys


async def bars(title: str, values: Mapping[str, float], unit: str) -> bytes:
    """A PNG with a bar for each value, in order, 1200 px wide. Raises ToolError."""
    asked = json.dumps({"title": title, "values": dict(values), "unit": unit})
    return await asyncio.get_running_loop().run_in_executor(_TWO, _draw, asked)


def _draw(asked: str) -> bytes:
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "MPLBACKEND": "agg"}
    command = [sys.executable, "-m", "tools.drawing"]
    try:
        done = subprocess.run(
            command, input=asked.encode(), capture_output=True, timeout=DRAWN_S, check=True, env=environment
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise ToolError("The picture could not be drawn. Tell it in words, from what you know.") from error
    return done.stdout
