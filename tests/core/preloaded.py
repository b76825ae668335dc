"""What a worker, a front desk, a LiveKit server and `baton phone` import before they begin; see forked.py."""

import os
from importlib import import_module

from worker.on_demand import AV, load_later, load_on_demand

_before = set(os.environ)
load_on_demand()
load_later(*AV)
for part in ("front_desk", "livekit_server", "phone.command", "server"):
    import_module(f"worker.{part}")
SET = {name: value for name, value in os.environ.items() if name not in _before}  # by what is imported
